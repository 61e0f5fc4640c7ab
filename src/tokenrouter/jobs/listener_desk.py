"""The control process's end of the supervisor's socket: what listens, and moving it."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenrouter.config.settings import Settings

ANSWER_S: Final = 5.0
RECONNECT_S: Final = 0.25


class CannotMove(Exception):
    """A listener stays where it is; the message says why."""


@dataclass(frozen=True, slots=True)
class OpenListener:
    """What listens, by the setting that says so; `kind` is `http`, `redirect` or `tls`."""

    id: int
    kind: str
    setting: str
    address: str


@dataclass(frozen=True, slots=True)
class PendingMove:
    """A move that waits for a word; `until_s` is when it is undone, in seconds since the epoch."""

    id: str
    old: OpenListener
    new: OpenListener
    until_s: float


def url_of(kind: str, address: str, domains: Sequence[str] = ()) -> str:
    """Return what clients put before a path; HTTPS goes by the first of `domains`, if there is one."""
    host, _, port = address.rpartition(":")
    if kind != "tls":
        return f"http://{address}"
    host = next(iter(domains), host)
    return f"https://{host}" if port == "443" else f"https://{host}:{port}"


def declared_url(settings: Settings) -> str:
    """Return the same of the address that the settings name."""
    if settings.tls.enabled:
        return url_of("tls", settings.tls.listen_addr, settings.tls.domains)
    return url_of("http", settings.listen_addr)


class ListenerDesk:
    """What is known of listeners.

    Attributes:
        listeners: those that are open; none before the supervisor has been heard.
        pending: the move that waits for a word.
    """

    def __init__(self, path: Path, changed: Callable[[], None] = lambda: None) -> None:
        """`changed` is called when there is news."""
        self._path = path
        self._changed = changed
        self._writer: asyncio.StreamWriter | None = None
        self._asked = 0
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self.listeners: tuple[OpenListener, ...] = ()
        self.pending: PendingMove | None = None

    async def run(self) -> None:
        """Listen to the supervisor; runs until cancelled."""
        while True:
            with suppress(OSError, ValueError):
                reader, self._writer = await asyncio.open_unix_connection(str(self._path))
                try:
                    self._writer.write(b'{"do":"follow","sockets":false}\n')
                    while line := await reader.readline():
                        self._take(json.loads(line))
                finally:
                    self._writer.close()
                    self._writer = None
            await asyncio.sleep(RECONNECT_S)

    @property
    def lasting(self) -> list[OpenListener]:
        """Those that are there whatever becomes of a move, HTTPS first."""
        new = None if self.pending is None else self.pending.new.id
        return sorted((one for one in self.listeners if one.id != new), key=lambda one: one.kind != "tls")

    async def move(self, setting: str, host: str, port: int) -> PendingMove:
        """Have a listener opened beside the one of `setting`, which waits for a word.

        A name is looked up here: the supervisor, which keeps everything running, waits for no name server.

        Raises:
            CannotMove: it cannot be, or one is being moved.
        """
        address = await _looked_up(host, port)
        await self._ask({"do": "move", "setting": setting, "host": address, "port": port})
        if self.pending is None:
            raise CannotMove("the move has ended already")
        return self.pending

    async def end(self, move_id: str, *, keep: bool) -> None:
        """Say the word: keep the new listener in place of the old one, or the old one.

        Raises:
            CannotMove: there is no such move any more.
        """
        await self._ask({"do": "end", "move": move_id, "keep": keep})

    async def _ask(self, question: Mapping[str, Any]) -> None:
        if self._writer is None:
            raise CannotMove("the supervisor does not answer; try again in a moment")
        self._asked += 1
        number, answer = self._asked, asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(json.dumps({**question, "re": number}).encode() + b"\n")
            async with asyncio.timeout(ANSWER_S):
                problem = await answer
        except TimeoutError:
            problem = "the supervisor does not answer; look again what listens"
        finally:
            del self._waiting[number]
        if problem:
            raise CannotMove(problem)

    def _take(self, told: Mapping[str, Any]) -> None:
        by_id = {one["id"]: OpenListener(**one) for one in told["listeners"]}
        self.listeners = tuple(by_id.values())
        move = told["move"]
        self.pending = move and PendingMove(move["id"], by_id[move["old"]], by_id[move["new"]], move["until_s"])
        answer = self._waiting.get(told.get("re", 0))
        if answer is not None and not answer.done():
            answer.set_result(told["problem"])
        self._changed()


async def _looked_up(host: str, port: int) -> str:
    """Return the address that a host stands for, the one that a start would listen at.

    Raises:
        CannotMove: it is not known, or nobody says so in time.
    """
    if ":" in host:
        return host
    try:
        async with asyncio.timeout(ANSWER_S):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, family=socket.AF_INET, type=socket.SOCK_STREAM
            )
    except TimeoutError:
        raise CannotMove(f"nobody says which address {host} is") from None
    except (OSError, UnicodeError) as error:
        raise CannotMove(
            f"nobody knows which address {host} is ({getattr(error, 'strerror', None) or error})"
        ) from None
    return str(found[0][4][0])
