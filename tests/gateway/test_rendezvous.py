import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.gateway.rendezvous import Place, places_of, ranked

NAMES = ["acme/small", "other/large", "third/x", "fourth/y"]
SESSIONS = [random.Random(number).getrandbits(32) | 1 << 32 for number in range(20_000)]


def test_all_processes_agree() -> None:
    assert places_of(["acme/small"]) == (Place(2033070082566308246, 1781772178373311541),)
    found = [ranked(session, places_of(NAMES), [1, 1, 1, 1])[0] for session in SESSIONS[:12]]
    assert found == [
        3,
        1,
        2,
        1,
        3,
        2,
        3,
        0,
        1,
        3,
        3,
        0,
    ]


@pytest.mark.parametrize("weights", [[1, 1, 1, 1], [1, 2, 3, 4], [100, 1, 1, 1], [0.25, 1, 1, 1]])
def test_each_place_has_its_share_also_of_what_another_leaves(weights: list[float]) -> None:
    orders = [ranked(session, places_of(NAMES), weights) for session in SESSIONS]

    first = Counter(order[0] for order in orders)
    for number, weight in enumerate(weights):
        assert first[number] / len(orders) == pytest.approx(weight / sum(weights), abs=0.012)
    second = Counter(order[1] for order in orders if order[0] == 0)
    for number, weight in enumerate(weights[1:], 1):
        assert second[number] / first[0] == pytest.approx(weight / sum(weights[1:]), abs=0.04)


def test_sessions_with_numbers_in_a_row_are_spread_too() -> None:
    counted = Counter(ranked(session, places_of(NAMES[:2]), [1, 1])[0] for session in range(1, 2001))

    assert counted[0] == pytest.approx(1000, abs=120)


@given(st.integers(1, 2**33), st.lists(st.text(max_size=9), unique=True, min_size=2, max_size=9), st.data())
def test_when_a_place_goes_only_its_own_sessions_move(session: int, names: list[str], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(names), max_size=len(names)))
    gone = data.draw(st.integers(0, len(names) - 1))

    before = [names[number] for number in ranked(session, places_of(names), weights)]
    left = [name for number, name in enumerate(names) if number != gone]
    after = [left[number] for number in ranked(session, places_of(left), weights[:gone] + weights[gone + 1 :])]

    assert after == [name for name in before if name != names[gone]]
