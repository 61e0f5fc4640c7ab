"""One counter of one limit for one concrete scope.

What a request holds and uses is noted in a `Tally`, the window (or the part of a sliding one) in which it
was reserved. A tally that is over no longer counts, but the requests that still run keep it: they go on
and are settled in the window they belong to, and the next window starts clean (DESIGN.md, "Limits").

What a counter may reach, its ceiling, follows from the limit and changes at two moments only: when a boost ends and
when a window does. A limit that carries over moves what its last window left unused into the next one: what is not
yet settled there counts as used, and what was moved away is no longer allowed to the requests that still run there.
So the two windows together never exceed what they were allowed together.
"""

import math
from collections import deque
from collections.abc import Callable
from operator import attrgetter
from typing import Final

from tokenrouter.domain.limits import Amounts, CounterPast, Limit, Metric
from tokenrouter.domain.room import USED_BY_ANSWERS
from tokenrouter.domain.windows import window_end, window_start

SUB_BUCKETS: Final = 60
"""A sliding window is this many parts; the oldest counts whole, so it is never too generous."""
CONCURRENCY_RETRY_S: Final = 1.0
"""When to come back for a place that a running request holds: nobody knows, so soon."""
NO_PAST: Final = CounterPast()

_READERS: Final[dict[Metric, Callable[[Amounts], int]]] = {
    "requests": attrgetter("requests"),
    "tokens": lambda amounts: amounts.input_tokens + amounts.output_tokens,
    "input_tokens": attrgetter("input_tokens"),
    "output_tokens": attrgetter("output_tokens"),
    "cost_usd": attrgetter("cost_nano_usd"),
    "concurrency": lambda _: 1,
}
"""What `Amounts.of` does, chosen once per counter instead of once per look."""


class Tally:
    """What was reserved in one window: how much of it is used, how much still held.

    Attributes:
        counts: whether its window is still running.
        extra: what its window took over from the one before.
        given: what the next window took over from it, so that it is not allowed here any more.
    """

    __slots__ = ("counts", "extra", "given", "held", "start_s", "used")

    def __init__(self, start_s: float) -> None:
        self.start_s = start_s
        self.used = 0
        self.held = 0
        self.extra = 0
        self.given = 0
        self.counts = True


class Counter:
    """What all counters share. `used`, `held` and `ceiling` are right after `advance`.

    Attributes:
        scope: the concrete scope (`key:alice`, never `key:*`).
        allowed: the limit's amount with its boost and what was carried over.
        ceiling: what `used + held` may reach: `allowed`, infinite for soft limits.
        amount_in: picks the limit's metric out of amounts.
        bounds_answers: whether it is a hard limit of what answers use.
    """

    __slots__ = ("_changes_s", "allowed", "amount_in", "bounds_answers", "ceiling", "held", "limit", "scope", "used")

    def __init__(self, limit: Limit, scope: str, now_s: float) -> None:
        self.scope = scope
        self.used = 0
        self.held = 0
        self.follow(limit, now_s)

    def follow(self, limit: Limit, now_s: float) -> None:
        """Count for `limit` from now on: the same counter, maybe of another amount."""
        self.limit = limit
        self.amount_in = _READERS[limit.metric]
        self.bounds_answers = limit.mode == "hard" and limit.metric in USED_BY_ANSWERS
        self._allow(now_s, 0)

    def _allow(self, now_s: float, carried: int) -> None:
        """Set the ceiling, and the time until which it holds."""
        limit = self.limit
        self.allowed = limit.amount_at(now_s) + carried
        self.ceiling = _ceiling(limit, self.allowed)
        self._changes_s = limit.holds_until_s(now_s)

    def advance(self, now_s: float) -> None:
        """Forget what is over by now."""
        raise NotImplementedError

    def current(self, now_s: float) -> Tally:
        """Return the tally to which a request of this moment belongs."""
        raise NotImplementedError

    def resets_in_s(self, now_s: float) -> float | None:
        """Return the time until something used is free again, or None when that never happens."""
        raise NotImplementedError

    def room_in_s(self, asked: int, now_s: float) -> float | None:
        """Return the time until `asked` may fit, or None when it never will."""
        return None if asked > self.ceiling else self.resets_in_s(now_s)

    def hold(self, amount: int, now_s: float) -> Tally:
        """Hold `amount` more; return the tally in which it is settled."""
        tally = self.current(now_s)
        self.change(tally, held=amount)
        return tally

    def change(self, tally: Tally, *, held: int = 0, used: int = 0) -> None:
        """Add to what `tally` holds and has used."""
        tally.held += held
        tally.used += used
        if tally.counts:
            self.held += held
            self.used += used
        else:
            self._note_late(tally)

    def _note_late(self, tally: Tally) -> None:
        """Follow a change in a window that is over."""

    def has_room(self, tally: Tally, more: int) -> bool:
        """Whether a request of `tally` may hold `more`."""
        return more <= self.left(tally)

    def left(self, tally: Tally) -> float:
        """Return what a request of `tally` may hold more: in the window it belongs to, over or not."""
        if tally.counts:
            return self.ceiling - self.used - self.held
        extra = -tally.given if tally.given else tally.extra
        return _ceiling(self.limit, self.limit.amount + extra) - tally.used - tally.held

    def restore(self, used: int, now_s: float, past: CounterPast = NO_PAST) -> None:
        """Add what was used before this process began."""
        self.change(self.current(now_s), used=used)

    def adjust(self, amount: int, now_s: float) -> None:
        """Count `amount` as used, by nobody's request; below zero gives back."""
        self.change(self.current(now_s), used=amount)

    def is_idle(self, now_s: float) -> bool:
        """Whether forgetting the counter changes nothing."""
        self.advance(now_s)
        return not self.used and not self.held


