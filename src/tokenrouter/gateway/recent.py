"""How long answers are: the last of them in order of length, so that any share of them can be told exactly.

A running mean says little of answers, of which most are short and some very long, and an estimator of quantiles that
never forgets is wrong for ever once a client does something else. Sixty-four numbers kept twice, as they came and
sorted, are exact, forget, and cost half a microsecond per answer.
"""

from bisect import bisect_left, insort
from typing import Final

KEPT: Final = 64
"""Answers that are remembered: three of them are longer than 95 % of all."""
ENOUGH: Final = 16
"""From so many on they say more than a guess."""


class RecentAnswers:
    """The lengths of the last answers, in tokens."""

    __slots__ = ("_came", "_next", "_sorted")

    def __init__(self) -> None:
        self._came: list[int] = []
        self._sorted: list[int] = []
        self._next = 0

    def learn(self, tokens: int) -> None:
        """Take in one more; the oldest is forgotten."""
        came, ordered = self._came, self._sorted
        if len(came) < KEPT:
            came.append(tokens)
        else:
            at = self._next
            del ordered[bisect_left(ordered, came[at])]
            came[at] = tokens
            self._next = at + 1 if at < KEPT - 1 else 0
        insort(ordered, tokens)

    def learn_at_least(self, tokens: int) -> None:
        """Take in an answer that might have become longer: it says nothing where longer ones are known."""
        if tokens > self.most:
            self.learn(tokens)

    @property
    def most(self) -> int:
        """The least length that 95 % of them do not exceed; 0 before the first."""
        ordered = self._sorted
        return ordered[(19 * len(ordered) - 1) // 20] if ordered else 0

    @property
    def usual(self) -> int | None:
        """The length that half of them do not exceed; None before the first."""
        ordered = self._sorted
        return ordered[(len(ordered) - 1) // 2] if ordered else None

    @property
    def is_enough(self) -> bool:
        """Whether there are enough of them to go by."""
        return len(self._came) >= ENOUGH
