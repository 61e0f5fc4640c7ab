"""How long targets take to the first of an answer: what tells that one lets its client wait longer than usual."""

from typing import Final

from tokenrouter.gateway.recent import RecentAnswers

MAX_TARGETS: Final = 4096
"""Targets that are remembered, as in `health`."""
_MICRO: Final = 1_000_000


class FirstTimes:
    """The last times of each target, of streams and of answers in one piece apart. One per data process."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, bool], RecentAnswers] = {}

    def usual_s(self, target: str, *, stream: bool) -> float | None:
        """Return how long all but one of twenty take at most; None while too few are known."""
        times = self._times.get((target, stream))
        return times.most / _MICRO if times is not None and times.is_enough else None

    def learn(self, target: str, seconds: float, *, stream: bool) -> None:
        """Take in how long one took."""
        self._of(target, stream).learn(int(seconds * _MICRO))

    def learn_at_least(self, target: str, seconds: float, *, stream: bool) -> None:
        """Take in one that was given up: without those, the slowest would never count."""
        self._of(target, stream).learn_at_least(int(seconds * _MICRO))

    def _of(self, target: str, stream: bool) -> RecentAnswers:
        times = self._times.get((target, stream))
        if times is None:
            if len(self._times) >= MAX_TARGETS:
                del self._times[next(iter(self._times))]
            times = self._times[target, stream] = RecentAnswers()
        return times
