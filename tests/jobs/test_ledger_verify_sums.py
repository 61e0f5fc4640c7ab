"""Sums by month are those of their days."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.periods import Period
from tokenrouter.jobs.ledger_verify_sums import check_months
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.migrate import migrate
from tokenrouter.store.usage import UsageFilter, usage_sums

EVER = Period()
MONTH_US = 31 * 86_400_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)
    record(store, [Row(entry(f"{n}", started_us=NOON_US + n * MONTH_US // 2)) for n in range(6)], {})
    yield store
    store.close()


def test_months_that_are_right_are_not_told(store: Store) -> None:
    with store.read() as connection:
        assert list(check_months(connection, EVER)) == []


def test_a_sum_that_is_wrong_and_a_row_that_is_missing_are_told_and_set_right(store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE tr_usage_monthly SET input_tokens = 7 WHERE month = '2026-01'")
        connection.exec_driver_sql("DELETE FROM tr_usage_monthly WHERE month = '2026-02'")
        told = list(check_months(connection, EVER, repairs=True))

    january = [one for one in told if one.subject.startswith("2026-01")]
    assert [(one.field, one.kept, one.counted) for one in january] == [("input_tokens", 7, 20)]
    assert {one.kept for one in told if one.subject.startswith("2026-02")} == {None}
    with store.read() as connection:
        assert list(check_months(connection, EVER)) == []
    assert usage_sums(store, UsageFilter()).usage.input_tokens == 60


def test_only_months_that_lie_in_the_period_are_looked_at(store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE tr_usage_monthly SET input_tokens = 7")
        february_us = NOON_US + MONTH_US - 12 * 3_600_000_000
        told = [list(check_months(connection, Period(since, february_us))) for since in (0, 1, NOON_US)]

        told_already = list(check_months(connection, Period(0, february_us), {"2026-01"}))

    assert [[one.subject[:7] for one in some] for some in told] == [["2026-01"], ["2026-01"], []]
    assert told_already == []
