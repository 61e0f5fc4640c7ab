"""What a model's name leads to: one route, or a choice among several that each request makes anew (pure).

A `Choice` is a small tree that is made once per key and name; a request walks it with what is known of it alone, and
gets the places to ask in turn, until one of them answers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol, Self

from tokenrouter.domain.catalog import account_name
from tokenrouter.domain.conduct import Conduct
from tokenrouter.gateway.decisions import Facts
from tokenrouter.gateway.directory import ProviderEntry
from tokenrouter.gateway.loads import Load
from tokenrouter.gateway.rendezvous import Place, places_of

if TYPE_CHECKING:
    from tokenrouter.dialects.base import Dialect
    from tokenrouter.gateway.lanes import Plan

MAX_TARGETS: Final = 8
"""Most places that one request is sent to."""
FoundBy = Literal["alias", "prefix", "default_provider", "listed", "first_provider"]
"""What leads from a model's name to a provider."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes.

    Attributes:
        model: the name that the provider knows.
        alias: the operator's own name, or "".
        by: how it was found.
        place: what is well or busy by itself: `provider/model`, or `provider/model#2` by one of several credentials.
    """

    entry: ProviderEntry
    model: str
    alias: str = ""
    by: FoundBy = "prefix"
    place: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        number = self.entry.number
        place = account_name(self.full_name, number) if number else self.full_name
        object.__setattr__(self, "place", place)

    @property
    def full_name(self) -> str:
        """`provider/model`, as `/v1/models` shows it."""
        return f"{self.entry.provider.name}/{self.model}"


class Known(Protocol):
    """What may matter to a choice, of a request and of the places; each is asked only where it does matter.

    Attributes:
        stream: whether the answer is to be streamed.
    """

    stream: bool

    def tokens(self) -> int:
        """Return how long the request is, by estimate."""

    def session(self) -> int:
        """Return what stands for the conversation that the request belongs to; 0 for none."""

    @property
    def keeps_together(self) -> bool:
        """Whether a choice went by the conversation."""

    def chance(self) -> float:
        """Return a number from 0 to below 1."""

    def now_s(self) -> float:
        """Return the time by a monotonic clock."""

    def load(self, route: Route) -> Load:
        """Return how busy and how fast a place is."""

    def left(self, route: Route) -> float:
        """Return which share of its account's quota is left; 1.0 where nobody knows."""

    def cost(self, route: Route) -> int | None:
        """Return what the request is going to cost there in nano-dollars, by estimate; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The first of several, and each of the others when those before it have failed."""

    choices: tuple["Choice", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """One of several, chosen for each request anew.

    Attributes:
        routes: what stands for each of them where its load, its speed and its price are asked for.
        weights: their shares beside each other.
        places: where conversations belong.
        order: puts their numbers in order, the best first.
        kept: does so for a request of a conversation; None where it is like any other.
        is_flat: whether each of them is a place of its own, and no choice once more.
        is_settled: whether nothing but the conversation decides about the requests of one.
    """

    choices: tuple["Choice", ...]
    routes: tuple[Route, ...]
    weights: tuple[int, ...]
    places: tuple[Place, ...]
    order: Callable[["Spread", Known], Sequence[int]]
    kept: Callable[["Spread", Known, int], Sequence[int]] | None
    is_flat: bool
    is_settled: bool

    @classmethod
    def of(
        cls,
        choices: Sequence["Choice"],
        weights: Sequence[int],
        names: Sequence[str],
        order: Callable[["Spread", Known], Sequence[int]],
        kept: Callable[["Spread", Known, int], Sequence[int]] | None = None,
        *,
        is_settled: bool = False,
    ) -> Self:
        """Join `choices`, of which there is at least one; by its name each keeps its conversations when others go."""
        routes = tuple(map(usual_route, choices))
        is_flat = routes == tuple(choices) and len({route.place for route in routes}) == len(routes) <= MAX_TARGETS
        return cls(
            tuple(choices),
            routes,
            tuple(weights),
            places_of(names),
            order,
            kept,
            is_flat,
            kept is not None and is_settled,
        )

    def numbers(self, known: Known) -> Sequence[int]:
        """Return the numbers of all that may be asked, the best first."""
        if self.kept is not None:
            session = known.session()
            if session:
                return self.kept(self, known, session)
        return self.order(self, known)

    def in_turn(self, known: Known) -> "list[Choice]":
        """Return all that may be asked, the best first."""
        return [self.choices[number] for number in self.numbers(known)]


@dataclass(frozen=True, slots=True)
class ByLength:
    """Another one for requests of fewer estimated tokens than `below_tokens`."""

    below_tokens: int
    light: "Choice"
    usual: "Choice"


Choice = Route | Ordered | Spread | ByLength


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where a name leads, how its requests are carried, and how all that was found.

    Attributes:
        is_fixed: whether all requests go to the same places in the same order.
        is_settled: whether nothing but the conversation decides about the requests of one.
        plans: those of earlier requests, by dialect, by whether conversations decided, and by the identity of the
            routes in their order, which live as long as `choice`.
        always: the plan of a fixed choice, by dialect.
        homes: the plans of conversations that were asked for lately, by dialect and conversation.
    """

    choice: Choice
    conduct: Conduct
    facts: Facts
    is_fixed: bool
    is_settled: bool
    plans: "dict[tuple[Dialect, bool, tuple[int, ...]], Plan]" = field(default_factory=dict, repr=False, compare=False)
    always: "dict[Dialect, Plan]" = field(default_factory=dict, repr=False, compare=False)
    homes: "dict[tuple[Dialect, int], Plan]" = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, choice: Choice, conduct: Conduct, facts: Facts) -> Self:
        """Return what is known of `choice` before the first request."""
        inner = choice.choices if isinstance(choice, Ordered) else (choice,)
        is_fixed = all(isinstance(one, Route) for one in inner)
        is_settled = isinstance(choice, Spread) and choice.is_settled and choice.is_flat
        return cls(choice, conduct, facts, is_fixed, is_settled)


def plan(choice: Choice, known: Known) -> tuple[Route, ...]:
    """Return where one request goes: at least one place, and those to ask in turn while each before has failed."""
    if isinstance(choice, Spread) and choice.is_flat:  # most are, and need no walk
        return tuple([choice.routes[number] for number in choice.numbers(known)])
    found: dict[str, Route] = {}
    waiting: list[Choice] = [choice]
    seen: set[int] = set()
    while waiting and len(found) < MAX_TARGETS:
        one = waiting.pop()
        if isinstance(one, Route):
            found.setdefault(one.place, one)
        elif id(one) not in seen:
            seen.add(id(one))
            waiting.extend(reversed(_in_turn(one, known)))
    return tuple(found.values())


def _in_turn(choice: Ordered | Spread | ByLength, known: Known) -> Sequence[Choice]:
    if isinstance(choice, Spread):
        return choice.in_turn(known)
    if isinstance(choice, Ordered):
        return choice.choices
    return (choice.light, choice.usual) if known.tokens() < choice.below_tokens else (choice.usual,)


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
