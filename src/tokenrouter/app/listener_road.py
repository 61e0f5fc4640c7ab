"""The supervisor's private socket: data processes learn of listeners there, the control process moves one.

A message is a line of JSON. The supervisor's are all alike and tell the whole state; to whoever asked for sockets, they
bring a descriptor for each listener (SCM_RIGHTS), in the order in which they are named. So a process that was
cut off, or started late, needs nothing but the next message.
"""

import asyncio
import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenrouter.app.listeners import CannotListen, Listeners
from tokenrouter.app.moving import PATIENCE_S, Mover

FILE_NAME: Final = "listeners.sock"
MAX_LINE_BYTES: Final = 64 * 2**10


@dataclass(slots=True)
class _Peer:
    said: bytes = b""
    wants_sockets: bool = False


class ListenerRoad:
    """The supervisor's end."""

    def __init__(self, path: Path, listeners: Listeners, patience_s: float = PATIENCE_S) -> None:
        self._path = path
        self._listeners = listeners
        self._mover = Mover(listeners, self._tell_all, patience_s)
        self._peers: dict[socket.socket, _Peer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: socket.socket | None = None

    def start(self) -> None:
        """Listen to the children of this server; the folder lets nobody else in."""
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self._path))
        self._server.listen(64)
        self._server.setblocking(False)
        asyncio.get_running_loop().add_reader(self._server, self._accept, self._server)

    def close(self) -> None:
        """Hang up on everybody."""
        for peer in list(self._peers):
            self._drop(peer)
        if self._server is not None:
            asyncio.get_running_loop().remove_reader(self._server)
            self._server.close()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            peer, _ = server.accept()
            peer.setblocking(False)
            self._peers[peer] = _Peer()
            asyncio.get_running_loop().add_reader(peer, self._hear, peer)

    def _hear(self, peer: socket.socket) -> None:
        known = self._peers[peer]
        try:
            heard = peer.recv(MAX_LINE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        *lines, known.said = (known.said + heard).split(b"\n")
        try:
            wanted = [json.loads(line) for line in lines]
        except ValueError:
            heard = b""
        if not heard or len(known.said) > MAX_LINE_BYTES:
            self._drop(peer)
            return
        for message in wanted:
            task = asyncio.get_running_loop().create_task(self._obey(peer, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _obey(self, peer: socket.socket, message: Mapping[str, Any]) -> None:
        problem = ""
        match message["do"]:
            case "follow":
                self._peers[peer].wants_sockets = message["sockets"]
            case "move":
                try:
                    await self._mover.begin(message["setting"], message["host"], message["port"])
                except CannotListen as error:
                    problem = str(error)
            case "end" if not self._mover.end(message["move"], message["keep"]):
                problem = "there is no such move any more: it has been undone"
        self._tell(peer, {"re": message.get("re", 0), "problem": problem})

    def _tell_all(self) -> None:
        for peer in list(self._peers):
            self._tell(peer, {})

    def _tell(self, peer: socket.socket, answer: Mapping[str, Any]) -> None:
        """Tell `peer` how things are; one that does not read is cut, and comes back."""
        known = self._peers.get(peer)
        if known is None:
            return
        listeners, move = self._listeners.all(), self._mover.pending
        told = {
            **answer,
            "listeners": [
                {"id": one.id, "kind": one.kind, "setting": one.bound.setting, "address": one.address}
                for one in listeners
            ],
            "move": move and {"id": move.id, "old": move.old.id, "new": move.new.id, "until_s": move.until_s},
        }
        line = json.dumps(told).encode() + b"\n"
        fds = [one.listener.fileno() for one in listeners] if known.wants_sockets else []
        try:
            sent = socket.send_fds(peer, [line], fds) if fds else peer.send(line)
        except OSError:
            sent = 0
        if sent < len(line):
            self._drop(peer)

    def _drop(self, peer: socket.socket) -> None:
        self._peers.pop(peer, None)
        asyncio.get_running_loop().remove_reader(peer)
        peer.close()
