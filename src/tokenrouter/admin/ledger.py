"""`/api/v1/ledger`: the requests themselves, newest first, in pages.

A page stays the same while new rows arrive (`admin/paging.py`).
"""

import json
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from tokenrouter.admin.amounts import Day, usd
from tokenrouter.admin.callers import Grant, needs, within
from tokenrouter.admin.keys import ids_of
from tokenrouter.admin.paging import CSV, Place, WantedPage, all_pages, checked, csv_file, one_page
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Words
from tokenrouter.domain.ledger import EndReason, LedgerEntry
from tokenrouter.jobs.ledger_export import csv_lines
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.ledger_search import search_ledger

router: Final = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])


class LedgerPage(BaseModel):
    """Rows, newest first; `next` is the `after` of the page after this one, null at the end."""

    data: list[dict[str, Any]]
    next: str | None


@router.get("", response_model=LedgerPage, responses=CSV)
def read_page(
    state: State,
    grant: Annotated[Grant, needs("ledger.read")],
    page: WantedPage,
    from_day: Annotated[Day | None, Query(alias="from", description="First UTC day, such as 2026-02-28.")] = None,
    to_day: Annotated[Day | None, Query(alias="to", description="Last UTC day, included.")] = None,
    key: Annotated[Words, Query(description="Name or id of a key.")] = "",
    user: Words = "",
    team: Words = "",
    provider: Words = "",
    model: Words = "",
    end_reason: EndReason | None = None,
    ip: Words = "",
    tool: Words = "",
    alias: Words = "",
    error: Annotated[Words, Query(description="The code of an error.")] = "",
    q: Annotated[Words, Query(description="A word that is exactly an id of the request, or any of the filters.")] = "",
) -> LedgerPage | StreamingResponse:
    """Return one page, or all rows as CSV with the columns of the export; empty filters do not restrict."""
    wanted = LedgerFilter(
        within=within(state, grant),
        key_ids=ids_of(state, key) if key else None,
        user=user,
        team=team,
        provider=provider,
        model=model,
        end_reason=end_reason or "",
        client_ip=ip,
        client_tool=tool,
        alias=alias,
        error_code=error,
        since_us=_start_us(from_day) if from_day else 0,
        until_us=_start_us(to_day + timedelta(days=1)) if to_day else None,
    )

    def read(after: Place, rows: int) -> list[tuple[tuple[int, str], LedgerEntry]]:
        before = checked(after, int, str) if after else None
        found = _rows(state, replace(wanted, before=before), q, rows)
        return [((row.started_us, row.id), row) for row in found]

    if page.form == "csv":
        return csv_file("ledger", csv_lines(all_pages(read, page.after)))
    rows, after = one_page(read, page)
    return LedgerPage(data=[shown_row(row) for row in rows], next=after)


def _rows(state: ControlState, wanted: LedgerFilter, word: str, rows: int) -> list[LedgerEntry]:
    if word:
        return search_ledger(state.store, wanted, word, ids_of(state, word), limit=rows)
    return ledger_page(state.store, wanted, limit=rows)


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
