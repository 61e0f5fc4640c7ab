"""Deleting old ledger rows, a few at a time, with nothing forgotten that a sum needs.

The daily sums stay, and what limits have used; what the rows themselves could still be asked for goes into balances.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import delete, select

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.store.balances import add_to_balances
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import read_entry
from tokenrouter.store.schema import tr_ledger

MAX_ROWS: Final = 500
"""Rows of one transaction: other writers wait for some tens of milliseconds."""


def delete_oldest_rows(
    store: Store, before_us: int, was_admitted: Callable[[LedgerEntry], bool], *, limit: int = MAX_ROWS
) -> int:
    """Sum up the oldest rows that began before `before_us` in balances, and delete them; return how many.

    `was_admitted` says of a row whether its request got past its limits.
    """
    columns = tr_ledger.c
    oldest = select(tr_ledger).where(columns.started_us < before_us).order_by(columns.started_us).limit(limit)
    with store.write() as connection:
        entries = [read_entry(row) for row in connection.execute(oldest).mappings()]
        if entries:
            add_to_balances(connection, entries, was_admitted)
            connection.execute(delete(tr_ledger).where(columns.id.in_([entry.id for entry in entries])))
    return len(entries)
