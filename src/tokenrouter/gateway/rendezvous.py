"""Which of several places a conversation belongs to, so that all who look agree without a table (pure).

Weighted rendezvous hashing (Thaler and Ravishankar 1998; weights after Schindelhauer and Schomaker 2005): for each
conversation every place draws a number, from the conversation and its own name alone, and the highest wins. A place
that goes takes its own conversations along and nobody else's, one that comes takes its share from all the others.

The draw is a multiplication modulo a prime, with factors that are made of the place's name once: half a dozen of them
cost less than one digest.
"""

import math
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

PRIME: Final = 2**61 - 1
"""A Mersenne prime: what is left by it are the numbers that are drawn."""
SPREAD: Final = 0x9E3779B97F4A7C15
"""The golden ratio of 64 bits: takes conversations apart that have numbers in a row (Knuth, 6.4)."""


class Place(NamedTuple):
    """One place: the factor and the summand of its draws."""

    factor: int
    summand: int


def places_of(names: Iterable[str]) -> tuple[Place, ...]:
    """Return the places of these names, which mean the same wherever and whenever they are made."""
    return tuple(map(_place, names))


def _place(name: str) -> Place:
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return Place(int.from_bytes(digest[:8], "little") % (PRIME - 1) + 1, int.from_bytes(digest[8:], "little") % PRIME)


def ranked(session: int, places: Sequence[Place], weights: Sequence[float]) -> list[int]:
    """Return the numbers of `places`, that to which `session` belongs first; each has its share by its weight.

    The share of the second place goes by weight too, and so on: to whom a conversation goes when the first is away.
    """
    point = session * SPREAD
    draws = [(factor * point + summand) % PRIME for factor, summand in places]
    if min(weights) != max(weights):
        scores = [math.log((draw + 1) / (PRIME + 1)) / weight for draw, weight in zip(draws, weights, strict=True)]
        return sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    return sorted(range(len(draws)), key=draws.__getitem__, reverse=True)
