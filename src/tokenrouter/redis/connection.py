"""One connection to Redis or Valkey, shared by everything a process asks.

What is asked in one turn of the event loop leaves in one write, and answers come back in order, so asking costs a
few microseconds and no request waits for another's answer. Measured in 2026: 13 to 31 µs of our processor a script
call, where a pool of connections costs 95.

A connection that is lost comes back by itself. What was asked and not answered is told so (`RedisAway`): whether the
server has done it nobody knows, so scripts are written to be asked again.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, cast

import hiredis
import structlog

from tokenrouter.domain.system_errors import reason as why_of
from tokenrouter.redis.address import RedisAddress
from tokenrouter.redis.script import Script

DEADLINE_S: Final = 1.0
"""An answer that has not come by then will not be waited for."""
CONNECT_S: Final = 3.0
"""Longest that connecting and signing in may take."""
WELCOME_S: Final = 30.0
"""Longest that may take what is done first on a new connection: a node may have thousands of requests to announce."""
MAX_WAITING: Final = 20_000
"""Most commands without an answer; a script takes some 20 µs, so this is half a second of the server's time."""
MAX_PAUSE_S: Final = 1.0
FIRST_PAUSE_S: Final = 0.01
SWEEP_S: Final = 0.1
"""How often deadlines are looked at."""

log = structlog.get_logger(__name__)

# Its types say that a command is one word long (hiredis 3.5).
_pack = cast("Callable[[tuple[Word, ...]], bytes]", hiredis.pack_command)

Reply = Any
"""bytes, int, None, a list of them, or `hiredis.ReplyError`."""
Word = str | int | float | bytes | memoryview


class RedisError(Exception):
    """The server was asked in vain."""


class RedisAway(RedisError):
    """The server cannot be reached, or has not answered in time; what was asked may have been done or not."""


class RedisRefused(RedisError):
    """The server answered with an error."""


class _Asked:
    """A command that waits for its answer."""

    __slots__ = ("deadline_s", "on_reply", "retry")

    def __init__(
        self, on_reply: "Callable[[Reply | RedisError], None]", deadline_s: float, retry: tuple[Word, ...] | None
    ) -> None:
        self.on_reply = on_reply
        self.deadline_s = deadline_s
        self.retry = retry


class Welcome(Protocol):
    """Called when the server is there (again), before anybody else is told."""

    def __call__(self) -> Awaitable[None]: ...


