from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tokenrouter.admin.activity_bodies import before_of, heat_of, others_of, series_of, slots_of, tables_of, total_of
from tokenrouter.domain.speeds import BUCKETS, Speeds
from tokenrouter.store.activity_figures import NOTHING, Figures, Part, Question, Series
from tokenrouter.store.ledger import LedgerFilter

HOUR_S = 3600
SOME = (2, 1, 60, 10, 5, 3, 1_500_000_000, 0)
FAST = Speeds(100, 1_000_000, 50, 500_000, (0,) * 5 + (4,) + (0,) * (BUCKETS - 6))
QUESTION = Question(LedgerFilter(), 0, 3 * HOUR_S, HOUR_S, 3 * HOUR_S)


def test_what_nobody_knows_is_null_and_not_nothing() -> None:
    unknown = Figures(QUESTION, 0, SOME, {HOUR_S: SOME})

    assert total_of(unknown).speed is None
    assert slots_of(unknown).speed is None
    assert heat_of(None, UTC) is None
    assert tables_of(unknown).model is None
    assert others_of({}, [0]) is None


def test_speeds_of_slots_make_up_that_of_the_time() -> None:
    figures = Figures(QUESTION, 0, NOTHING, {}, speeds={0: FAST, HOUR_S: FAST}, speeds_before=FAST)

    speed = total_of(figures).speed
    assert speed is not None
    assert (speed.prompt_tokens_per_s, speed.generated_tokens_per_s, speed.first_token_p50_ms) == (100.0, 100.0, None)
    shown = slots_of(figures).speed
    assert shown is not None
    assert [one.latency_p95_ms is None for one in shown] == [False, False, True]
    before = before_of(figures)
    assert before is not None
    assert before.speed == shown[0]


def test_a_time_of_which_a_part_is_unknown_is_compared_with_nothing() -> None:
    assert before_of(Figures(QUESTION, HOUR_S, SOME, {})) is None


def test_series_are_columns_with_zeros_where_nothing_was() -> None:
    shown = series_of(Series(Part("key_1", "alice", SOME), {HOUR_S: SOME}), QUESTION.slots)

    assert (shown.name, shown.label, shown.total.cost_usd) == ("key_1", "alice", "1.50")
    assert (shown.requests, shown.failed, shown.tokens) == ([0, 2, 0], [0, 1, 0], [0, 70, 0])
    assert shown.cost_nano_usd == [0, 1_500_000_000, 0]


def test_hours_of_one_weekday_are_one_cell() -> None:
    week = 7 * 24 * HOUR_S
    cells = heat_of({0: (1, 2, 3), week: (10, 20, 30), HOUR_S: (5, 5, 5)}, ZoneInfo("Europe/Berlin"))

    assert cells is not None
    assert [(one.weekday, one.hour, one.requests) for one in cells] == [(3, 1, 11), (3, 2, 5)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"])
def test_hours_are_local_also_on_the_days_when_clocks_change(zone: str) -> None:
    spring = int(datetime(2026, 3, 27, tzinfo=UTC).timestamp())
    for start_s in range(spring, spring + 5 * 24 * HOUR_S, HOUR_S):
        local = datetime.fromtimestamp(start_s, ZoneInfo(zone))
        cells = heat_of({start_s: (1, 1, 1)}, ZoneInfo(zone))

        assert cells is not None
        assert [(one.weekday, one.hour) for one in cells] == [(local.weekday(), local.hour)]