def _ceiling(limit: Limit, allowed: int) -> float:
    """0 blocks also what asks for nothing."""
    if limit.mode == "soft":
        return math.inf
    return allowed if allowed > 0 else -1


class FixedCounter(Counter):
    """One window after the other: lifetime, calendar, interval."""

    __slots__ = ("_before", "_ends_s", "_first_use_s", "_tally", "_used_before")

    def __init__(self, limit: Limit, scope: str, now_s: float) -> None:
        self._first_use_s = now_s
        self._before: Tally | None = None
        self._used_before = 0
        self.limit = limit
        self._begin(now_s)
        super().__init__(limit, scope, now_s)

    def _begin(self, now_s: float) -> None:
        """Open the window of this moment."""
        window = self.limit.window
        start_s = window_start(window, now_s, self._first_use_s)
        ends_s = window_end(window, start_s)
        self._ends_s = math.inf if ends_s is None else ends_s
        self._tally = Tally(start_s)
        self.used = self.held = 0

    def follow(self, limit: Limit, now_s: float) -> None:
        super().follow(limit, now_s)
        self._carry(now_s)

    def _carry(self, now_s: float) -> None:
        """Allow what this window may use, with what the one before left of its own."""
        self._tally.extra = self._carried()
        if self._before is not None:
            self._before.given = self._tally.extra
        self._allow(now_s, self._tally.extra)
        self._changes_s = min(self._changes_s, self._ends_s)

    def _carried(self) -> int:
        before = self._before
        return self.limit.carried(self._used_before if before is None else before.used + before.held)

    def _note_late(self, tally: Tally) -> None:
        if tally is self._before:
            carried = tally.given = self._carried()
            self.allowed += carried - self._tally.extra
            self._tally.extra = carried
            self.ceiling = _ceiling(self.limit, self.allowed)

    def advance(self, now_s: float) -> None:
        if now_s < self._changes_s:
            return
        if now_s >= self._ends_s:
            self._end_window(now_s)
        self._carry(now_s)

    def _end_window(self, now_s: float) -> None:
        over, ended_s = self._tally, self._ends_s
        over.counts = False
        self._begin(now_s)
        self._before = over if self._tally.start_s - ended_s < 1 else None
        self._used_before = 0

    def restore(self, used: int, now_s: float, past: CounterPast = NO_PAST) -> None:
        self._used_before = past.used_before
        super().restore(used, now_s)
        self._carry(now_s)

    def is_idle(self, now_s: float) -> bool:
        return super().is_idle(now_s) and self._tally.extra == self.limit.carried(0)

    def current(self, now_s: float) -> Tally:
        self.advance(now_s)
        return self._tally

    def resets_in_s(self, now_s: float) -> float | None:
        return None if self._ends_s == math.inf else max(0.0, self._ends_s - now_s)


