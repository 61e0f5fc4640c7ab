"""Answers on a Redis or Valkey server, for all processes and nodes that ask it.

They are encrypted, each bound to its name, so that the server's memory, its dumps and its replicas show nothing of it.
Counters of limits lie on the same server, and must always find room there. So each process counts what it has put, and
takes its oldest answers away when that is more than it may; what a process that has died had put ends by itself.

The server is a convenience: where it is away, slow or empty a request goes on as if nothing were kept. So nobody waits
for it longer than a moment, and while it is away nobody waits at all.
"""

import asyncio
import os
from collections import OrderedDict
from typing import Any, Final

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tokenrouter.redis.address import RedisAddress
from tokenrouter.redis.connection import RedisAway, RedisConnection, RedisError

DEADLINE_S: Final = 0.05
"""Longest that a request waits for the server's answer to a question that it need not ask."""
PATIENT_S: Final = 0.5
"""… and to one that decides whether it is paid twice, or for which nobody waits."""
LOOK_S: Final = 0.01
"""How often it is looked whether the server is there, when a process has just started."""
AWAY_S: Final = 1.0
"""After it has not answered it is not asked for so long."""
LEASE_S: Final = 10.0
"""A mark lasts so much longer than the process that made it."""
RENEW_S: Final = 3.0
_PREFIX: Final = "{tr}:answer:"
_NONCE_BYTES: Final = 12
ENTRY_BYTES: Final = 300
"""What an entry takes on the server besides its bytes: its name, its nonce and seal, its end (rounded up)."""

log = structlog.get_logger(__name__)


class RedisAnswers:
    """The store that processes share; see `gateway.kept_answers.AnswerStore`.

    Attributes:
        max_entry_bytes: longest entry that it takes.
        used_bytes: of what this process has put and not taken away, with what it takes besides.
        failures: how often the server was asked in vain.
    """

    def __init__(self, address: RedisAddress, key: bytes, max_bytes: int, max_entry_bytes: int) -> None:
        """`key` has 32 bytes (AES-256-GCM, NIST SP 800-38D)."""
        self.used_bytes = 0
        self._max_bytes = max_bytes
        self._put: OrderedDict[bytes, tuple[int, float]] = OrderedDict()
        self.max_entry_bytes = max_entry_bytes
        self.failures = 0
        self._cipher = AESGCM(key)
        self._connection = RedisConnection(address)
        self._claimed: set[bytes] = set()
        self._away_until_s = 0.0
        self._was_awaited = False

    @property
    def is_open(self) -> bool:
        """Whether the server can be asked."""
        return self._connection.is_open

    async def run(self) -> None:
        """Stay connected, and renew marks, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connection.run(), name="answers connection")
            tasks.create_task(self._renew(), name="answers leases")

    async def get(self, name: bytes) -> bytes | None:
        """Return the entry; None too where the server cannot say, or the entry cannot be read."""
        return self._opened(name, await self._ask(DEADLINE_S, "GET", _key(name)))

    async def claim(self, name: bytes, mark: bytes) -> bytes | None:
        """Return the entry, or put `mark` there; None too where the server cannot say."""
        if not self._was_awaited:
            await self._await_connection()
        key, sealed = _key(name), self._sealed(name, mark)
        while True:
            if await self._ask(PATIENT_S, "SET", key, sealed, "NX", "PX", int(LEASE_S * 1000)) is not None:
                self._claimed.add(name)
                return None
            entry = await self._ask(PATIENT_S, "GET", key)
            if entry is not None or self._is_away():
                return self._opened(name, entry)
            # else it ended between the two

    async def put(self, name: bytes, entry: bytes, ttl_s: float) -> None:
        """Keep `entry` for so long; one that is too long is not kept."""
        self._claimed.discard(name)
        if len(entry) > self.max_entry_bytes:
            await self.drop(name)
            return
        await self._make_room(name, len(entry) + ENTRY_BYTES, ttl_s)
        await self._ask(PATIENT_S, "SET", _key(name), self._sealed(name, entry), "PX", max(1, int(ttl_s * 1000)))

    async def drop(self, name: bytes) -> None:
        """Forget the entry."""
        self._claimed.discard(name)
        self._forget(name)
        await self._ask(PATIENT_S, "DEL", _key(name))

    async def _make_room(self, name: bytes, size: int, ttl_s: float) -> None:
        """Count an entry, and take away what is too much, the oldest first."""
        now_s = asyncio.get_running_loop().time()
        self._forget(name)
        self._put[name] = size, now_s + ttl_s
        self.used_bytes += size
        while self._put:
            oldest, (_, ends_s) = next(iter(self._put.items()))
            if ends_s <= now_s and oldest != name:
                self._forget(oldest)
            elif self.used_bytes > self._max_bytes and oldest != name:
                await self.drop(oldest)
            else:
                break

    def _forget(self, name: bytes) -> None:
        size, _ = self._put.pop(name, (0, 0.0))
        self.used_bytes -= size

    async def _await_connection(self) -> None:
        """Give the first connection of a process a moment to come up: repeats may be the first that it is asked."""
        for _ in range(round(PATIENT_S / LOOK_S)):
            if self.is_open:
                break
            await asyncio.sleep(LOOK_S)
        self._was_awaited = True

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            for name in list(self._claimed):
                await self._ask(PATIENT_S, "PEXPIRE", _key(name), int(LEASE_S * 1000))

    def _is_away(self) -> bool:
        return not self.is_open or asyncio.get_running_loop().time() < self._away_until_s

    async def _ask(self, deadline_s: float, *command: str | int | bytes) -> Any:
        """Return the server's answer, None where it has none in time."""
        if self._is_away():
            return None
        loop = asyncio.get_running_loop()
        asked = self._connection.ask(*command)
        timer = loop.call_later(deadline_s, _give_up, asked)
        try:
            return await asked
        except RedisError as error:
            self.failures += 1
            self._away_until_s = loop.time() + AWAY_S
            log.warning("kept answers cannot be reached", reason=str(error))
            return None
        finally:
            timer.cancel()

    def _sealed(self, name: bytes, entry: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, entry, name)

    def _opened(self, name: bytes, sealed: bytes | None) -> bytes | None:
        if sealed is None:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name)
        except (InvalidTag, ValueError):
            log.warning("a kept answer cannot be decrypted; do all nodes have the same encryption key?")
            return None


def _give_up(asked: "asyncio.Future[Any]") -> None:
    if not asked.done():
        asked.set_exception(RedisAway("no answer in time"))


def _key(name: bytes) -> str:
    return _PREFIX + name.hex()
