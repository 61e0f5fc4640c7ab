"""The rows of one request: an attempt each, of which the last one tells how it was decided."""

from typing import Final

from sqlalchemy import select

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import read_entry
from tokenrouter.store.schema import tr_ledger

MAX_ATTEMPTS: Final = 64
"""More than any request makes: eight places, the last of them asked three times, and those asked beside them."""


def attempts_of(store: Store, request_id: str) -> list[LedgerEntry]:
    """Return the rows of a request, the first attempt first; `request_id` is that of any of its attempts."""
    ids = attempt_ids(request_id)
    with store.read() as connection:
        rows = connection.execute(select(tr_ledger).where(tr_ledger.c.id.in_(ids))).mappings().all()
    return sorted(map(read_entry, rows), key=lambda row: ids.index(row.id))


def attempt_ids(request_id: str) -> list[str]:
    """Return the ids that rows of a request may have; `request_id` is that of any of its attempts."""
    first = request_of(request_id)
    return [first, *(f"{first}.{number}" for number in range(2, MAX_ATTEMPTS + 1))]


def request_of(row_id: str) -> str:
    """Return the id of the request of which `row_id` is an attempt."""
    return row_id.partition(".")[0]


def decision_of(attempts: list[LedgerEntry]) -> str:
    """Return what was decided for a request of these rows, as JSON, as its last attempt knew it; "" for nothing."""
    return next((row.decision for row in reversed(attempts) if row.decision), "")
