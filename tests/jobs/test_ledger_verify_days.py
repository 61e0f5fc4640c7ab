import pytest

from tests.jobs.ledgers import DAY_US, NOW_S, Books, priced
from tests.store.entries import NOON_US
from tokenrouter.domain.periods import Period
from tokenrouter.jobs.ledger_verify import repair
from tokenrouter.jobs.ledger_verify_days import Difference
from tokenrouter.jobs.retention import delete_old_rows
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import DAILY_SUMS

SUBJECT = "2026-01-01 key key_alice user ann team physics model acme/small"


@pytest.fixture
def books(store: Store) -> Books:
    books = Books(store)
    books.write([priced("a"), priced("b", status=500), priced("c", started_us=NOON_US - DAY_US)])
    return books


def found_in(books: Books, period: Period | None = None) -> list[Difference]:
    return [one for one in books.verify(period or Period()).differences if one.table == "tr_usage_daily"]


@pytest.mark.parametrize("field", DAILY_SUMS)
def test_a_sum_that_was_changed_is_found_and_repaired(books: Books, field: str) -> None:
    books.change(f"UPDATE tr_usage_daily SET {field} = {field} + 1 WHERE day = '2026-01-01'")

    (found,) = found_in(books)

    assert (found.subject, found.field) == (SUBJECT, field)
    assert found.kept is not None
    assert found.counted == found.kept - 1
    repair(books.store, books.rules, now_s=NOW_S)
    assert not found_in(books)


def test_a_row_of_sums_that_is_missing_is_found_and_repaired(books: Books) -> None:
    books.change("DELETE FROM tr_usage_daily WHERE day = '2026-01-01'")

    found = found_in(books)

    assert {(one.field, one.kept) for one in found} >= {("requests", None), ("failed", None), ("cost_nano_usd", None)}
    assert next(one for one in found if one.field == "requests").counted == 2
    repair(books.store, books.rules, now_s=NOW_S)
    assert not found_in(books)


@pytest.mark.parametrize("day", ["1999-01-01", "2025-12-31", "2026-01-01", "2026-01-02", "2030-01-01"])
def test_sums_of_which_there_are_no_rows_are_found_and_repaired(books: Books, day: str) -> None:
    books.change(
        'INSERT INTO tr_usage_daily (day, key_id, "user", team, provider, model, requests) '
        f"VALUES ('{day}', 'ghost', '', '', 'acme', 'small', 7)"
    )

    assert found_in(books) == [Difference("tr_usage_daily", f"{day} key ghost model acme/small", "requests", 7, None)]
    repair(books.store, books.rules, now_s=NOW_S)
    assert not found_in(books)


def test_a_ledger_row_that_is_missing_is_found(books: Books) -> None:
    books.change("DELETE FROM tr_ledger WHERE id = 'c'")

    assert ("requests", 1, None) in {(one.field, one.kept, one.counted) for one in found_in(books)}


def test_only_whole_days_of_a_period_are_looked_at(books: Books) -> None:
    books.change("UPDATE tr_usage_daily SET requests = 99")

    afternoon = Period(NOON_US, NOON_US + DAY_US)
    assert not found_in(books, afternoon)
    assert {one.subject[:10] for one in found_in(books, Period(NOON_US - DAY_US // 2))} == {"2026-01-01"}


def test_a_balance_that_was_changed_is_found_and_cannot_be_repaired(books: Books) -> None:
    assert delete_old_rows(books.store, days=1, now_s=NOW_S + 86_400) == 1
    assert not found_in(books)
    books.change("UPDATE tr_balances SET output_tokens = output_tokens + 1")

    (found,) = found_in(books)

    assert found.subject.startswith("2025-12 (to 2025-12-31, rows are deleted) key key_alice")
    assert (found.field, found.is_derived) == ("output_tokens", False)
    repair(books.store, books.rules, now_s=NOW_S)
    assert found_in(books) == [found]


def test_sums_of_deleted_rows_that_were_changed_are_found(books: Books) -> None:
    delete_old_rows(books.store, days=1, now_s=NOW_S + 86_400)
    books.change("UPDATE tr_usage_daily SET failed = 1 WHERE day = '2025-12-31'")

    (found,) = found_in(books)

    assert (found.field, found.kept, found.counted, found.is_derived) == ("failed", 1, 0, False)
