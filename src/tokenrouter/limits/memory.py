"""Limits kept in this process: synchronous, and so atomic on the event loop.

Used by one data process alone. A hard limit holds because a reservation is taken whole or not at all,
and nothing is used that was not held before.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from tokenrouter.domain.errors import CountersNotReady, GatewayError, QuotaExceeded, QuotaReserved, RateLimited
from tokenrouter.domain.limits import Amounts, Limit, LimitState, LimitTable, UsedByCounter

from tokenrouter.limits.counters import Counter, new_counter
from tokenrouter.limits.words import describe

MAX_REMEMBERED: Final = 20_000
"""Most combinations of scopes whose limits are remembered, and most counters before idle ones are dropped."""


class MemoryReservation:
    """What one request holds: a share of each counter that applies to it."""

    __slots__ = ("_clock", "_shares", "held")

    def __init__(self, held: Amounts, shares: list[tuple[Counter, float]], clock: Callable[[], float]) -> None:
        self.held = held
        self._shares = shares
        self._clock = clock

    def extend(self, amounts: Amounts) -> bool:
        """Hold `amounts` instead; False when a hard limit forbids it, and nothing changes."""
        if not self._shares:
            self.held = amounts
            return True
        now_s = self._clock()
        for counter, _ in self._shares:
            more = amounts.of(counter.limit.metric) - self.held.of(counter.limit.metric)
            taken = counter.used(now_s) + counter.held
            if more > 0 and counter.limit.mode == "hard" and taken + more > counter.limit.amount:
                return False
        for counter, mark in self._shares:
            metric = counter.limit.metric
            counter.adjust(mark, amounts.of(metric) - self.held.of(metric))
        self.held = amounts
        return True

    def settle(self, used: Amounts) -> None:
        """Turn what was held into `used`; once, later calls do nothing."""
        shares, self._shares = self._shares, []
        if not shares:
            return
        now_s = self._clock()
        for counter, mark in shares:
            metric = counter.limit.metric
            counter.settle(mark, self.held.of(metric), used.of(metric), now_s)


class MemoryLimiter:
    """Keeps every counter in a dictionary.

    Attributes:
        looks_at_addresses: whether any limit has an `ip:` scope.
    """

    def __init__(self, limits: Sequence[Limit], *, clock: Callable[[], float] = time.time, restored: bool = False) -> None:
        """`clock` gives seconds since the epoch; `restored`: there is nothing to wait for."""
        self._clock = clock
        self._restored = restored
        self._counters: dict[tuple[str, str], Counter] = {}
        self._applicable: dict[tuple[str, ...], tuple[tuple[Limit, str], ...]] = {}
        self.reload(limits)

    def reload(self, limits: Sequence[Limit]) -> None:
        """Follow a changed catalogue; counters of limits that stay are kept."""
        self._limits = LimitTable(limits)
        kept = {limit.id: limit for limit in limits}
        for key, counter in list(self._counters.items()):
            if key[0] not in kept:
                del self._counters[key]
            else:
                counter.limit = kept[key[0]]
        self._applicable.clear()
        self.looks_at_addresses = any(limit.scope.startswith("ip:") for limit in limits)

    def restore(self, used: UsedByCounter) -> None:
        """Take in what was used before this process began; once."""
        if self._restored:
            return
        now_s = self._clock()
        limits = {limit.id: limit for limit in self._limits}
        for (limit_id, scope), amount in used.items():
            if (limit := limits.get(limit_id)) is not None:
                self._counter(limit, scope, now_s).restore(amount, now_s)
        self._restored = True

    def reserve(self, scopes: Sequence[str], amounts: Amounts) -> MemoryReservation:
        """Hold `amounts` in every limit that applies to any of `scopes`, or in none.

        Raises:
            RateLimited, QuotaReserved, QuotaExceeded, CountersNotReady
        """
        applicable = self._limits_of(tuple(scopes))
        if not applicable:
            return MemoryReservation(amounts, [], self._clock)
        now_s = self._clock()
        counters = [self._counter(limit, scope, now_s) for limit, scope in applicable]
        for counter in counters:
            self._admit(counter, amounts.of(counter.limit.metric), now_s)
        shares = [(counter, counter.hold(amounts.of(counter.limit.metric), now_s)) for counter in counters]
        return MemoryReservation(amounts, shares, self._clock)

    def states(self, scopes: Sequence[str]) -> list[LimitState]:
        """Return the counters of every limit that applies to any of `scopes`."""
        now_s = self._clock()
        counters = [self._counter(limit, scope, now_s) for limit, scope in self._limits_of(tuple(scopes))]
        return [
            LimitState(counter.limit, counter.scope, counter.used(now_s), counter.held, counter.resets_in_s(now_s))
            for counter in counters
        ]

    def _admit(self, counter: Counter, asked: int, now_s: float) -> None:
        limit = counter.limit
        if limit.mode != "hard":
            return
        if not self._restored and limit.metric != "concurrency":
            raise CountersNotReady("The limits of this API key are being restored; try again shortly.", retry_after_s=1)
        used = counter.used(now_s)
        if used + counter.held + asked > limit.amount:
            raise _refusal(counter, used, asked, now_s)

    def _counter(self, limit: Limit, scope: str, now_s: float) -> Counter:
        counter = self._counters.get((limit.id, scope))
        if counter is None:
            if len(self._counters) >= MAX_REMEMBERED:
                self._drop_idle(now_s)
            counter = self._counters[limit.id, scope] = new_counter(limit, scope, now_s)
        return counter

    def _drop_idle(self, now_s: float) -> None:
        self._counters = {key: counter for key, counter in self._counters.items() if not counter.is_idle(now_s)}

    def _limits_of(self, scopes: tuple[str, ...]) -> tuple[tuple[Limit, str], ...]:
        known = self._applicable.get(scopes)
        if known is None:
            if len(self._applicable) >= MAX_REMEMBERED:
                self._applicable.clear()
            found = tuple((limit, scope) for scope in scopes for limit in self._limits.of(scope))
            known = self._applicable[scopes] = found
        return known


def _refusal(counter: Counter, used: int, asked: int, now_s: float) -> GatewayError:
    limit = counter.limit
    message = describe(limit, counter.scope, used=used, held=counter.held, asked=asked)
    resets_in_s = counter.resets_in_s(now_s)
    if limit.metric == "concurrency":
        return RateLimited(message, retry_after_s=1.0)
    if used + asked <= limit.amount:
        return QuotaReserved(message, retry_after_s=2.0)
    if limit.window.kind == "sliding":
        return RateLimited(message, retry_after_s=resets_in_s or 1.0)
    return QuotaExceeded(message, retry_after_s=resets_in_s)
