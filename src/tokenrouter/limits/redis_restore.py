"""Counters that the server lost, or never had, made whole again from the ledger.

The ledger has what ended, the nodes have what runs. Each node registers its running requests first, then sees to it
that everything else it did is in the ledger, then says so; when all have, one of them reads the sums and installs them.
What ends in between is counted by its node, so the sums are read without it: the server keeps a list. Until then hard
limits admit nobody, for at most `PATIENCE_S` after the last node was heard of, as long as the ledger can be read.
"""

import hashlib
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple, Protocol

import msgspec
import structlog

from tokenrouter.domain.limits import Limit, PastByCounter, UsedByCounter
from tokenrouter.limits.counters import NO_PAST
from tokenrouter.limits.redis_counters import CounterTable, limit_of_key
from tokenrouter.limits.redis_node import Joined, Node, Renewed
from tokenrouter.limits.redis_scripts import LimitScripts
from tokenrouter.redis.connection import RedisConnection, Reply

PATIENCE_S: Final = 5.0
"""How long nodes are waited for that may still be counting: as long as a lease lasts."""
FIRST_S: Final = 1.5
"""How young an epoch nobody is sure to know all nodes: one that came a moment before is seen by their next renewal."""
MAX_READINGS: Final = 5
"""How often the sums are read again because requests ended meanwhile, before the next turn."""
LOCK_MS: Final = 10_000
TELL_AGAIN_S: Final = 30.0
"""How often it is told that the ledger is still waited for."""

log = structlog.get_logger(__name__)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.decode


class LedgerAway(Exception):
    """The ledger cannot be read or written now."""


class LedgerUse(NamedTuple):
    """What the ledger says of some limits at one moment.

    Attributes:
        used: in the windows of now.
        past: what counters must know of the time before.
        adjusted: the number of the last adjustment that is in `used`.
    """

    used: UsedByCounter
    past: PastByCounter
    adjusted: int = 0


class LedgerSums(Protocol):
    """The ledger, as far as counters need it."""

    async def drain(self) -> None:
        """Return when everything that ended on this machine before the call is in the ledger.

        Raises:
            LedgerAway
        """

    async def load_used(self, limit_ids: Collection[str], counted: Mapping[str, Collection[str]]) -> LedgerUse:
        """Return what rows and adjustments used of `limit_ids` in the windows of now, and the counters' past.

        Rows of the requests `counted[limit_id]` are left out of that limit's sums. What runs is not in them either.

        Raises:
            LedgerAway
        """


