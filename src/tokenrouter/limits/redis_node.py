"""This process among the nodes that share counters: its lease, and the epoch that it counts in.

Counters belong to an epoch. Another one begins when the server is not the one that the counters were left with: it
has none of them, or it was started again and may have lost the last of them. Every script is told under which epoch and
which connection of the node it was meant, and refuses what is out of date, so nothing is ever counted in vain.

A node that does not renew its lease for `LEASE_S` is dead to the others; whoever sees it first settles what it held.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tokenrouter.limits.redis_scripts import LimitScripts
from tokenrouter.redis.connection import RedisConnection, Reply, Word
from tokenrouter.redis.script import Script

LEASE_S: Final = 5.0
"""How long a node lives without a sign: long enough for a pause, short enough for what it held."""
RENEW_S: Final = 1.0
META_KEY: Final = "{tr}:meta"
STALE: Final = "TRNODE"
"""How the refusal of a script begins that was told an epoch or a connection that is over."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What a node finds when it joins.

    Attributes:
        is_new_to_us: whether it is another epoch than the one in which we counted last.
        age_s: how long it has lasted.
        others: nodes that are, or were in the epoch before.
        open_ids: requests that are registered under this node.
    """

    is_new_to_us: bool
    age_s: float
    others: frozenset[str]
    open_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a node finds when it renews its lease: which nodes live, and what each has told."""

    live: frozenset[str]
    told: dict[str, str]
    dead: int


class Node:
    """One process that counts.

    Attributes:
        name: unlike that of any other process, ever.
        base: what the names of the epoch's keys begin with.
        key: the node's own.
    """

    def __init__(
        self,
        name: str,
        connection: RedisConnection,
        scripts: LimitScripts,
        *,
        lease_s: float = LEASE_S,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`clock` gives seconds since the epoch instead of the server's own, for tests."""
        self.name = name
        self.base = self.key = self.epoch = ""
        self._clock = clock
        self._skew_s = 0.0
        self._connection = connection
        self._scripts = scripts
        self._lease_ms = int(lease_s * 1000)
        self._generations = itertools.count(1)
        self._generation = ""

    def now_word(self) -> str:
        """Return what scripts are told of the time: "" for the server's own."""
        return "" if self._clock is None else str(int(self._clock() * 1000))

    def now_s(self) -> float:
        """Return the server's time as far as we know it, in seconds since the epoch."""
        return time.time() + self._skew_s if self._clock is None else self._clock()

    def note_time(self, now_ms: int) -> None:
        """Set our idea of the server's time right."""
        self._skew_s = now_ms / 1000 - time.time()

    def call(self, script: Script, *words: Word, keys: tuple[Word, ...] = ()) -> "asyncio.Future[Reply]":
        """Run `script` as this node."""
        count = 1 + len(keys)
        return self._connection.call(
            script, count, self.key, *keys, self.base, self._generation, self.now_word(), *words
        )

    def tell(self, script: Script, on_reply: Callable[[Reply], None], *words: Word) -> None:
        """Run `script` as this node, and let `on_reply` take the answer or the `RedisError`."""
        self._connection.tell(script, 1, (self.key, self.base, self._generation, self.now_word(), *words), on_reply)

    async def join(self) -> Joined:
        """Become known under this connection.

        Raises:
            RedisError: the server went away, or cannot run scripts.
        """
        self._generation = str(next(self._generations))
        epoch, began_ms, now_ms, _, nodes, open_ids = await self._connection.call(
            self._scripts.join,
            1,
            META_KEY,
            "",
            self._generation,
            self.now_word(),
            self.name,
            self._connection.run_id,
            f"e{secrets.token_hex(8)}",
            self._lease_ms,
        )
        self.note_time(now_ms)
        before, self.epoch = self.epoch, epoch.decode()
        self.base = f"{{tr}}:{self.epoch}:"
        self.key = f"{self.base}n:{self.name}"
        return Joined(
            is_new_to_us=before != self.epoch,
            age_s=(now_ms - began_ms) / 1000,
            others=_names(nodes) - {self.name},
            open_ids=_names(open_ids) - {"g"},
        )

    async def renew(self, told: str) -> Renewed:
        """Renew the lease, and tell which limits this node has told everything of ("": none).

        Raises:
            RedisError: as `join`; also when the node has to join again.
        """
        now_ms, live, told_by, dead = await self.call(self._scripts.renew, self.name, self._lease_ms, told)
        self.note_time(now_ms)
        words = [word.decode() for word in told_by]
        return Renewed(_names(live), dict(zip(words[::2], words[1::2], strict=True)), dead)

    async def leave(self) -> None:
        """End the lease.

        Raises:
            RedisError: the server is away; the lease ends by itself.
        """
        await self.call(self._scripts.leave, self.name)


def _names(words: Reply) -> frozenset[str]:
    return frozenset(word.decode() for word in words)
