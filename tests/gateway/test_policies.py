import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.fakes import Told
from tests.gateway.test_choices import ENTRY, A, B, C
from tokenrouter.domain.aliases import SELECTIONS, Selection
from tokenrouter.gateway.choices import MAX_TARGETS, Known, Route, Spread
from tokenrouter.gateway.policies import FEW, FORGOTTEN_S, POLICIES, STALE_S


def spread(selection: Selection, *routes: Route, weights: Sequence[int] = ()) -> Spread:
    policy = POLICIES[selection]
    names = [route.full_name for route in routes]
    return Spread.of(routes, weights or [1] * len(routes), names, policy.order, policy.kept)


def models(choice: Spread, known: Known) -> str:
    return "".join(route.full_name[-1] for route in choice.in_turn(known))  # type: ignore[union-attr]


def drawn(seed: int = 5) -> Iterator[float]:
    return iter(random.Random(seed).random, None)


def test_every_selection_but_the_ordered_one_has_its_row() -> None:
    assert set(POLICIES) == set(SELECTIONS) - {"ordered"}


@pytest.mark.parametrize(("chance", "expected"), [(0.0, "a"), (0.2999, "a"), (0.3, "b"), (0.9999999999999999, "b")])
def test_a_chance_leads_to_the_place_that_has_it(chance: float, expected: str) -> None:
    assert models(spread("weighted", A, B, weights=(3, 7)), Told(chances=[chance]))[0] == expected


def test_over_many_requests_each_gets_its_share_and_so_when_the_first_has_failed() -> None:
    choice, known = spread("weighted", A, B, C, weights=(1, 2, 7)), Told(chances=drawn())

    orders = [models(choice, known) for _ in range(10_000)]

    first = Counter(order[0] for order in orders)
    assert {name: round(first[name] / 1000) for name in "abc"} == {"a": 1, "b": 2, "c": 7}
    second = Counter(order[1] for order in orders if order[0] == "c")
    assert second["b"] / second["a"] == pytest.approx(2, abs=0.3)


def test_the_least_busy_for_its_weight_is_taken() -> None:
    choice, known = spread("least_busy", A, B, C, weights=(1, 1, 4)), Told(chances=drawn())
    for route, in_flight in ((A, 1), (B, 0), (C, 2)):
        known.load(route).in_flight = in_flight

    assert models(choice, known) == "cba"
    known.load(C).in_flight = 4
    assert models(choice, known) == "bca"


def test_of_places_that_are_equally_busy_none_is_preferred() -> None:
    choice, known = spread("least_busy", A, B, C), Told(chances=drawn())

    counted = Counter(models(choice, known) for _ in range(6000))

    assert len(counted) == 6
    assert min(counted.values()) > 850


def test_of_two_the_faster_is_taken_until_more_wait_there() -> None:
    choice, known = spread("fastest", A, B), Told(chances=[0.9] * 99, stream=True)
    known.load(A).began(0.2, 999.0)
    known.load(B).began(0.7, 999.0)

    assert models(choice, known) == "ab"
    known.load(A).in_flight = 3
    assert models(choice, known) == "ba"


def test_of_more_the_better_of_two_that_are_drawn_is_taken_and_never_the_worst() -> None:
    choice, known = spread("fastest", A, B, C), Told(chances=drawn(), stream=True)
    for route, wait_s in ((A, 0.2), (B, 0.3), (C, 0.4)):
        known.load(route).began(wait_s, 999.0)

    counted = Counter(models(choice, known)[0] for _ in range(3000))

    assert counted["a"] == pytest.approx(2000, abs=150)
    assert counted["b"] == pytest.approx(1000, abs=150)
    assert not counted["c"]


def test_what_nobody_knows_yet_is_tried_by_one_at_a_time() -> None:
    choice, known = spread("fastest", A, B), Told(chances=drawn(), stream=True)
    known.load(A).began(0.2, 999.0)

    assert models(choice, known) == "ba"
    known.load(B).in_flight = 1
    assert models(choice, known) == "ab"


