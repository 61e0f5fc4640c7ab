"""Taking in connections of a listener that speaks TLS.

The first bytes are looked at without being taken, so that whoever speaks plain HTTP here is told in plain HTTP, and a
certificate authority gets its own certificate. Until the handshake is done there is no connection of `protocol.py` that
could be counted or be too slow, so both are looked after here: unfinished handshakes count as connections, and
each must be done within the time that a request's head may take.
"""

import asyncio
import errno
import socket
from contextlib import suppress
from typing import Final, cast

import structlog

from tokenrouter.edge.client_hello import MAX_HELLO_BYTES, NoHello, read_client_hello
from tokenrouter.edge.protocol import ClientConnection, Connections, Door
from tokenrouter.edge.tls import ServerTls

ACCEPTED_AT_ONCE: Final = 32
"""Connections that are taken before anybody else has a turn."""
EXHAUSTED_S: Final = 0.2
"""How long nobody is taken in after the process ran out of file descriptors."""
GOODBYE_S: Final = 1.0
"""How long a client may take to agree that the connection ends; most never say."""
LOOK_AGAIN_S, LONGEST_LOOK_S = 0.01, 0.25
"""How soon half a hello is looked at again, and how often in the long run: thousands of them must cost little."""
_HANDSHAKE: Final = 0x16
_EXHAUSTED: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))

log = structlog.get_logger(__name__)


class TlsListener:
    """One listening socket.

    Attributes:
        handshakes: that were begun and are not done; `failed`: how many came to nothing.
    """

    def __init__(self, listener: socket.socket, tls: ServerTls, connections: Connections, door: Door) -> None:
        self._listener = listener
        self._tls = tls
        self._connections = connections
        self._door = door
        self._open = True
        self.handshakes: set[asyncio.Task[None]] = set()
        self.failed = 0

    def start(self) -> None:
        """Take in whoever comes."""
        self._listener.setblocking(False)
        asyncio.get_running_loop().add_reader(self._listener.fileno(), self._accept)

    def close(self) -> None:
        """Take in nobody any more; handshakes that go on are given up."""
        if self._open:
            self._open = False
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
            for task in self.handshakes:
                task.cancel()

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                client, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    loop.remove_reader(self._listener.fileno())
                    loop.call_later(EXHAUSTED_S, self._accept_again)
                log.error("a connection could not be taken in", reason=error.strerror)
                return
            connections = self._connections
            if len(connections.open) + len(self.handshakes) >= connections.bounds.max_connections:
                client.close()
                continue
            task = loop.create_task(self._take_in(client))
            self.handshakes.add(task)
            task.add_done_callback(self.handshakes.discard)

    def _accept_again(self) -> None:
        if self._open:
            asyncio.get_running_loop().add_reader(self._listener.fileno(), self._accept)

    async def _take_in(self, client: socket.socket) -> None:
        """See `client` through the handshake; it is closed when that fails."""
        loop = asyncio.get_running_loop()
        client.setblocking(False)
        deadline_s = loop.time() + self._connections.bounds.head_timeout_s
        try:
            with suppress(OSError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout_at(deadline_s):
                hello = await self._first_bytes(client)
            if hello and hello[0] != _HANDSHAKE:
                await loop.connect_accepted_socket(_PlainHttp, client)
            elif hello:
                await loop.connect_accepted_socket(
                    self._new,
                    client,
                    ssl=self._tls.context_for(hello),
                    ssl_handshake_timeout=max(deadline_s - loop.time(), 0.001),
                    ssl_shutdown_timeout=GOODBYE_S,
                )
            else:
                client.close()
        except (OSError, TimeoutError, asyncio.CancelledError):  # ssl.SSLError is an OSError
            self.failed += 1
            client.close()

    def _new(self) -> ClientConnection:
        return self._connections.through(self._door)

    async def _first_bytes(self, client: socket.socket) -> bytes:
        """Return what has arrived, as much of it as is needed, and leave it there; b"" when the client is gone."""
        pause_s = LOOK_AGAIN_S
        while True:
            await _readable(client)
            try:
                seen = client.recv(MAX_HELLO_BYTES if self._tls.awaits_authority else 1, socket.MSG_PEEK)
            except BlockingIOError:
                continue
            if not self._tls.awaits_authority or _is_whole(seen):
                return seen
            await asyncio.sleep(pause_s)  # more of it is on its way, and what is there stays readable
            pause_s = min(2 * pause_s, LONGEST_LOOK_S)


async def _readable(client: socket.socket) -> None:
    """Return when something has arrived at `client`, or it is gone."""
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    loop.add_reader(client.fileno(), arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(client.fileno())


def _is_whole(seen: bytes) -> bool:
    """Whether nothing more needs to arrive before it is clear who speaks: the whole hello, or no TLS at all."""
    if not seen:
        return True
    try:
        return read_client_hello(seen) is not None
    except NoHello:
        return True


class _PlainHttp(asyncio.Protocol):
    """Tells whoever speaks plain HTTP where TLS is spoken."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(_WRONG_PORT)
            self._transport.close()


_TOLD: Final = (
    b'{"error":{"message":"This port speaks HTTPS only: write https:// instead of http:// in the address. What was '
    b'sent has crossed the network readable.","type":"invalid_request_error","param":null,"code":"https_required"}}'
)
_WRONG_PORT: Final = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
    % (len(_TOLD), _TOLD)
)
