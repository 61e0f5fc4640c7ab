from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.prices import Ceiling, ceiling_of, flat_price, most_cost
from tokenrouter.domain.room import ANY_ROOM, ENDLESS, Room

COUNTS = st.integers(0, 10**7)
STEPPED = Ceiling(((0, 1_000, 5_000), (200_000, 2_000, 9_000)), 7)


@given(COUNTS, COUNTS, st.sampled_from((ceiling_of(flat_price(2, 10)), STEPPED)))
def test_the_longest_answer_that_fits_costs_no_more_than_there_is_and_a_longer_one_does(
    cost: int, asked: int, ceiling: Ceiling
) -> None:
    most = Room(cost_nano_usd=cost).output_within(asked, ceiling)

    if most >= 0:
        assert most_cost(asked, most, ceiling) <= cost
    assert most_cost(asked, max(0, most + 1), ceiling) > cost


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_each_metric_bounds_what_it_counts(tokens: int, output: int, asked: int, told: int) -> None:
    room = ANY_ROOM.narrowed("tokens", tokens).narrowed("output_tokens", output).narrowed("input_tokens", told)
    most = room.output_within(asked, None)

    assert (most < 0) == (asked > min(tokens, told))
    assert most <= output
    assert asked > told or asked + most <= tokens


def test_the_tightest_of_several_limits_counts() -> None:
    room = ANY_ROOM.narrowed("cost_usd", 500).narrowed("cost_usd", 300).narrowed("cost_usd", 400)

    assert room.cost_nano_usd == 300


def test_rates_and_places_bound_no_answer() -> None:
    assert ANY_ROOM.narrowed("requests", 1).narrowed("concurrency", 1) == ANY_ROOM
    assert ANY_ROOM.output_within(100, STEPPED) > ENDLESS // 2
    assert Room(cost_nano_usd=10).output_within(5, Ceiling(((0, 0, 0),))) > ENDLESS // 2
