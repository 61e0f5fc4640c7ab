import random
from collections import Counter

import pytest

from tests.gateway.fakes import catalog
from tokenrouter.gateway.choices import ByLength, Choice, Route, Weighted, plan, routes_of, usual_route
from tokenrouter.gateway.directory import Directory

ENTRY = Directory(catalog(), b"").providers["acme"]
A, B, C = (Route(ENTRY, name) for name in "abc")


def nobody_asks() -> float:
    raise AssertionError("not needed here")


@pytest.mark.parametrize(("chance", "expected"), [(0.0, A), (0.2999, A), (0.3, B), (0.9999999999999999, B)])
def test_a_chance_leads_to_the_place_that_has_it(chance: float, expected: Route) -> None:
    assert Weighted.of((A, B), (3, 7)).pick(chance) is expected


def test_over_many_requests_each_gets_its_share() -> None:
    choice, chance = Weighted.of((A, B, C), (1, 2, 7)), random.Random(5).random

    counted = Counter(plan(choice, lambda: 0, chance)[0].model for _ in range(10_000))

    assert {name: round(counted[name] / 1000) for name in "abc"} == {"a": 1, "b": 2, "c": 7}


@pytest.mark.parametrize(("tokens", "expected"), [(0, A), (99, A), (100, B), (10_000, B)])
def test_a_request_below_the_threshold_is_short(tokens: int, expected: Route) -> None:
    assert plan(ByLength(100, A, B), lambda: tokens, nobody_asks)[0] is expected


def test_what_a_choice_does_not_hang_on_is_not_asked() -> None:
    assert plan(A, lambda: int(nobody_asks()), nobody_asks) == (A,)
    assert plan(Weighted.of((A, B), (1, 1)), lambda: int(nobody_asks()), lambda: 0.9)[0] is B


def test_every_route_is_yielded_the_usual_ones_first() -> None:
    choice = Weighted.of((ByLength(5, A, B), C), (1, 1))

    assert list(routes_of(choice)) == [B, A, C]
    assert usual_route(choice) is B


def test_a_deep_pile_of_shared_choices_is_walked_once() -> None:
    pile: Choice = A
    for _ in range(200):
        pile = Weighted.of((pile, pile), (1, 1))

    assert [route.model for route in routes_of(pile)] == ["a", "a"]
