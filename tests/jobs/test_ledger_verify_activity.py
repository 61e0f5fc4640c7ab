import pytest

from tests.jobs.ledgers import DAY_US, NOW_S, Books, priced
from tests.store.activities import kept_rows
from tests.store.entries import NOON_US
from tokenrouter.domain.periods import Period
from tokenrouter.jobs.ledger_verify import repair
from tokenrouter.jobs.ledger_verify_days import Difference
from tokenrouter.jobs.retention import delete_old_rows
from tokenrouter.store.engine import Store

TABLES = ("tr_activity", "tr_speeds")


@pytest.fixture
def books(store: Store) -> Books:
    books = Books(store)
    books.write([priced("a"), priced("b", status=500), priced("c", started_us=NOON_US - DAY_US)])
    return books


def found_in(books: Books, period: Period | None = None) -> list[Difference]:
    return [one for one in books.verify(period or Period()).differences if one.table in TABLES]


@pytest.mark.parametrize(
    ("change", "subject", "field"),
    [
        ("tr_activity SET requests = 9 WHERE step = 'hour'", "hour 2025-12-31T12:00Z model acme/small", "requests"),
        (
            "tr_activity SET cost_nano_usd = 9 WHERE step = 'day'",
            "day 2025-12-31T00:00Z model acme/small",
            "cost_nano_usd",
        ),
        ("tr_activity SET failed = 9 WHERE step = 'month'", "month 2025-12-01T00:00Z model acme/small", "failed"),
        ("tr_speeds SET latency_3 = 9 WHERE step = 'day'", "day 2025-12-31T00:00Z model acme/small", "latency_3"),
    ],
)
def test_a_sum_that_was_changed_is_found_and_repaired(books: Books, change: str, subject: str, field: str) -> None:
    right = kept_rows(books.store)
    books.change(f"UPDATE {change} AND dimension = 'model' AND slot_s < {NOON_US // 1_000_000 - 50_000}")

    (found,) = found_in(books)

    assert (found.subject, found.field, found.kept) == (subject, field, 9)
    assert found.is_derived
    repair(books.store, books.rules, now_s=NOW_S)
    assert not found_in(books)
    assert kept_rows(books.store) == right


def test_sums_that_are_missing_are_made_anew(books: Books) -> None:
    right = kept_rows(books.store)
    for table in TABLES:
        books.change(f"DELETE FROM {table}")

    assert {(one.table, one.kept) for one in found_in(books)} == {("tr_activity", None), ("tr_speeds", None)}
    repair(books.store, books.rules, now_s=NOW_S)

    assert not found_in(books)
    assert kept_rows(books.store) == right


@pytest.mark.parametrize("days", [-400, -1, 0, 3])
def test_sums_of_which_there_are_no_rows_are_found_and_repaired(books: Books, days: int) -> None:
    day_s = (NOON_US // DAY_US + days) * 86_400
    books.change(
        f"INSERT INTO tr_activity (step, dimension, slot_s, name, requests) VALUES ('day', 'tool', {day_s}, 'ghost', 7)"
    )

    assert ("requests", 7, None) in {(one.field, one.kept, one.counted) for one in found_in(books)}
    repair(books.store, books.rules, now_s=NOW_S)
    assert not found_in(books)


def test_days_that_do_not_lie_in_the_period_are_not_looked_at(books: Books) -> None:
    books.change("UPDATE tr_activity SET requests = 99")

    assert found_in(books, Period(NOON_US, NOON_US + DAY_US)) == []


def test_what_is_kept_no_longer_is_not_missed(books: Books) -> None:
    old = NOON_US - 60 * DAY_US
    books.write([priced(f"old {n}", started_us=old + n * DAY_US) for n in range(40)])

    for days in (0, 25, 10):
        delete_old_rows(books.store, days=days, now_s=NOW_S, pause=lambda _: None)
        assert found_in(books) == []

    books.write([priced("late", started_us=old)])
    assert found_in(books) == []