def test_a_slow_place_is_looked_at_again_now_and_then() -> None:
    choice, known = spread("fastest", A, B), Told(chances=drawn(), stream=True)
    known.load(A).began(0.2, 999.0)
    known.load(B).began(9.0, 999.0)
    assert {models(choice, known) for _ in range(500)} == {"ab"}

    known.clock_s += STALE_S
    known.load(A).began(0.2, known.clock_s)
    counted = Counter(models(choice, known) for _ in range(2000))

    assert counted["ba"] == pytest.approx(100, abs=50)


def test_the_cheapest_comes_first_and_what_has_no_price_last() -> None:
    known = Told(costs={"a": 9, "c": 3})

    assert models(spread("cheapest", A, B, C), known) == "cab"
    assert models(spread("cheapest", A, C), Told(costs={"a": 3, "c": 3})) == "ac"


def test_the_largest_share_of_quota_comes_first_and_unknown_counts_as_all() -> None:
    known = Told(left={"a": 0.2, "c": 0.9}, chances=drawn())

    assert models(spread("most_quota", A, B, C), known) == "bca"


@pytest.mark.parametrize("selection", ["weighted", "least_busy", "fastest"])
def test_a_conversation_stays_where_it_is(selection: Selection) -> None:
    choice, known = spread(selection, A, B, C), Told(chances=(), stream=True)
    seen = set()
    for number in range(60):
        known.session_number = 2**32 + number
        known.load(A).began(0.2 + number % 3 / 10, 1000.0)
        assert len({models(choice, known) for _ in range(5)}) == 1
        seen.add(models(choice, known)[0])
    assert seen == {"a", "b", "c"}


@pytest.mark.parametrize("selection", ["cheapest", "most_quota"])
def test_where_there_is_one_best_place_a_conversation_goes_there_anyway(selection: Selection) -> None:
    assert POLICIES[selection].kept is None


@pytest.mark.parametrize("selection", ["least_busy", "fastest"])
def test_a_conversation_leaves_a_place_that_has_far_more_than_its_share(selection: Selection) -> None:
    choice, known = spread(selection, A, B), Told(session=2**32 + 1, stream=True)
    home = models(choice, known)[0]
    load = known.load(A if home == "a" else B)

    load.in_flight = FEW - 1
    assert models(choice, known)[0] == home
    load.in_flight = 40
    assert models(choice, known)[0] != home
    known.load(B if home == "a" else A).in_flight = 30
    assert models(choice, known)[0] == home


def test_a_slow_place_has_fewer_conversations_as_long_as_that_is_known() -> None:
    choice, known = spread("fastest", A, B), Told(stream=True)

    def share_of_a() -> float:
        count = 0
        for number in range(2000):
            known.session_number = 2**32 + number
            count += models(choice, known)[0] == "a"
        return count / 2000

    assert share_of_a() == pytest.approx(1 / 2, abs=0.05)
    known.load(A).began(1.0, 999.0)
    known.load(B).began(0.6, 999.0)
    assert share_of_a() == pytest.approx(1 / 2, abs=0.05)
    known.load(A).began(2.5, 999.0)
    assert share_of_a() == pytest.approx(1 / 5, abs=0.05)
    known.clock_s += FORGOTTEN_S
    assert share_of_a() == pytest.approx(1 / 2, abs=0.05)


ROUTES = [Route(ENTRY, str(number)) for number in range(20)]


@given(
    st.sampled_from(["weighted", "least_busy", "fastest"]),
    st.lists(st.integers(1, 9), min_size=1, max_size=20),
    st.integers(0, 2**33),
    st.randoms(use_true_random=False),
)
def test_whatever_is_known_all_places_are_put_in_order(
    selection: Selection, weights: list[int], session: int, randomness: random.Random
) -> None:
    choice = spread(selection, *ROUTES[: len(weights)], weights=weights)
    known = Told(chances=iter(randomness.random, None), session=session, stream=randomness.random() < 0.5)
    for route in choice.routes:
        load = known.load(route)
        load.in_flight = randomness.randrange(20)
        load.began(randomness.random(), 1000 * randomness.random())

    order = choice.in_turn(known)

    assert len(order) >= min(len(weights), MAX_TARGETS)
    assert len(set(map(id, order))) == len(order)
