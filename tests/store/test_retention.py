"""Old rows go, and nothing is forgotten."""

from tests.store.entries import NOON_US, entry
from tokenrouter.store.balances import balances_since
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, ledger_page, record
from tokenrouter.store.retention import delete_oldest_rows
from tokenrouter.store.usage import UsageFilter, usage_sums


def test_the_oldest_rows_go_first_and_no_more_than_was_asked_for(store: Store) -> None:
    record(store, [Row(entry(f"{n:02}", started_us=NOON_US + n)) for n in range(10)], {})

    deleted = [delete_oldest_rows(store, NOON_US + 7, lambda _: True, limit=4) for _ in range(3)]

    assert deleted == [4, 3, 0]
    assert [row.id for row in ledger_page(store, LedgerFilter(), limit=10)] == ["09", "08", "07"]
    assert usage_sums(store, UsageFilter()).requests == 10
    with store.read() as connection:
        assert [balance.requests for balance in balances_since(connection, 0)] == [7]


def test_a_row_that_arrives_after_its_time_was_closed_is_counted_too(store: Store) -> None:
    record(store, [Row(entry("01"))], {})
    delete_oldest_rows(store, NOON_US + 1, lambda _: True)

    record(store, [Row(entry("00", started_us=NOON_US - 1))], {})
    delete_oldest_rows(store, NOON_US + 1, lambda _: True)

    with store.read() as connection:
        assert [balance.requests for balance in balances_since(connection, 0)] == [2]
