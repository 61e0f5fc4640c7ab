"""A page of the ledger by what no index knows: how requests ended, how long they took, what they cost.

Rows are read from the newest on until a page is full. For what is rare that could be all of a million rows, so so many
are looked at and no more; the page then says how far it has come, and the next one goes on there. Endings other than
the usual are asked for one by one, through their index, so that what failed is found without reading what did not.
Whoever may see rows for more than one reason (their teams', their own) is answered for each reason apart, for the same
cause.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, get_args

from sqlalchemy import Connection, Select, select

from tokenrouter.domain.ledger import DELIVERED, EndReason, LedgerEntry
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import (
    CUT,
    MAX_PAGE_ROWS,
    LedgerFilter,
    Outcome,
    newest_first,
    read_entry,
    row_conditions,
    unindexed_conditions,
)
from tokenrouter.store.ledger_search import each_reach
from tokenrouter.store.schema import tr_ledger

SCANNED_ROWS: Final = 100_000
"""Most rows that are looked at for one page: 50 ms on SQLite."""
_FAILING: Final = frozenset(get_args(EndReason)) - DELIVERED
_REASONS: Final[dict[Outcome, frozenset[str]]] = {"failed": _FAILING, "cut": CUT}
_INDEXED: Final = ("user", "team", "provider", "model", "end_reason", "client_ip", "client_tool", "alias", "error_code")

Place = tuple[int, str]
"""Start and id of a row."""


def scan_page(
    store: Store, wanted: LedgerFilter, *, limit: int, scanned: int = SCANNED_ROWS
) -> tuple[list[LedgerEntry], Place | None]:
    """Return up to `limit` (at most `MAX_PAGE_ROWS`) rows, newest first, and the place up to which was looked.

    The place is None where nothing was left out.
    """
    most = min(limit, MAX_PAGE_ROWS)
    parts = [part for reach in each_reach(wanted) for part in _by_reason(reach)]
    with store.read() as connection:
        floor_us = _floor_us(connection, parts, scanned) if unindexed_conditions(wanted) else None
        since_us = max(wanted.since_us, floor_us or 0)
        found = {
            row["id"]: row
            for part in parts
            for row in connection.execute(newest_first(replace(part, since_us=since_us)).limit(most)).mappings()
        }
    rows = sorted(found.values(), key=lambda row: (row["started_us"], row["id"]), reverse=True)[:most]
    return [read_entry(row) for row in rows], None if floor_us is None else (floor_us, "")


def _by_reason(wanted: LedgerFilter) -> list[LedgerFilter]:
    """Return `wanted` for each way to end, where that is all that is asked: other filters have better indexes."""
    reasons = _REASONS.get(wanted.outcome)
    is_narrow = wanted.key_ids is not None or wanted.within is not None
    if reasons is None or is_narrow or any(getattr(wanted, name) for name in _INDEXED):
        return [wanted]
    return [replace(wanted, end_reason=reason) for reason in sorted(reasons)]


def _floor_us(connection: Connection, parts: Iterable[LedgerFilter], scanned: int) -> int | None:
    """Return the start of the oldest row that may be looked at; None where there are few enough."""
    floors = []
    for part in parts:
        found: int | None = connection.execute(_nth_row(part, scanned)).scalar()
        if found is not None:
            floors.append(found if part.before is None else min(found, part.before[0] - 1))  # so that it goes on
    return max(floors, default=None)


def _nth_row(part: LedgerFilter, number: int) -> Select[Any]:
    """Return the start of the row so far down of those that indexes know; it is read in an index alone, mostly."""
    known = replace(part, outcome="", stream=None, min_cost_nano_usd=0, min_latency_us=0, before=None)
    started = tr_ledger.c.started_us
    query = select(started).where(*row_conditions(known)).order_by(started.desc()).offset(number).limit(1)
    return query if part.before is None else query.where(started <= part.before[0])
