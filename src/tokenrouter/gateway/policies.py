"""How one of several places is chosen: a row for each policy, and what it does (pure).

A policy puts places in order, the best first; health moves those that are down to the end afterwards. Requests of a
conversation are kept together where that is wanted: they go to the place that the conversation belongs to, unless it
is overloaded beside the others. A place that is slow needs no rule of its own there: where requests take longer, more
of them are in flight.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tokenrouter.domain.aliases import Selection
from tokenrouter.gateway.choices import MAX_TARGETS, Known, Spread
from tokenrouter.gateway.rendezvous import ranked

Order = Callable[[Spread, Known], Sequence[int]]
"""Returns the numbers of the places, the best first; it may leave out what comes after `MAX_TARGETS`."""
KeptOrder = Callable[[Spread, Known, int], Sequence[int]]
"""Does the same for a request of a conversation."""

EXPLORED: Final = 0.05
"""Share of requests that look at a place again which was not seen for a while."""
STALE_S: Final = 30.0
"""What was not seen for so long may have changed."""
FORGOTTEN_S: Final = 300.0
"""What was not seen for so long is not known any more; providers forget prompts by then, so little is lost."""
UNSEEN: Final = 1.0
"""What the first request of a place is thought to wait as long as it has not come back, and others wait behind it."""
MUCH: Final = 1.5
"""A place is overloaded that has half as many requests again as its share is."""
FEW: Final = 4
"""So many at once overload nobody."""
TELLING: Final = 4.0
"""Twice as slow as the fastest is as good as it; beyond, speeds are told apart in steps of this factor."""
MOST_TELLING: Final = 4.0**5
"""Whatever is slower still is no worse."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How to choose.

    Attributes:
        kept: for requests of a conversation; None where they are like any other.
        is_settled: whether nothing but the conversation decides about those.
    """

    order: Order
    kept: KeptOrder | None = None
    is_settled: bool = False


def by_weight(spread: Spread, known: Known) -> Sequence[int]:
    """Draw one after the other, each as often as its weight says."""
    left = list(range(len(spread.choices)))
    drawn: list[int] = []
    while len(left) > 1 and len(drawn) < MAX_TARGETS:
        at = known.chance() * sum(spread.weights[number] for number in left)
        for number in left:
            at -= spread.weights[number]
            if at < 0:
                break
        drawn.append(number)
        left.remove(number)
    return drawn + left


def by_load(spread: Spread, known: Known) -> Sequence[int]:
    """Take that which has the fewest requests in flight for its weight; of equals, any."""
    loads = [
        (known.load(route).in_flight + 1) / weight for route, weight in zip(spread.routes, spread.weights, strict=True)
    ]
    return sorted(_from_any(spread, known), key=loads.__getitem__)


def by_speed(spread: Spread, known: Known) -> Sequence[int]:
    """Take the better of two that are drawn, by how long each lets requests wait and how many it has.

    Better of two and not best of all, so that many who look at one time do not all run to the same place (Mitzenmacher,
    "The Power of Two Choices", 2001).
    """
    numbers = _from_any(spread, known)
    waits = [_wait(spread, known, number) for number in range(len(numbers))]
    if known.chance() < EXPLORED:
        now_s = known.now_s()
        stale = [number for number in numbers if _is_unseen(spread, known, number, now_s, STALE_S)]
        if stale:
            return [stale[0], *sorted((number for number in numbers if number != stale[0]), key=waits.__getitem__)]
    drawn, others = numbers[:2], numbers[2:]
    return [*sorted(drawn, key=waits.__getitem__), *sorted(others, key=waits.__getitem__)]


def _is_unseen(spread: Spread, known: Known, number: int, now_s: float, for_s: float) -> bool:
    return known.load(spread.routes[number]).is_unseen(now_s, for_s, stream=known.stream)


def _wait(spread: Spread, known: Known, number: int) -> float:
    load = known.load(spread.routes[number])
    wait = load.wait(stream=known.stream)
    if not wait:
        return UNSEEN * load.in_flight / spread.weights[number]
    return wait * (load.in_flight + 1) / spread.weights[number]


def by_cost(spread: Spread, known: Known) -> Sequence[int]:
    """Take the cheapest for this request; of equals the first, and what has no price last."""
    costs = [known.cost(route) for route in spread.routes]
    prices = [math.inf if cost is None else cost for cost in costs]
    return sorted(range(len(prices)), key=prices.__getitem__)


def by_quota(spread: Spread, known: Known) -> Sequence[int]:
    """Take that whose provider has the largest share of its quota left; of equals, any."""
    left = [-known.left(route) for route in spread.routes]
    return sorted(_from_any(spread, known), key=left.__getitem__)


def _from_any(spread: Spread, known: Known) -> list[int]:
    """Return the numbers of all places in a drawn order; of two, as of more, each may be first."""
    numbers = list(range(len(spread.routes)))
    for at in range(min(len(numbers) - 1, MAX_TARGETS)):
        other = at + int(known.chance() * (len(numbers) - at))
        numbers[at], numbers[other] = numbers[other], numbers[at]
    return numbers


def kept(spread: Spread, _known: Known, session: int) -> Sequence[int]:
    """Take that to which the conversation belongs."""
    return ranked(session, spread.places, spread.weights)


def kept_by_load(spread: Spread, known: Known, session: int) -> Sequence[int]:
    """Take that to which the conversation belongs, unless it is overloaded."""
    return _without_overload(spread, known, kept(spread, known, session))


def kept_by_speed(spread: Spread, known: Known, session: int) -> Sequence[int]:
    """Do the same; slow places own fewer conversations, until nothing was seen of them for long.

    How slow is told in coarse steps, for whenever it changes some conversations go elsewhere.
    """
    now_s = known.now_s()
    loads = [known.load(route) for route in spread.routes]
    waits = [
        0.0 if load.is_unseen(now_s, FORGOTTEN_S, stream=known.stream) else load.wait(stream=known.stream)
        for load in loads
    ]
    best = min((wait for wait in waits if wait), default=0.0)
    weights = [weight / _slowness(wait, best) for weight, wait in zip(spread.weights, waits, strict=True)]
    return _without_overload(spread, known, ranked(session, spread.places, weights))


def _slowness(wait: float, best: float) -> float:
    """Return how many times slower than the best, in steps: 1, 4, 16 and so on."""
    if wait <= best * TELLING / 2:
        return 1.0
    return float(TELLING ** round(math.log(min(wait / best, MOST_TELLING), TELLING)))


def _without_overload(spread: Spread, known: Known, numbers: Sequence[int]) -> Sequence[int]:
    loads = [known.load(route).in_flight for route in spread.routes]
    if max(loads) < FEW:
        return numbers
    fair = MUCH * (sum(loads) + 1) / sum(spread.weights)
    over = [number for number in numbers if loads[number] >= max(FEW, fair * spread.weights[number])]
    if not over or len(over) == len(numbers):
        return numbers
    return [*(number for number in numbers if number not in over), *over]


POLICIES: Final[Mapping[Selection, Policy]] = {
    "weighted": Policy(by_weight, kept, is_settled=True),
    "least_busy": Policy(by_load, kept_by_load),
    "fastest": Policy(by_speed, kept_by_speed),
    "cheapest": Policy(by_cost),
    "most_quota": Policy(by_quota),
}
"""All but `ordered`, where nothing is chosen."""
