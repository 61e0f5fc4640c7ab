"""A `RedisLimiter` on a real Valkey that looks like a keeper in memory, so that one suite judges both."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from itertools import count
from types import MappingProxyType
from typing import Any, Final, TypeVar

from tokenrouter.domain.limits import Amounts, Limit, LimitState, PastByCounter, UsedByCounter
from tokenrouter.limits.redis import RedisLimiter
from tokenrouter.limits.redis_reservation import RedisReservation
from tokenrouter.limits.redis_restore import LedgerAway, LedgerUse
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.testing.valkey import ValkeyServer

FOREVER_S: Final = 1e9
"""A lease that no jump of a test's clock ends."""
PATIENCE_S: Final = 60.0
T = TypeVar("T")
_names = count(1)


class Sums:
    """A ledger that says what the test says, or is away."""

    def __init__(self, *, is_away: bool) -> None:
        self.is_away = is_away
        self.asked = 0
        self.used: dict[tuple[str, str], int] = {}
        self.past: PastByCounter = {}
        self.adjusted = 0

    async def drain(self) -> None:
        """Everything is in the ledger always."""

    async def load_used(self, limit_ids: Collection[str], counted: Mapping[str, Collection[str]]) -> LedgerUse:
        self.asked += 1
        if self.is_away:
            raise LedgerAway("the test says so")
        return LedgerUse(self.used, self.past, self.adjusted)


class SyncReservation:
    """A reservation whose every call waits until it is done."""

    def __init__(self, keeper: "RedisKeeper", inner: RedisReservation) -> None:
        self._keeper = keeper
        self.inner = inner

    @property
    def held(self) -> Amounts:
        return self.inner.held

    def extend(self, amounts: Amounts) -> bool:
        return self._keeper.wait_for(self.inner.extend(amounts))

    def settle(self, used: Amounts) -> None:
        self.inner.settle(used)
        self._keeper.wait_until(lambda: not self._keeper.limiter.unsettled)


class RedisKeeper:
    """One node with an event loop that runs only while it is asked something."""

    def __init__(
        self,
        server: ValkeyServer,
        limits: Sequence[Limit],
        clock: Callable[[], float] | None,
        *,
        restored: bool = True,
        sums: Any = None,
        loop: asyncio.AbstractEventLoop | None = None,
        name: str = "",
        **options: Any,
    ) -> None:
        """Nodes that share a `loop` all run while one of them is asked something."""
        self.sums = Sums(is_away=not restored) if sums is None else sums
        self.name = name or f"node-{next(_names)}"
        self._owns_loop = loop is None
        self._loop = loop or asyncio.new_event_loop()
        self._numbers = count(1)
        options = {"lease_s": FOREVER_S, "patience_s": 0.0, "first_s": 0.0, "deadline_s": 60.0} | options
        self.limiter = RedisLimiter(
            parse_redis_url(server.url), limits, self.sums, node=self.name, clock=clock, **options
        )
        self._running = self._loop.create_task(self.limiter.run())
        self.wait_until(lambda: self.limiter.is_connected)
        if restored:
            self.wait_until(lambda: not self.limiter.unrestored)
        else:
            self.step()

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def wait_until(self, is_true: Callable[[], object]) -> None:
        """Let the node run until something is true."""

        async def wait() -> None:
            async with asyncio.timeout(PATIENCE_S):
                while not is_true():
                    await asyncio.sleep(0.001)

        self.wait_for(wait())

    def step(self) -> None:
        """Do what the node does every second."""
        self.wait_for(self.limiter.catch_up(1.0))
        self.wait_for(self.limiter.renew())

    @property
    def looks_at_addresses(self) -> bool:
        return self.limiter.looks_at_addresses

    @property
    def unrestored(self) -> frozenset[str]:
        return frozenset(name for name in self.limiter.unrestored if "|concurrency|" not in name)

    def reserve(self, scopes: Sequence[str], amounts: Amounts) -> SyncReservation:
        request_id = f"{self.name}-{next(self._numbers)}"
        return SyncReservation(self, self.wait_for(self.limiter.reserve(request_id, scopes, amounts)))

    def states(self, scopes: Sequence[str]) -> list[LimitState]:
        return self.wait_for(self.limiter.states(scopes))

    def reload(self, limits: Sequence[Limit]) -> None:
        self.limiter.reload(limits)
        self.wait_until(lambda: self.limiter.is_up_to_date)
        if not self.sums.is_away:
            self.wait_until(lambda: not self.limiter.unrestored)

    def restore(
        self, used: UsedByCounter, limit_ids: Iterable[str], past: PastByCounter = MappingProxyType({})
    ) -> None:
        self.sums.used, self.sums.past, self.sums.is_away = dict(used), past, False
        self.wait_until(lambda: not self.unrestored.intersection(limit_ids))
        self.sums.is_away = True

    def close(self, *, leaves: bool = True) -> None:
        """End the node, in an orderly way or as a crash does."""
        if leaves:
            self.wait_for(self.limiter.close())
        self._running.cancel()
        self._loop.run_until_complete(asyncio.gather(self._running, return_exceptions=True))
        if self._owns_loop:
            self._loop.close()
