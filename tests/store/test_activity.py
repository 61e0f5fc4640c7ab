"""Whichever source answers, the figures are those of the rows."""

from typing import Any

import pytest

from tests.store.activities import check_figures, mixed_rows, told, used
from tests.store.entries import NOON_US
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.store.activity import MAX_ROWS, activity
from tokenrouter.store.activity_books import trim_activity
from tokenrouter.store.activity_figures import Figures, Question
from tokenrouter.store.activity_sums import DAY_S, HOUR_S, Dimension
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, record
from tokenrouter.store.within import Within

NOW_S = NOON_US // 1_000_000
ROWS = mixed_rows(300)


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    record(store, [Row(row) for row in ROWS], {})


def ask(
    store: Store, length_s: int, slot_s: int, group: Dimension = "model", *, max_rows: int = MAX_ROWS, **wanted: Any
) -> Figures:
    question = Question(LedgerFilter(**wanted), NOW_S - length_s, NOW_S + 1, slot_s, NOW_S, group, 3)
    return activity(store, question.by(slot_s), max_rows=max_rows)


MANY = -1
"""As if even these were too many rows to be read."""
LENGTHS = [(3 * HOUR_S, 60), (8 * HOUR_S, 300), (2 * DAY_S, HOUR_S), (7 * DAY_S, 6 * HOUR_S), (60 * DAY_S, DAY_S)]


@pytest.mark.parametrize(("length_s", "slot_s"), LENGTHS)
@pytest.mark.parametrize("group", ["model", "team", "all"])
def test_few_rows_are_summed_up_as_they_are(store: Store, length_s: int, slot_s: int, group: Dimension) -> None:
    found = ask(store, length_s, slot_s, group)

    check_figures(found, ROWS, found.question)
    assert (found.question.slot_s, found.whole_since_s) == (slot_s, found.question.since_s)


@pytest.mark.parametrize(("length_s", "slot_s"), LENGTHS)
@pytest.mark.parametrize("group", ["model", "key", "ip", "all"])
def test_many_rows_are_summed_up_by_hour_day_and_month(
    store: Store, length_s: int, slot_s: int, group: Dimension
) -> None:
    found = ask(store, length_s, slot_s, group, max_rows=MANY)

    check_figures(found, ROWS, found.question)
    assert found.question.slot_s == max(slot_s, HOUR_S)


@pytest.mark.parametrize(("length_s", "slot_s"), LENGTHS)
def test_sources_agree_on_everything_else(store: Store, length_s: int, slot_s: int) -> None:
    few, many = ask(store, length_s, max(slot_s, HOUR_S)), ask(store, length_s, slot_s, max_rows=MANY)

    assert many.hours == few.hours
    assert many.speeds == few.speeds
    assert many.slots == few.slots


PEOPLE = [
    {"user": "ann"},
    {"team": "art", "provider": "acme"},
    {"key_ids": frozenset({"key_1", "key_2"})},
    {"provider": "acme", "model": "org/large"},
    {"within": Within(teams=frozenset({"art"}), users=frozenset({"ann"}))},
    {"within": Within(key_ids=frozenset({"key_3"}))},
    {"within": Within()},
]


def fits(row: LedgerEntry, wanted: dict[str, Any]) -> bool:
    within = wanted.get("within")
    if isinstance(within, Within):
        return within.covers(team=row.team, user=row.user, key_id=row.key_id)
    keys = wanted.get("key_ids")
    if isinstance(keys, frozenset):
        return row.key_id in keys
    return all(getattr(row, name) == value for name, value in wanted.items())


@pytest.mark.parametrize("wanted", [*PEOPLE, {"client_ip": "192.0.2.1"}, {"client_tool": "codex", "user": "ann"}])
def test_filters_leave_what_they_name_and_nothing_of_others(store: Store, wanted: dict[str, Any]) -> None:
    found = ask(store, 7 * DAY_S, 6 * HOUR_S, "key", **wanted)

    mine = [row for row in ROWS if fits(row, wanted)]
    check_figures(found, mine, found.question)
    before = [row for row in mine if found.question.before_s <= row.started_us // 1_000_000 < found.question.since_s]
    assert told(found.before) == used(before)


@pytest.mark.parametrize("wanted", PEOPLE)
@pytest.mark.parametrize("group", ["key", "model", "user"])
def test_of_people_with_many_rows_days_are_told(store: Store, group: Dimension, wanted: dict[str, Any]) -> None:
    found = ask(store, 60 * DAY_S, DAY_S, group, max_rows=MANY, **wanted)

    check_figures(found, [row for row in ROWS if fits(row, wanted)], found.question)
    if found.total[0]:
        assert found.hours is None
        assert set(found.tables) == {"model", "provider", "key"} | {group}


def test_an_address_with_many_rows_is_told_from_some_time_on(store: Store) -> None:
    found = ask(store, 30 * DAY_S, DAY_S, max_rows=5, client_ip="192.0.2.1")

    assert found.whole_since_s > found.question.since_s
    newer = [row for row in ROWS if row.client_ip == "192.0.2.1" and row.started_us >= found.whole_since_s * 1_000_000]
    assert 0 < len(newer) <= 5
    assert told(found.total) == used(newer)


def test_hours_that_are_gone_are_told_by_day(store: Store) -> None:
    trim_activity(store, now_s=NOW_S)
    old = Question(LedgerFilter(), NOW_S - 60 * DAY_S, NOW_S - 57 * DAY_S, HOUR_S, NOW_S, "key", 3).by(HOUR_S)

    found = activity(store, old, max_rows=MANY)

    assert found.question.slot_s == DAY_S
    check_figures(found, ROWS, found.question)


def test_addresses_that_were_deleted_are_not_told(store: Store) -> None:
    trim_activity(store, now_s=NOW_S, rows_since_s=NOW_S - 20 * DAY_S)
    bound_s = -(-(NOW_S - 20 * DAY_S) // DAY_S) * DAY_S

    found = ask(store, 60 * DAY_S, DAY_S, "ip", max_rows=MANY)

    left = [row for row in ROWS if row.started_us >= bound_s * 1_000_000]
    assert sorted(told(part.amounts) for part in found.tables["ip"]) == sorted(
        used(row for row in left if row.client_ip == f"192.0.2.{n}") for n in range(3)
    )
    assert told(found.total) == used(row for row in ROWS if row.started_us >= found.question.since_s * 1_000_000)


@pytest.mark.parametrize("max_rows", [MAX_ROWS, MANY])
def test_the_time_before_is_told_beside(store: Store, max_rows: int) -> None:
    found = ask(store, 10 * DAY_S, DAY_S, max_rows=max_rows)

    since_s = found.question.before_s
    before = [row for row in ROWS if since_s <= row.started_us // 1_000_000 < found.question.since_s]
    assert told(found.before) == used(before)
