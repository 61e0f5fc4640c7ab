import pytest

from tests.store.activities import kept_rows, mixed_rows
from tests.store.entries import NOON_US, entry
from tokenrouter.store.activity_books import (
    FINE_HOURS_DAYS,
    addresses_since,
    fine_hours_since,
    is_kept,
    kept_days,
    kept_months,
    kept_of_day,
    month_and_its_days,
    next_month,
    remake_month,
    replace_day,
    speeds_of_day,
    trim_activity,
)
from tokenrouter.store.activity_sums import FINE_DIMENSIONS, ActivitySums, month_of
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record

DAY_S = 86_400
TODAY_S = NOON_US // 1_000_000 // DAY_S * DAY_S
NOW_S = NOON_US / 1e6
DECEMBER_S = month_of(TODAY_S - 1)


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    record(store, [Row(row) for row in mixed_rows(150)], {})


def test_what_is_kept_for_some_weeks_goes_and_nothing_else(store: Store) -> None:
    before, speeds = kept_rows(store)
    bound_s = TODAY_S - FINE_HOURS_DAYS * DAY_S

    trim_activity(store, now_s=NOW_S)

    gone = [row for row in before if row[0] == "hour" and row[1] in FINE_DIMENSIONS and row[2] < bound_s]
    assert gone
    assert kept_rows(store) == ([row for row in before if row not in gone], speeds)
    with store.read() as connection:
        assert (fine_hours_since(connection), addresses_since(connection)) == (bound_s, 0)


def test_addresses_go_with_the_rows_that_name_them(store: Store) -> None:
    trim_activity(store, now_s=NOW_S, rows_since_s=TODAY_S - 10 * DAY_S)
    trim_activity(store, now_s=NOW_S, rows_since_s=TODAY_S - 20 * DAY_S)

    named = {row[2] for row in kept_rows(store)[0] if row[1] == "ip"}
    assert min(named) >= TODAY_S - 10 * DAY_S
    with store.read() as connection:
        kept = is_kept(connection)
    assert not kept(("day", "ip", TODAY_S - 11 * DAY_S, "192.0.2.1"))
    assert kept(("day", "key", TODAY_S - 60 * DAY_S, "key_1"))
    assert not kept(("hour", "key", TODAY_S - 60 * DAY_S, "key_1"))
    assert kept(("hour", "model", TODAY_S - 60 * DAY_S, "acme/small"))


def test_days_and_months_are_found_in_order(store: Store) -> None:
    with store.read() as connection:
        days = kept_days(connection, TODAY_S - 3 * DAY_S, TODAY_S)
        months = kept_months(connection)

    assert days == [TODAY_S - 3 * DAY_S, TODAY_S - 2 * DAY_S, TODAY_S - DAY_S]
    assert months == sorted(months)
    assert months[-2:] == [DECEMBER_S, TODAY_S]
    assert next_month(DECEMBER_S) == TODAY_S


def test_a_month_is_its_days_and_is_made_of_them_anew(store: Store) -> None:
    whole = kept_rows(store)
    with store.write() as connection:
        kept, days = month_and_its_days(connection, DECEMBER_S)
        assert kept == days != {}
        connection.exec_driver_sql("UPDATE tr_activity SET requests = 7 WHERE step = 'month'")
        connection.exec_driver_sql("DELETE FROM tr_activity WHERE step = 'month' AND dimension = 'key'")
        assert month_and_its_days(connection, DECEMBER_S)[0] != days
        for month_s in kept_months(connection):
            remake_month(connection, month_s)

    assert kept_rows(store) == whole


def test_a_day_is_replaced_with_its_hours_and_in_its_month(store: Store) -> None:
    sums = ActivitySums()
    sums.add(entry("1", latency_us=5))

    with store.write() as connection:
        replace_day(connection, TODAY_S, sums.finish().without(lambda slot: slot[0] == "month"))

    with store.read() as connection:
        assert set(kept_of_day(connection, TODAY_S)) == set(sums.sums)
        assert set(speeds_of_day(connection, TODAY_S)) == set(sums.speeds)
        kept, days = month_and_its_days(connection, TODAY_S)
    assert kept == days
    assert kept["month", "all", TODAY_S, ""][0] == 1