class _Wire(asyncio.Protocol):
    """One TCP connection; once it is given up, what it still says is nobody's."""

    __slots__ = ("_reader", "owner", "transport")

    def __init__(self, owner: "RedisConnection") -> None:
        self.owner: RedisConnection | None = owner
        self._reader = hiredis.Reader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        if self.owner is not None:
            self.owner.take_wire(self)

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        reader.feed(data)
        try:
            while self.owner is not None and (reply := reader.gets()) is not False:
                self.owner.take_reply(reply)
        except hiredis.ProtocolError as error:
            self._end(f"the server does not speak Redis' protocol: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"the connection broke: {exc}" if exc is not None else "the server closed the connection")

    def _end(self, reason: str) -> None:
        if self.owner is not None:
            self.owner.abort(reason)


class RedisConnection:
    """A connection that is kept.

    Attributes:
        is_open: whether commands can be sent.
        run_id: changes whenever the server starts again.
        lost: how often the connection broke.
    """

    def __init__(
        self,
        address: RedisAddress,
        *,
        on_open: Welcome | None = None,
        on_lost: Callable[[], None] | None = None,
        on_push: Callable[[list[Reply]], None] | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """`on_push` takes the messages of channels that were subscribed to; such a connection asks nothing else."""
        self.address = address
        self.is_open = False
        self.run_id = b""
        self.lost = 0
        self._on_open = on_open
        self._on_lost = on_lost
        self._on_push = on_push
        self._deadline_s = deadline_s
        self._waiting: deque[_Asked] = deque()
        self._unsent: list[bytes] = []
        self._wire: _Wire | None = None
        self._greeting: list[asyncio.Future[Reply]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gone = asyncio.Event()
        self._told = ""

    def ask(self, *command: Word) -> "asyncio.Future[Reply]":
        """Send a command; the future has its answer, or `RedisAway` or `RedisRefused`."""
        future: asyncio.Future[Reply] = self._now_loop().create_future()
        self._send(command, None, _into(future))
        return future

    def call(self, script: Script, keys: int, *words: Word) -> "asyncio.Future[Reply]":
        """Run `script`, the first `keys` of `words` being its keys; otherwise as `ask`."""
        future: asyncio.Future[Reply] = self._now_loop().create_future()
        self.tell(script, keys, words, _into(future))
        return future

    def tell(
        self, script: Script, keys: int, words: tuple[Word, ...], on_reply: Callable[[Reply | RedisError], None]
    ) -> None:
        """Run `script` and call `on_reply` with its answer or what went wrong: a future less than `call`."""
        self._send(("EVALSHA", script.sha, keys, *words), ("EVAL", script.text, keys, *words), on_reply)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        pause_s = FIRST_PAUSE_S
        try:
            while True:
                if await self._open():
                    pause_s = FIRST_PAUSE_S
                    await self._watch()
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 (not a secret)
                pause_s = min(2 * pause_s, MAX_PAUSE_S)
        finally:
            self.is_open = False
            self.abort("the connection is closed")

    def take_wire(self, wire: _Wire) -> None:
        """Speak over `wire`, which has just connected: first who we are, in one go, so that nothing gets before it."""
        self._wire = wire
        address = self.address
        self._greeting = []
        if address.password:
            names = (address.user, address.password) if address.user else (address.password,)
            self._greeting.append(self.ask("AUTH", *names))
        if address.database:
            self._greeting.append(self.ask("SELECT", address.database))
        self._greeting.append(self.ask("INFO", "server"))

    def take_reply(self, reply: Reply) -> None:
        """Hand the server's next word to whoever waits for it."""
        if self._on_push is not None and isinstance(reply, list) and reply and reply[0] == b"message":
            self._on_push(reply)
            return
        if not self._waiting:
            self.abort("the server sent an answer to nothing")
            return
        asked = self._waiting.popleft()
        if not isinstance(reply, hiredis.ReplyError):
            asked.on_reply(reply)
        elif asked.retry is not None and str(reply).startswith("NOSCRIPT"):
            # EVAL runs the script and keeps it, so the next EVALSHA finds it again.
            self._send(asked.retry, None, asked.on_reply)
        else:
            asked.on_reply(RedisRefused(str(reply)))

    def abort(self, reason: str) -> None:
        """Let go of the connection, and of everybody who waits for an answer; `run` connects again."""
        wire, self._wire = self._wire, None
        self._gone.set()
        if wire is None:
            return
        wire.owner = None
        wire.transport.abort()
        if self.is_open:
            self.is_open = False
            self.lost += 1
            self._tell_trouble(reason)
        self._unsent.clear()
        waiting, self._waiting = self._waiting, deque()
        for asked in waiting:
            asked.on_reply(RedisAway(f"{self.address}: {reason}"))
        if self._on_lost is not None:
            self._on_lost()

    def _now_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def _send(
        self,
        command: tuple[Word, ...],
        retry: tuple[Word, ...] | None,
        on_reply: Callable[[Reply | RedisError], None],
    ) -> None:
        if self._wire is None:
            on_reply(RedisAway(f"{self.address} cannot be reached: {self._told or 'not connected'}"))
            return
        if len(self._waiting) >= MAX_WAITING:
            on_reply(RedisAway(f"{self.address} has {MAX_WAITING} commands to answer already"))
            return
        loop = self._now_loop()
        self._waiting.append(_Asked(on_reply, loop.time() + self._deadline_s, retry))
        if not self._unsent:
            loop.call_soon(self._flush)
        self._unsent.append(_pack(command))

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._wire is not None and unsent:
            self._wire.transport.write(unsent[0] if len(unsent) == 1 else b"".join(unsent))

    async def _open(self) -> bool:
        """Connect and sign in; say why not, once for each reason."""
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._connect()
                await self._sign_in()
            if self._on_open is not None:
                async with asyncio.timeout(WELCOME_S):
                    await self._on_open()
        except (OSError, RedisError) as error:
            self._tell_trouble(why_of(error) if isinstance(error, OSError) else str(error) or type(error).__name__)
            self.abort(self._told)
            return False
        if self._gone.is_set():
            return False
        if self._told:
            log.info("the Redis server is there again", server=str(self.address))
        self._told = ""
        self.is_open = True
        return True

    async def _connect(self) -> None:
        address, loop = self.address, self._now_loop()
        if address.path:
            await loop.create_unix_connection(lambda: _Wire(self), address.path)
            return
        await loop.create_connection(lambda: _Wire(self), address.host, address.port, ssl=address.tls_context())

    async def _sign_in(self) -> None:
        answers = await asyncio.gather(*self._greeting, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        self.run_id = _run_id(answers[-1])

    async def _watch(self) -> None:
        """Wait until the connection is gone, and cut it when an answer is overdue."""
        loop = self._now_loop()
        while not self._gone.is_set():
            if self._waiting and self._waiting[0].deadline_s < loop.time():
                self.abort(f"no answer within {self._deadline_s:g} s")
                return
            try:
                async with asyncio.timeout(SWEEP_S):
                    await self._gone.wait()
            except TimeoutError:
                continue

    def _tell_trouble(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            log.warning("the Redis server cannot be used", server=str(self.address), reason=reason)


def _into(future: "asyncio.Future[Reply]") -> Callable[[Reply | RedisError], None]:
    def take(reply: Reply | RedisError) -> None:
        if future.done():
            return
        if isinstance(reply, RedisError):
            future.set_exception(reply)
        else:
            future.set_result(reply)

    return take


def _run_id(info: Reply) -> bytes:
    for line in info.split(b"\r\n"):
        if line.startswith(b"run_id:"):
            return bytes(line[7:])
    raise RedisRefused("the server does not tell its run_id in INFO server")
