"""What a model's name leads to: one route, or a choice among several that each request makes anew (pure).

A `Choice` is a small tree that is made once per key and name; a request walks it with what is known of it alone, and
gets the places to ask in turn, until one of them answers.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Self

from tokenrouter.gateway.directory import ProviderEntry

MAX_TARGETS: Final = 8
"""Most places that one request is sent to."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. `model` is the name the provider knows; `alias` the operator's own name or ""."""

    entry: ProviderEntry
    model: str
    alias: str = ""

    @property
    def full_name(self) -> str:
        """`provider/model`, as `/v1/models` shows it."""
        return f"{self.entry.provider.name}/{self.model}"


@dataclass(frozen=True, slots=True)
class Ordered:
    """The first of several, and each of the others when those before it have failed."""

    choices: tuple["Choice", ...]


@dataclass(frozen=True, slots=True)
class Weighted:
    """One of several, each as often as its weight says; `edges` are the weights, added up."""

    choices: tuple["Choice", ...]
    edges: tuple[int, ...]

    @classmethod
    def of(cls, choices: Sequence["Choice"], weights: Iterable[int]) -> Self:
        """Join `choices`, of which there is at least one, each with its weight."""
        return cls(tuple(choices), tuple(accumulate(weights)))

    def pick(self, chance: float) -> "Choice":
        """Return the one at `chance`, from 0 to below 1."""
        return self.choices[bisect_right(self.edges, chance * self.edges[-1], hi=len(self.edges) - 1)]


@dataclass(frozen=True, slots=True)
class ByLength:
    """Another one for requests of fewer estimated tokens than `below_tokens`."""

    below_tokens: int
    light: "Choice"
    usual: "Choice"


Choice = Route | Ordered | Weighted | ByLength


def plan(choice: Choice, tokens: Callable[[], int], chance: Callable[[], float]) -> tuple[Route, ...]:
    """Return where one request goes: at least one place, and those to ask in turn while each before has failed.

    `tokens` estimates the request, and is asked only where that matters.
    """
    found: dict[str, Route] = {}
    waiting: list[Choice] = [choice]
    seen: set[int] = set()
    while waiting and len(found) < MAX_TARGETS:
        one = waiting.pop()
        if isinstance(one, Route):
            found.setdefault(one.full_name, one)
        elif id(one) not in seen:
            seen.add(id(one))
            waiting.extend(reversed(_in_turn(one, tokens, chance)))
    return tuple(found.values())


def _in_turn(
    choice: Ordered | Weighted | ByLength, tokens: Callable[[], int], chance: Callable[[], float]
) -> Sequence[Choice]:
    if isinstance(choice, Ordered):
        return choice.choices
    if isinstance(choice, Weighted):
        picked = choice.pick(chance())
        return picked, *(other for other in choice.choices if other is not picked)
    return (choice.light, choice.usual) if tokens() < choice.below_tokens else (choice.usual,)


def routes_of(choice: Choice) -> Iterator[Route]:
    """Yield every route that a request may take, the usual ones first; one may come more than once."""
    waiting: list[Choice] = [choice]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, Route):
            yield one
        elif id(one) not in seen:  # what several aliases share is walked once, or a deep pile would take for ever
            seen.add(id(one))
            inner = (one.usual, one.light) if isinstance(one, ByLength) else one.choices
            waiting.extend(reversed(inner))


def usual_route(choice: Choice) -> Route:
    """Return the route to tell of where there is room for one: of ordinary length, the first of several."""
    return next(routes_of(choice))
