import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.fakes import Told, catalog
from tokenrouter.gateway.choices import (
    MAX_TARGETS,
    ByLength,
    Choice,
    Known,
    Ordered,
    Route,
    Spread,
    routes_of,
    usual_route,
)
from tokenrouter.gateway.choices import plan as planned
from tokenrouter.gateway.directory import Directory

ENTRY = Directory(catalog(), b"").providers["acme"]
A, B, C = (Route(ENTRY, name) for name in "abc")


def backwards(spread: Spread, _known: Known) -> Sequence[int]:
    return range(len(spread.choices))[::-1]


def by_session(_spread: Spread, _known: Known, session: int) -> Sequence[int]:
    return [session, 0]


def spread(*choices: Choice, **more: object) -> Spread:
    return Spread.of(choices, [1] * len(choices), [str(at) for at in range(len(choices))], backwards, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("tokens", "expected"), [(0, A), (99, A), (100, B), (10_000, B)])
def test_a_request_below_the_threshold_is_short(tokens: int, expected: Route) -> None:
    assert planned(ByLength(100, A, B), Told(tokens=tokens))[0] is expected


def test_what_is_not_chosen_follows_in_the_policys_order_and_the_fallback_last() -> None:
    assert planned(Ordered((spread(A, B), C)), Told()) == (B, A, C)


def test_a_request_of_a_conversation_has_an_order_of_its_own_where_that_is_wanted() -> None:
    assert planned(spread(A, B, C, kept=by_session), Told(session=1)) == (B, A)
    assert planned(spread(A, B, C, kept=by_session), Told()) == (C, B, A)
    assert planned(spread(A, B, C), Told(session=1)) == (C, B, A)


def test_what_a_choice_does_not_hang_on_is_not_asked() -> None:
    assert planned(A, Told()) == (A,)


def test_every_route_is_yielded_the_usual_ones_first() -> None:
    choice = spread(ByLength(5, A, B), C)

    assert list(routes_of(choice)) == [B, A, C]
    assert usual_route(choice) is B
    assert choice.routes == (B, C)


def test_a_deep_pile_of_shared_choices_is_walked_once() -> None:
    pile: Choice = A
    for _ in range(200):
        pile = spread(pile, pile)

    assert [route.model for route in routes_of(pile)] == ["a", "a"]


choices = st.recursive(
    st.sampled_from([A, B, C, *(Route(ENTRY, str(number)) for number in range(9))]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4).map(lambda some: Ordered(tuple(some)))
        | st.lists(inner, min_size=1, max_size=4).map(lambda some: spread(*some))
        | st.tuples(inner, inner).map(lambda two: ByLength(5, *two))
    ),
    max_leaves=20,
)


@given(choices, st.integers(0, 9), st.integers(0, 2**33))
def test_every_request_has_somewhere_to_go_and_nowhere_twice(choice: Choice, tokens: int, session: int) -> None:
    chances = random.Random(tokens)
    found = planned(choice, Told(chances=iter(chances.random, None), tokens=tokens, session=session))

    assert 1 <= len(found) <= MAX_TARGETS
    assert len({route.full_name for route in found}) == len(found)
    assert {route.full_name for route in found} <= {route.full_name for route in routes_of(choice)}