class SlidingCounter(Counter):
    """The last so many seconds, in parts."""

    __slots__ = ("_length_s", "_step_s", "_tallies")

    def __init__(self, limit: Limit, scope: str, now_s: float) -> None:
        super().__init__(limit, scope, now_s)
        self._length_s = limit.window.length_s
        self._step_s = limit.window.length_s / SUB_BUCKETS
        self._tallies: deque[Tally] = deque()

    def advance(self, now_s: float) -> None:
        if now_s >= self._changes_s:
            self._allow(now_s, 0)
        oldest_s = now_s - self._length_s - self._step_s
        tallies = self._tallies
        while tallies and tallies[0].start_s <= oldest_s:
            over = tallies.popleft()
            over.counts = False
            self.used -= over.used
            self.held -= over.held

    def current(self, now_s: float) -> Tally:
        self.advance(now_s)
        start_s = now_s // self._step_s * self._step_s
        if not self._tallies or self._tallies[-1].start_s < start_s:
            self._tallies.append(Tally(start_s))
        return self._tallies[-1]

    def adjust(self, amount: int, now_s: float) -> None:
        """What is given back is taken from the oldest parts, or it would still count when they are over."""
        self.advance(now_s)
        for tally in self._tallies if amount < 0 else ():
            taken = min(-amount, max(0, tally.used))
            self.change(tally, used=-taken)
            amount += taken
        if amount > 0:
            super().adjust(amount, now_s)

    def resets_in_s(self, now_s: float) -> float | None:
        return self._gone_in_s(self._tallies[0], now_s) if self._tallies else 0.0

    def room_in_s(self, asked: int, now_s: float) -> float | None:
        if asked > self.ceiling:
            return None
        too_much = self.used + self.held + asked - self.ceiling
        for tally in self._tallies:
            too_much -= tally.used + tally.held
            if too_much <= 0:
                return self._gone_in_s(tally, now_s)
        return 0.0

    def _gone_in_s(self, tally: Tally, now_s: float) -> float:
        return max(0.0, tally.start_s + self._step_s + self._length_s - now_s)


class IntervalCounter(FixedCounter):
    """Windows of one length, one after the other from the first use on; before it there is none."""

    __slots__ = ("_is_used",)

    def __init__(self, limit: Limit, scope: str, now_s: float) -> None:
        self._is_used = False
        super().__init__(limit, scope, now_s)

    def _begin(self, now_s: float) -> None:
        super()._begin(now_s)
        if not self._is_used:
            self._ends_s = math.inf

    def _use_from(self, first_use_s: float, now_s: float) -> None:
        self._is_used = True
        self._first_use_s = first_use_s
        self._begin(now_s)
        self._carry(now_s)

    def _carried(self) -> int:
        return super()._carried() if self._tally.start_s > self._first_use_s else 0

    def hold(self, amount: int, now_s: float) -> Tally:
        if not self._is_used:
            self._use_from(now_s, now_s)
        return super().hold(amount, now_s)

    def restore(self, used: int, now_s: float, past: CounterPast = NO_PAST) -> None:
        self._use_from(min(past.first_use_s, now_s) or now_s, now_s)
        super().restore(used, now_s, past)

    def resets_in_s(self, now_s: float) -> float | None:
        return super().resets_in_s(now_s) if self._is_used else float(self.limit.window.length_s)

    def is_idle(self, now_s: float) -> bool:
        """Never once it is used: where its windows begin would be forgotten."""
        return not self._is_used


class PlacesCounter(FixedCounter):
    """Requests that run now; nothing is ever used up, and no window ends."""

    __slots__ = ()

    def _begin(self, now_s: float) -> None:
        self._ends_s = math.inf
        self._tally = Tally(now_s)
        self.used = self.held = 0

    def change(self, tally: Tally, *, held: int = 0, used: int = 0) -> None:
        super().change(tally, held=held)

    def room_in_s(self, asked: int, now_s: float) -> float | None:
        return None if asked > self.ceiling else CONCURRENCY_RETRY_S


def new_counter(limit: Limit, scope: str, now_s: float) -> Counter:
    """Return an empty counter of the right kind."""
    if limit.metric == "concurrency":
        return PlacesCounter(limit, scope, now_s)
    if limit.window.kind == "sliding":
        return SlidingCounter(limit, scope, now_s)
    if limit.window.kind == "interval":
        return IntervalCounter(limit, scope, now_s)
    return FixedCounter(limit, scope, now_s)
