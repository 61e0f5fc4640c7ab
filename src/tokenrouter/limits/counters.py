"""One counter of one limit for one concrete scope.

What a request holds and uses is noted in a `Tally`, the window (or the part of a sliding one) in which it
was reserved. A tally that is over no longer counts, but the requests that still run keep it: they go on
and are settled in the window they belong to, and the next window starts clean (DESIGN.md, "Limits").
"""

import math
from collections import deque
from collections.abc import Callable
from operator import attrgetter
from typing import Final

from tokenrouter.domain.limits import Amounts, Limit, Metric
from tokenrouter.domain.windows import window_end, window_start

SUB_BUCKETS: Final = 60
"""A sliding window is this many parts; the oldest counts whole, so it is never too generous."""
CONCURRENCY_RETRY_S: Final = 1.0
"""When to come back for a place that a running request holds: nobody knows, so soon."""

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
    """

    __slots__ = ("counts", "held", "start_s", "used")

    def __init__(self, start_s: float) -> None:
        self.start_s = start_s
        self.used = 0
        self.held = 0
        self.counts = True


class Counter:
    """What all counters share. `used` and `held` are right after `advance`.

    Attributes:
        scope: the concrete scope (`key:alice`, never `key:*`).
        ceiling: what `used + held` may reach; infinite for soft limits.
        amount_in: picks the limit's metric out of amounts.
    """

    __slots__ = ("amount_in", "ceiling", "held", "limit", "scope", "used")

    def __init__(self, limit: Limit, scope: str) -> None:
        self.scope = scope
        self.used = 0
        self.held = 0
        self.follow(limit)

    def follow(self, limit: Limit) -> None:
        """Count for `limit` from now on: the same counter, maybe of another amount."""
        self.limit = limit
        self.amount_in = _READERS[limit.metric]
        self.ceiling = _ceiling(limit)

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

    def has_room(self, tally: Tally, more: int) -> bool:
        """Whether a request of `tally` may hold `more`: in the window it belongs to, over or not."""
        counted = self if tally.counts else tally
        return counted.used + counted.held + more <= self.ceiling

    def restore(self, used: int, now_s: float) -> None:
        """Add what was used before this process began."""
        self.change(self.current(now_s), used=used)

    def is_idle(self, now_s: float) -> bool:
        """Whether forgetting the counter changes nothing."""
        self.advance(now_s)
        return not self.used and not self.held


def _ceiling(limit: Limit) -> float:
    """0 blocks also what asks for nothing."""
    if limit.mode == "soft":
        return math.inf
    return limit.amount if limit.amount else -1


class FixedCounter(Counter):
    """One window after the other: lifetime, calendar, interval."""

    __slots__ = ("_ends_s", "_first_use_s", "_tally")

    def __init__(self, limit: Limit, scope: str, now_s: float) -> None:
        super().__init__(limit, scope)
        self._first_use_s = now_s
        self._begin(now_s)

    def _begin(self, now_s: float) -> None:
        window = self.limit.window
        start_s = window_start(window, now_s, self._first_use_s)
        ends_s = window_end(window, start_s)
        self._ends_s = math.inf if ends_s is None else ends_s
        self._tally = Tally(start_s)
        self.used = self.held = 0

    def advance(self, now_s: float) -> None:
        if now_s >= self._ends_s:
            self._tally.counts = False
            self._begin(now_s)

    def current(self, now_s: float) -> Tally:
        self.advance(now_s)
        return self._tally

    def resets_in_s(self, now_s: float) -> float | None:
        return None if self._ends_s == math.inf else max(0.0, self._ends_s - now_s)


class SlidingCounter(Counter):
    """The last so many seconds, in parts."""

    __slots__ = ("_length_s", "_step_s", "_tallies")

    def __init__(self, limit: Limit, scope: str) -> None:
        super().__init__(limit, scope)
        self._length_s = limit.window.length_s
        self._step_s = limit.window.length_s / SUB_BUCKETS
        self._tallies: deque[Tally] = deque()

    def advance(self, now_s: float) -> None:
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


class PlacesCounter(FixedCounter):
    """Requests that run now; nothing is ever used up, and no window ends."""

    __slots__ = ()

    def _begin(self, now_s: float) -> None:
        self._ends_s = math.inf
        self._tally = Tally(now_s)

    def change(self, tally: Tally, *, held: int = 0, used: int = 0) -> None:
        super().change(tally, held=held)

    def room_in_s(self, asked: int, now_s: float) -> float | None:
        return None if asked > self.ceiling else CONCURRENCY_RETRY_S


def new_counter(limit: Limit, scope: str, now_s: float) -> Counter:
    """Return an empty counter of the right kind."""
    if limit.metric == "concurrency":
        return PlacesCounter(limit, scope, now_s)
    if limit.window.kind == "sliding":
        return SlidingCounter(limit, scope)
    return FixedCounter(limit, scope, now_s)
