"""`/api/v1/ledger`: the requests themselves, newest first, in pages.

Pages are cut by id, not by number: a page stays the same while new rows arrive.
"""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel

from tokenrouter.admin.amounts import Day, usd
from tokenrouter.admin.callers import Grant, needs, within
from tokenrouter.admin.keys import ids_of
from tokenrouter.admin.state import State
from tokenrouter.domain.ledger import EndReason, LedgerEntry
from tokenrouter.store.ledger import MAX_PAGE_ROWS, LedgerFilter, ledger_page

router: Final = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])

DEFAULT_PAGE_ROWS: Final = 100


class Page(BaseModel):
    """Rows, newest first; `next` is the `before` of the page after this one, None at the end."""

    data: list[dict[str, Any]]
    next: str | None


@router.get("")
def read_page(
    state: State,
    grant: Annotated[Grant, needs("ledger.read")],
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_ROWS)] = DEFAULT_PAGE_ROWS,
    before: Annotated[str, Query(description="`next` of the page before.")] = "",
    from_day: Annotated[Day | None, Query(alias="from", description="First UTC day, such as 2026-02-28.")] = None,
    to_day: Annotated[Day | None, Query(alias="to", description="Last UTC day, included.")] = None,
    key: Annotated[str, Query(description="Name or id of a key.")] = "",
    user: str = "",
    team: str = "",
    provider: str = "",
    model: str = "",
    end_reason: EndReason | None = None,
) -> Page:
    """Return one page; empty filters do not restrict."""
    wanted = LedgerFilter(
        within=within(state, grant),
        key_ids=ids_of(state, key) if key else None,
        user=user,
        team=team,
        provider=provider,
        model=model,
        end_reason=end_reason or "",
        since_us=_start_us(from_day) if from_day else 0,
        until_us=_start_us(to_day + timedelta(days=1)) if to_day else None,
        before_id=before,
    )
    rows = ledger_page(state.store, wanted, limit=limit)
    return Page(data=[shown_row(row) for row in rows], next=rows[-1].id if len(rows) == limit else None)


def shown_row(row: LedgerEntry) -> dict[str, Any]:
    """Return a row as JSON has it."""
    fields = asdict(row)
    cost_nano = row.cost_nano_usd
    started = datetime.fromtimestamp(row.started_us / 1e6, UTC).isoformat(timespec="milliseconds")
    return {
        **fields,
        "usage": row.usage._asdict(),
        "decision": json.loads(row.decision) if row.decision else None,
        "started_at": started.replace("+00:00", "Z"),
        "cost_usd": None if cost_nano is None else usd(cost_nano),
    }


def _start_us(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000
