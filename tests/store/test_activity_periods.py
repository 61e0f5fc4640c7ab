from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.store.activity_periods import MAX_USUAL_SLOTS, SLOTS_S, Stretch, cover, month_from, usual_slot
from tokenrouter.store.activity_sums import DAY_S, HOUR_S, month_of


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("length_s", "slot_s"),
    [
        (HOUR_S, 60),
        (8 * HOUR_S, 300),
        (24 * HOUR_S, 900),
        (5 * DAY_S, HOUR_S),
        (7 * DAY_S, 6 * HOUR_S),
        (30 * DAY_S, 6 * HOUR_S),
        (90 * DAY_S, DAY_S),
        (366 * DAY_S, DAY_S),
    ],
)
def test_slots_fit_the_time(length_s: int, slot_s: int) -> None:
    assert usual_slot(length_s) == slot_s


@given(st.integers(60, 120 * DAY_S))
def test_there_are_never_too_many_slots(length_s: int) -> None:
    assert length_s <= usual_slot(length_s) * MAX_USUAL_SLOTS
    assert all(DAY_S % slot_s == 0 for slot_s in SLOTS_S)


def test_a_long_time_is_made_up_of_hours_days_and_months() -> None:
    assert cover(at("2025-11-28T22:00"), at("2026-02-02T01:00")) == [
        Stretch("hour", at("2025-11-28T22:00"), at("2025-11-29")),
        Stretch("day", at("2025-11-29"), at("2025-12-01")),
        Stretch("month", at("2025-12-01"), at("2026-02-01")),
        Stretch("day", at("2026-02-01"), at("2026-02-02")),
        Stretch("hour", at("2026-02-02"), at("2026-02-02T01:00")),
    ]


@given(st.integers(0, 30_000), st.integers(0, 10_000))
def test_stretches_follow_one_another_and_are_whole(first: int, hours: int) -> None:
    since_s, until_s = first * HOUR_S, (first + hours) * HOUR_S
    stretches = cover(since_s, until_s)

    edges = [since_s, *(one.until_s for one in stretches)]
    assert [one.since_s for one in stretches] == edges[:-1]
    assert edges[-1] == until_s
    assert all(one.since_s % DAY_S == one.until_s % DAY_S == 0 for one in stretches if one.step != "hour")
    assert all(
        month_of(edge) == edge for one in stretches if one.step == "month" for edge in (one.since_s, one.until_s)
    )
    assert all(one.since_s < one.until_s for one in stretches)


def test_the_month_from_its_first_day_is_that_month() -> None:
    assert month_from(at("2026-02-01")) == at("2026-02-01")
    assert month_from(at("2026-02-02")) == at("2026-03-01")
