"""How fast requests were answered: durations counted in buckets, and tokens beside the time that they took.

Percentiles of many requests cannot be made from those of parts; counts by bucket can. So every hour keeps how many
requests fell into each of a few buckets, a year is the sum of its days, and a percentile is read from the sum. Buckets
grow by a constant ratio, because 100 ms more or less are much of 200 ms and nothing of 20 s.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import add
from typing import Final

BUCKETS: Final = 24
RATIO: Final = 1.6
"""Between two bounds: a percentile is off by a quarter at most, and by a few per cent where requests are many."""
BOUNDS_US: Final = tuple(round(10_000 * RATIO**number) for number in range(BUCKETS - 1))
"""The longest duration of each bucket but the last: 10 ms to 309 s; the last holds all that took longer."""
MIN_PHASE_US: Final = 250_000
"""What took less says nothing of a speed, so it counts as this long (TokenRouter-Go has the same bound)."""

_NONE: Final = (0,) * BUCKETS


def bucket_of(duration_us: int) -> int:
    """Return the number of the bucket that a duration falls into."""
    return bisect_left(BOUNDS_US, duration_us)


def quantile_us(counts: Sequence[int], share: float) -> int | None:
    """Return the duration that `share` (0 to 1) of the counted ones do not exceed, as well as buckets know it.

    None where nothing was counted.
    """
    if not any(counts):
        return None
    left = share * sum(counts)
    for number, count in enumerate(counts):
        if count and left <= count:
            return int(10_000 * RATIO ** (number - 1 + left / count))
        left -= count
    return int(10_000 * RATIO ** (BUCKETS - 1))


@dataclass(frozen=True, slots=True)
class Speeds:
    """Speeds of some requests, which may be added to those of others.

    Attributes:
        prompt_tokens, prompt_us: tokens of input, and how long their requests took until the first token came.
        generated_tokens, generation_us: tokens of output, and how long they took from then on.
        latency, first_token: how many durations fell into each bucket.
    """

    prompt_tokens: int = 0
    prompt_us: int = 0
    generated_tokens: int = 0
    generation_us: int = 0
    latency: tuple[int, ...] = _NONE
    first_token: tuple[int, ...] = _NONE

    def __add__(self, other: "Speeds") -> "Speeds":
        return Speeds(
            self.prompt_tokens + other.prompt_tokens,
            self.prompt_us + other.prompt_us,
            self.generated_tokens + other.generated_tokens,
            self.generation_us + other.generation_us,
            tuple(map(add, self.latency, other.latency)),
            tuple(map(add, self.first_token, other.first_token)),
        )

    @property
    def prompt_tokens_per_s(self) -> float | None:
        return _per_s(self.prompt_tokens, self.prompt_us)

    @property
    def generated_tokens_per_s(self) -> float | None:
        return _per_s(self.generated_tokens, self.generation_us)


def _per_s(tokens: int, duration_us: int) -> float | None:
    return tokens * 1e6 / duration_us if duration_us else None
