"""One counter of one limit for one concrete scope.

A counter knows only its current window. What was reserved in a window is settled in that window or,
once it is over, nowhere: the next window starts clean (DESIGN.md, "Limits").
"""

from collections import deque
from typing import Final, Protocol

from tokenrouter.domain.limits import Limit
from tokenrouter.domain.windows import window_end, window_start

SUB_BUCKETS: Final = 60
"""A sliding window is this many parts; the oldest counts whole, so it is never too generous."""


class Counter(Protocol):
    """What is used and held, now."""

    limit: Limit
    scope: str
    held: int

    def used(self, now_s: float) -> int:
        """Return what was settled in the current window."""

    def hold(self, amount: int, now_s: float) -> float:
        """Hold `amount` more; return the mark under which it is settled."""

    def adjust(self, mark: float, difference: int) -> None:
        """Change what is held under `mark`."""

    def settle(self, mark: float, held: int, used: int, now_s: float) -> None:
        """Turn `held` into `used`, if the window of `mark` still counts."""

    def restore(self, used: int, now_s: float) -> None:
        """Set what was used before this process began."""

    def resets_in_s(self, now_s: float) -> float | None:
        """Return the time until something is free again, or None."""

    def is_idle(self, now_s: float) -> bool:
        """Whether forgetting the counter changes nothing."""


class WindowCounter:
    """Fixed windows: lifetime, calendar, interval."""

    __slots__ = ("_first_use_s", "_start_s", "_used", "held", "limit", "scope")

    def __init__(self, limit: Limit, scope: str, now_s: float) -> None:
        self.limit = limit
        self.scope = scope
        self.held = 0
        self._used = 0
        self._first_use_s = now_s
        self._start_s = window_start(limit.window, now_s, now_s)

    def used(self, now_s: float) -> int:
        self._advance(now_s)
        return self._used

    def _advance(self, now_s: float) -> None:
        end_s = window_end(self.limit.window, self._start_s)
        if end_s is not None and now_s >= end_s:
            self._start_s = window_start(self.limit.window, now_s, self._first_use_s)
            self._used = self.held = 0

    def hold(self, amount: int, now_s: float) -> float:
        self._advance(now_s)
        self.held += amount
        return self._start_s

    def adjust(self, mark: float, difference: int) -> None:
        if mark == self._start_s:
            self.held += difference

    def settle(self, mark: float, held: int, used: int, now_s: float) -> None:
        self._advance(now_s)
        if mark == self._start_s:
            self.held -= held
            self._used += used

    def restore(self, used: int, now_s: float) -> None:
        self._advance(now_s)
        self._used += used

    def resets_in_s(self, now_s: float) -> float | None:
        end_s = window_end(self.limit.window, self._start_s)
        return None if end_s is None else max(0.0, end_s - now_s)

    def is_idle(self, now_s: float) -> bool:
        return self.used(now_s) == 0 and self.held == 0


class SlidingCounter:
    """The last so many seconds, in sub-buckets."""

    __slots__ = ("_buckets", "_step_s", "_total", "held", "limit", "scope")

    def __init__(self, limit: Limit, scope: str) -> None:
        self.limit = limit
        self.scope = scope
        self.held = 0
        self._step_s = limit.window.length_s / SUB_BUCKETS
        self._buckets: deque[list[float]] = deque()
        self._total = 0

    def used(self, now_s: float) -> int:
        oldest = now_s - self.limit.window.length_s - self._step_s
        while self._buckets and self._buckets[0][0] <= oldest:
            self._total -= int(self._buckets.popleft()[1])
        return self._total

    def _mark(self, now_s: float) -> float:
        return now_s // self._step_s * self._step_s

    def hold(self, amount: int, now_s: float) -> float:
        self.held += amount
        return self._mark(now_s)

    def adjust(self, mark: float, difference: int) -> None:
        self.held += difference

    def settle(self, mark: float, held: int, used: int, now_s: float) -> None:
        self.held -= held
        if used and mark > now_s - self.limit.window.length_s - self._step_s:
            self._add(mark, used)

    def _add(self, mark: float, used: int) -> None:
        self._total += used
        for bucket in reversed(self._buckets):
            if bucket[0] == mark:
                bucket[1] += used
                return
        self._buckets.append([mark, used])
        if len(self._buckets) > 1 and self._buckets[-2][0] > mark:
            self._buckets = deque(sorted(self._buckets))

    def restore(self, used: int, now_s: float) -> None:
        self._add(self._mark(now_s), used)

    def resets_in_s(self, now_s: float) -> float | None:
        if self.used(now_s) == 0:
            return 0.0
        return max(0.0, self._buckets[0][0] + self._step_s + self.limit.window.length_s - now_s)

    def is_idle(self, now_s: float) -> bool:
        return self.used(now_s) == 0 and self.held == 0


class ConcurrencyCounter:
    """Requests that run now; nothing is ever used up."""

    __slots__ = ("held", "limit", "scope")

    def __init__(self, limit: Limit, scope: str) -> None:
        self.limit = limit
        self.scope = scope
        self.held = 0

    def used(self, now_s: float) -> int:
        return 0

    def hold(self, amount: int, now_s: float) -> float:
        self.held += amount
        return 0.0

    def adjust(self, mark: float, difference: int) -> None:
        self.held += difference

    def settle(self, mark: float, held: int, used: int, now_s: float) -> None:
        self.held -= held

    def restore(self, used: int, now_s: float) -> None:
        """Nothing runs in a process that has just begun."""

    def resets_in_s(self, now_s: float) -> float | None:
        return None

    def is_idle(self, now_s: float) -> bool:
        return self.held == 0


def new_counter(limit: Limit, scope: str, now_s: float) -> Counter:
    """Return an empty counter of the right kind."""
    if limit.metric == "concurrency":
        return ConcurrencyCounter(limit, scope)
    if limit.window.kind == "sliding":
        return SlidingCounter(limit, scope)
    return WindowCounter(limit, scope, now_s)