class Restorer:
    """Brings limits from "not ready" to "ready".

    Attributes:
        pending: ids of the limits that are not.
        told: what this node vouches for: the limits for which all it did is registered or in the ledger; "": nothing.
    """

    def __init__(
        self,
        node: Node,
        connection: RedisConnection,
        scripts: LimitScripts,
        counters: CounterTable,
        sums: LedgerSums,
        *,
        patience_s: float = PATIENCE_S,
        first_s: float = FIRST_S,
    ) -> None:
        self._node = node
        self._connection = connection
        self._scripts = scripts
        self._counters = counters
        self._sums = sums
        self._patience_s = patience_s
        self._first_s = first_s
        self._peers: frozenset[str] | None = None
        self._epoch_age_s = self._pending_s = self._silent_s = 0.0
        self.told = ""
        self._restored_in = self._cleared = ""
        self.pending: frozenset[str] = frozenset()

    def begin(self, joined: Joined, peers: frozenset[str] | None) -> None:
        """Note who may be counting in an epoch that is new to us; `peers` None: we have seen nobody yet."""
        self._peers = None if peers is None else peers | joined.others
        self._epoch_age_s = joined.age_s
        self.pending = frozenset()
        self.told = ""

    async def follow(self) -> None:
        """Learn how all limits stand.

        Raises:
            RedisError
        """
        ids = list(self._counters.limits)
        answer = await self._node.call(self._scripts.follow, _encode(ids)) if ids else []
        self._counters.learn(dict(zip(ids, answer[::2], strict=True)))
        pending = frozenset(name for name, is_ready in zip(ids, answer[1::2], strict=True) if not is_ready)
        if pending - self.pending:
            self.told, self._pending_s = "", 0.0
        if not pending:
            self._silent_s = 0.0
        self.pending = pending

    async def forget(self, limit_ids: Collection[str]) -> None:
        """Count limits anew if they come back.

        Raises:
            RedisError
        """
        over = await self._node.call(self._scripts.forget, self._node.name, _encode(list(limit_ids)))
        for number in over:
            await self._remove(f"{self._node.base}c:{number}:*")

    async def tell(self) -> bool:
        """Become able to vouch for all that this node did for its limits; False when the ledger is away."""
        if not self.told:
            before = self._node.epoch, self.pending, self._fingerprint()
            try:
                await self._sums.drain()
            except LedgerAway as error:
                self._tell_waiting(str(error))
                return False
            if before == (self._node.epoch, self.pending, self._fingerprint()):
                self.told = before[2]
        return bool(self.told)

    def _fingerprint(self) -> str:
        text = "\n".join(sorted(self._counters.limits))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    async def advance(self, renewed: Renewed, passed_s: float) -> None:
        """Install the sums if it is time; `passed_s` is how long ago the last call was.

        Raises:
            RedisError
        """
        self.wait(passed_s)
        if not self._is_time(renewed):
            return
        places = frozenset(limit.id for limit in self._pending_limits() if limit.metric == "concurrency")
        if places:
            await self._install(places, frozenset(), LedgerUse({}, {}))
        if self.pending - places and await self._lock():
            await self._restore(self.pending - places)
            self._restored_in = self._node.epoch
        await self.follow()

    async def clear(self) -> None:
        """Remove the counters of other epochs, if it was this node that restored: again, until it has come to its end.

        Raises:
            RedisError
        """
        epoch = self._node.epoch
        if self._restored_in == epoch != self._cleared:
            await self._remove("{tr}:e*", kept=self._node.base)
            self._cleared = epoch

    def wait(self, passed_s: float) -> None:
        """Note that time has passed."""
        self._epoch_age_s += passed_s
        self._pending_s += passed_s
        self._silent_s -= passed_s

    def _tell_waiting(self, reason: str) -> None:
        """Say that limits wait for the ledger: at once, and now and then while that lasts."""
        if self._silent_s <= 0:
            log.warning("limits wait for the ledger", reason=reason)
            self._silent_s = TELL_AGAIN_S

    def _pending_limits(self) -> list[Limit]:
        """Return the limits that are not ready; one may have left the catalogue meanwhile."""
        return [limit for name in self.pending if (limit := self._counters.limits.get(name)) is not None]

    def _is_time(self, renewed: Renewed) -> bool:
        """Whether everybody who may be counting has told, or has been waited for."""
        if self._pending_s >= self._patience_s:
            return True
        awaited = renewed.live
        if self._epoch_age_s < self._patience_s:
            if self._peers is None or self._epoch_age_s < self._first_s:
                return False
            awaited |= self._peers
        return all(renewed.told.get(name) == self.told for name in awaited)

    async def _lock(self) -> bool:
        """Let one node read the sums; the others see when it has."""
        key = f"{self._node.base}restorer"
        if await self._connection.ask("SET", key, self._node.name, "NX", "PX", LOCK_MS) is not None:
            return True
        return bool(await self._connection.ask("GET", key) == self._node.name.encode())

    async def _restore(self, limit_ids: frozenset[str]) -> None:
        epoch = self._node.epoch
        for _ in range(MAX_READINGS):
            counted, settled = await self._counted(limit_ids)
            try:
                use = await self._sums.load_used(limit_ids, counted)
            except LedgerAway as error:
                self._tell_waiting(str(error))
                return
            if epoch != self._node.epoch:
                return
            if await self._install(limit_ids, settled, use):
                log.info("limits are restored from the ledger", limits=len(limit_ids))
                return

    async def _counted(self, limit_ids: frozenset[str]) -> tuple[dict[str, set[str]], frozenset[str]]:
        """Return which requests each limit has from its nodes, and the ids of those that were settled."""
        open_now, settled = await self._node.call(self._scripts.counted)
        counted: dict[str, set[str]] = {name: set() for name in limit_ids}
        words = [*open_now, *settled]
        for request_id, record in zip(words[::2], words[1::2], strict=True):
            for key in _decode(record)[::7]:
                if (name := limit_of_key(key)) in counted:
                    counted[name].add(request_id.decode())
        return counted, frozenset(name.decode() for name in settled[::2])

    async def _install(self, limit_ids: frozenset[str], settled: frozenset[str], use: LedgerUse) -> bool:
        now_s = self._node.now_s()
        used, past, adjusted = use
        sums: list[object] = []
        for limit_id, scope in dict.fromkeys((*used, *past)):
            limit = self._counters.limits.get(limit_id)
            if limit is not None and limit_id in limit_ids:
                counter = self._counters.counter(limit, scope)
                before = past.get((limit_id, scope), NO_PAST)
                amount = used.get((limit_id, scope), 0)
                first_ms = round(before.first_use_s * 1000)
                sums += (counter.key, amount, before.used_before, first_ms, counter.kind, *counter.window(now_s))
        limits = [word for pair in self._counters.generations(limit_ids).items() for word in pair]
        words = _encode(limits), _encode(list(settled)), _encode(sums), adjusted
        answer = await self._node.call(self._scripts.install, *words)
        return bool(answer == 1)

    async def _remove(self, pattern: str, *, kept: str = "\n") -> None:
        """Delete the keys that match and do not begin with `kept`, a few at a time."""
        cursor: Reply = b"0"
        while True:
            cursor, keys = await self._connection.ask("SCAN", cursor, "MATCH", pattern, "COUNT", 500)
            over = [key for key in keys if not key.startswith(kept.encode())]
            if over:
                await self._connection.ask("UNLINK", *over)
            if cursor == b"0":
                return
