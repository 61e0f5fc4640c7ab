"""The ledger's rows in the order of time, as many as there are: for exports, and for checking what they sum up to.

Pages are cut by start and id together: they follow the index on the start, so that a month costs the same
in a ledger of one year as in one of ten, and the id settles the order of rows of one microsecond. No driver is
trusted not to hold the whole result.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, or_, select

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, read_entry, row_conditions
from tokenrouter.store.schema import tr_ledger

PAGE_ROWS: Final = 2000
"""Rows held at once: some 4 MB of them."""

_START: Final = (-1, "")


def ledger_pages(store: Store, wanted: LedgerFilter, *, page_rows: int = PAGE_ROWS) -> Iterator[list[LedgerEntry]]:
    """Yield the rows, oldest first, in pages, each in a transaction of its own; so a slow reader holds nothing up."""
    last: tuple[int, str] = _START
    while True:
        with store.read() as connection:
            page = _page(connection, wanted, last, page_rows)
        if page:
            yield page
            last = (page[-1].started_us, page[-1].id)
        if len(page) < page_rows:
            return


def snapshot_pages(
    connection: Connection, wanted: LedgerFilter, *, page_rows: int = PAGE_ROWS
) -> Iterator[list[LedgerEntry]]:
    """Yield the rows, oldest first, in pages, all of them as the transaction of `connection` sees them."""
    last: tuple[int, str] = _START
    while page := _page(connection, wanted, last, page_rows):
        yield page
        last = (page[-1].started_us, page[-1].id)


def _page(connection: Connection, wanted: LedgerFilter, last: tuple[int, str], rows: int) -> list[LedgerEntry]:
    columns = tr_ledger.c
    started_us, entry_id = last
    after = (columns.started_us >= started_us, or_(columns.started_us > started_us, columns.id > entry_id))
    query = (
        select(tr_ledger).where(*row_conditions(wanted), *after).order_by(columns.started_us, columns.id).limit(rows)
    )
    return [read_entry(row) for row in connection.execute(query).mappings()]
