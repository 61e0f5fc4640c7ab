"""Limits kept in this process: synchronous, and so atomic on the event loop.

Used by one data process alone. A hard limit holds because a reservation is taken whole or not at all,
and nothing is used that was not held before.

What was used before a limit was known here is told by somebody else (`restore`); until then a hard one
admits nobody.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Final

from tokenrouter.domain.errors import CountersNotReady, LimitReached
from tokenrouter.domain.limits import Amounts, Limit, LimitState, LimitTable, PastByCounter, UsedByCounter
from tokenrouter.domain.room import ANY_ROOM, Room
from tokenrouter.limits.counters import NO_PAST, Counter, Tally, new_counter
from tokenrouter.limits.refusals import refusal_of, slowest

MAX_REMEMBERED: Final = 20_000
"""Most combinations of scopes whose counters are remembered; beyond it idle counters are dropped."""
RESTORING_RETRY_S: Final = 1.0


class MemoryReservation:
    """What one request holds: a share of each counter that applies to it."""

    __slots__ = ("_clock", "_counters", "_shares", "held")

    def __init__(
        self, held: Amounts, counters: Sequence[Counter], tallies: Iterable[Tally], clock: Callable[[], float]
    ) -> None:
        self.held = held
        self._counters = counters
        self._shares: Iterable[tuple[Counter, Tally]] = list(zip(counters, tallies, strict=True))
        self._clock = clock

    def states(self) -> list[LimitState]:
        """Return the limits as they are now."""
        return _states(self._counters, self._clock())

    def extend(self, amounts: Amounts) -> bool:
        """Hold `amounts` instead; False when a hard limit forbids it, and nothing changes."""
        if self._shares:
            changes = [(counter, tally, self._more(counter, amounts)) for counter, tally in self._shares]
            now_s = self._clock()
            for counter, tally, more in changes:
                counter.advance(now_s)
                if more > 0 and not counter.has_room(tally, more):
                    return False
            for counter, tally, more in changes:
                counter.change(tally, held=more)
        self.held = amounts
        return True

    @property
    def room(self) -> Room | None:
        """What the request may use in all under hard limits; None where none counts what it uses."""
        room = None
        for counter, tally in self._shares:
            if counter.bounds_answers:
                left = int(counter.left(tally)) + counter.amount_in(self.held)
                room = (room or ANY_ROOM).narrowed(counter.limit.metric, left)
        return room

    def _more(self, counter: Counter, amounts: Amounts) -> int:
        return counter.amount_in(amounts) - counter.amount_in(self.held)

    def settle(self, used: Amounts) -> None:
        """Turn what was held into `used`, in the windows in which it was reserved; later calls do nothing."""
        shares, self._shares = self._shares, ()
        if not shares:
            return
        now_s = self._clock()
        for counter, tally in shares:
            counter.advance(now_s)
            counter.change(tally, held=-counter.amount_in(self.held), used=counter.amount_in(used))


class Unlimited:
    """What a request holds to which no limit applies: nothing, however much it needs."""

    __slots__ = ()

    held: Final = Amounts()
    room: Final = None

    def states(self) -> tuple[LimitState, ...]:
        """Return nothing: no limit applies."""
        return ()

    def extend(self, amounts: Amounts) -> bool:
        """Allow it."""
        return True

    def settle(self, used: Amounts) -> None:
        """There is nothing to settle."""


UNLIMITED: Final = Unlimited()


class MemoryLimiter:
    """Keeps every counter in a dictionary.

    Attributes:
        looks_at_addresses: whether any limit has an `ip:` scope.
        unrestored: ids of the limits for which `restore` is still to come.
    """

    def __init__(
        self, limits: Sequence[Limit], *, clock: Callable[[], float] = time.time, restored: bool = False
    ) -> None:
        """`clock` gives seconds since the epoch; `restored`: nothing was ever used before a limit was known."""
        self._clock = clock
        self._waits = not restored
        self._restored: frozenset[str] = frozenset()
        self.unrestored: frozenset[str] = frozenset()
        self._counters: dict[tuple[str, str], Counter] = {}
        self._applicable: dict[tuple[str, ...], tuple[Counter, ...]] = {}
        self.reload(limits)

    def reload(self, limits: Sequence[Limit]) -> None:
        """Follow a changed catalogue; counters of limits that stay are kept."""
        self._limits = LimitTable(limits)
        stay = {limit.id: limit for limit in limits}
        self._counters = {key: counter for key, counter in self._counters.items() if key[0] in stay}
        now_s = self._clock()
        for (limit_id, _), counter in self._counters.items():
            counter.follow(stay[limit_id], now_s)
        self._applicable.clear()
        self.looks_at_addresses = any(limit.scope.startswith("ip:") for limit in limits)
        self._note_restored(self._restored)

    def _note_restored(self, limit_ids: frozenset[str]) -> None:
        """Remember which limits count what was used before; places are never used up, so they always do."""
        used_up = frozenset(limit.id for limit in self._limits if limit.metric != "concurrency" and self._waits)
        self._restored = limit_ids & used_up
        self.unrestored = used_up - limit_ids

    def restore(
        self, used: UsedByCounter, limit_ids: Iterable[str], past: PastByCounter = MappingProxyType({})
    ) -> None:
        """Take in everything that was used of the limits `limit_ids`, by requests that run too; once for each.

        `past` says of some counters when they were first used, and what was used in the window before.

        What their counters show by now (soft limits do not wait) is in `used`, so they begin anew. The requests
        that they count go on and are settled in the old ones.
        """
        new = self.unrestored.intersection(limit_ids)
        self._counters = {key: counter for key, counter in self._counters.items() if key[0] not in new}
        self._applicable.clear()
        now_s = self._clock()
        limits = {limit.id: limit for limit in self._limits}
        for limit_id, scope in dict.fromkeys((*used, *past)):
            if limit_id in new:
                counter = self._counter(limits[limit_id], scope, now_s)
                counter.restore(used.get((limit_id, scope), 0), now_s, past.get((limit_id, scope), NO_PAST))
        self._note_restored(self._restored | new)

    def adjust(self, limit_id: str, scope: str, amount: int) -> None:
        """Count `amount` as used, which no request did: below zero is what a reset gives back.

        Nothing is done for a limit that is gone, or whose use is still to be restored.
        """
        limit = next((limit for limit in self._limits if limit.id == limit_id), None)
        if limit is not None and limit_id not in self.unrestored:
            now_s = self._clock()
            self._counter(limit, scope, now_s).adjust(amount, now_s)

    def reserve(self, scopes: Sequence[str], amounts: Amounts) -> "MemoryReservation | Unlimited":
        """Hold `amounts` in every limit that applies to any of `scopes`, or in none.

        Raises:
            RateLimited, QuotaReserved, QuotaExceeded, CountersNotReady
        """
        counters = self._applicable.get(tuple(scopes))
        if counters is None:
            counters = self._remember(tuple(scopes))
        if not counters:
            return UNLIMITED
        if self.unrestored:
            self._require_restored(counters)
        now_s = self._clock()
        for counter in counters:
            counter.advance(now_s)
            if counter.used + counter.held + counter.amount_in(amounts) > counter.ceiling:
                raise _refusal(counters, amounts, now_s)
        tallies = [counter.hold(counter.amount_in(amounts), now_s) for counter in counters]
        return MemoryReservation(amounts, counters, tallies, self._clock)

    def states(self, scopes: Sequence[str]) -> list[LimitState]:
        """Return the counters of every limit that applies to any of `scopes`."""
        now_s = self._clock()
        counters = self._applicable.get(tuple(scopes))
        if counters is None:
            counters = self._remember(tuple(scopes))
        return _states(counters, now_s)

    def _remember(self, scopes: tuple[str, ...]) -> tuple[Counter, ...]:
        """Find the counters of `scopes`. They live as long as they are remembered, and longer unless idle."""
        now_s = self._clock()
        if len(self._applicable) >= MAX_REMEMBERED:
            self._applicable.clear()
            self._counters = {key: counter for key, counter in self._counters.items() if not counter.is_idle(now_s)}
        found = {(limit.id, limit.counted_for(scope)): limit for scope in scopes for limit in self._limits.of(scope)}
        counters = tuple(self._counter(limit, scope, now_s) for (_, scope), limit in found.items())
        self._applicable[scopes] = counters
        return counters

    def _require_restored(self, counters: tuple[Counter, ...]) -> None:
        for counter in counters:
            if counter.limit.mode == "hard" and counter.limit.id in self.unrestored:
                raise CountersNotReady(
                    f"What {counter.scope} has used is still being read; try again shortly.",
                    retry_after_s=RESTORING_RETRY_S,
                )

    def _counter(self, limit: Limit, scope: str, now_s: float) -> Counter:
        counter = self._counters.get((limit.id, scope))
        if counter is None:
            counter = self._counters[limit.id, scope] = new_counter(limit, scope, now_s)
        return counter


def _states(counters: Iterable[Counter], now_s: float) -> list[LimitState]:
    states = []
    for counter in counters:
        counter.advance(now_s)
        extra = counter.allowed - counter.limit.amount
        state = LimitState(counter.limit, counter.scope, counter.used, counter.held, counter.resets_in_s(now_s), extra)
        states.append(state)
    return states


def _refusal(counters: tuple[Counter, ...], amounts: Amounts, now_s: float) -> LimitReached:
    """Return what to tell of the limits in the way: the one for which waiting takes longest."""
    refusals = []
    for counter in counters:
        counter.advance(now_s)
        asked = counter.amount_in(amounts)
        if counter.used + counter.held + asked > counter.ceiling:
            refusals.append(_refusal_of(counter, asked, now_s))
    refusal = slowest(refusals)
    refusal.states = _states(counters, now_s)
    return refusal


def _refusal_of(counter: Counter, asked: int, now_s: float) -> LimitReached:
    return refusal_of(
        counter.limit,
        counter.scope,
        used=counter.used,
        held=counter.held,
        asked=asked,
        allowed=counter.allowed,
        back_in_s=counter.room_in_s(asked, now_s),
    )
