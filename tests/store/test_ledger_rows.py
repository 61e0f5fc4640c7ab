import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, record
from tokenrouter.store.ledger_rows import ledger_pages, snapshot_pages


@pytest.mark.parametrize("page_rows", [1, 2, 3, 7, 100])
def test_every_row_comes_once_in_the_order_of_time_however_pages_are_cut(store: Store, page_rows: int) -> None:
    starts = {"b": 5, "a": 5, "d": 5, "c": 1, "e": 9, "0": 5}
    record(store, [Row(entry(name, started_us=NOON_US + at)) for name, at in starts.items()], {})

    pages = list(ledger_pages(store, LedgerFilter(), page_rows=page_rows))
    with store.read() as connection:
        seen = [row.id for page in snapshot_pages(connection, LedgerFilter(), page_rows=page_rows) for row in page]

    assert [row.id for page in pages for row in page] == seen == ["c", "0", "a", "b", "d", "e"]
    assert all(0 < len(page) <= page_rows for page in pages)


def test_only_what_is_wanted_comes(store: Store) -> None:
    record(store, [Row(entry("a")), Row(entry("b", team="chemistry")), Row(entry("c", started_us=NOON_US + 7))], {})

    def ids(wanted: LedgerFilter) -> list[str]:
        return [row.id for page in ledger_pages(store, wanted) for row in page]

    assert ids(LedgerFilter(team="chemistry")) == ["b"]
    assert ids(LedgerFilter(since_us=NOON_US + 1)) == ["c"]
    assert ids(LedgerFilter(until_us=NOON_US + 7)) == ["a", "b"]
    assert ids(LedgerFilter(key_ids=frozenset({"key_bob"}))) == []


def test_a_row_comes_back_as_it_was_written(store: Store) -> None:
    written = entry("a", chain=("a", "b"), changed="x", count=3)
    record(store, [Row(written)], {})

    assert [row for page in ledger_pages(store, LedgerFilter()) for row in page] == [written]


def test_a_snapshot_does_not_see_what_is_written_meanwhile(store: Store) -> None:
    record(store, [Row(entry("a")), Row(entry("b"))], {})

    with store.read() as connection:
        pages = snapshot_pages(connection, LedgerFilter(), page_rows=1)
        first = next(pages)
        record(store, [Row(entry("c"))], {})
        rest = [row.id for page in pages for row in page]

    assert [first[0].id, *rest] == ["a", "b"]
