"""`/api/v1/ledger`: the requests themselves, newest first, in pages.

A page stays the same while new rows arrive (`admin/paging.py`).
"""

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from tokenrouter.admin.callers import Grant, needs, within
from tokenrouter.admin.ledger_bodies import LedgerPage, LedgerRow, shown_row
from tokenrouter.admin.ledger_question import Question, WantedRows
from tokenrouter.admin.paging import CSV, Place, Reader, WantedPage, all_pages, checked, csv_file, cursor
from tokenrouter.admin.permissions import reach_of
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.jobs.ledger_export import csv_lines
from tokenrouter.store.conversation_pages import conversations_of
from tokenrouter.store.decisions import request_of
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.ledger_scan import scan_page
from tokenrouter.store.ledger_search import search_ledger

router: Final = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])


@router.get("", response_model=LedgerPage, responses=CSV)
def read_page(
    state: State, grant: Annotated[Grant, needs("ledger.read")], page: WantedPage, asked: WantedRows
) -> LedgerPage | StreamingResponse:
    """Return one page, or all rows as CSV with the columns of the export; empty filters do not restrict."""
    wanted = replace(asked.wanted, within=within(state, grant))
    if page.form == "csv":
        return csv_file("ledger", csv_lines(all_pages(_reader(state, asked, wanted), page.after)))
    wanted = replace(wanted, before=_before(page.after))
    found, stopped = _rows(state, asked, wanted, page.rows + 1)
    rows = found[: page.rows]
    after = _place(rows[-1]) if len(found) > page.rows else stopped
    data = shown_rows(state, grant, rows)
    return LedgerPage.model_construct(data=data, next=None if after is None else cursor(after))


def shown_rows(state: ControlState, grant: Grant, rows: list[LedgerEntry]) -> list[LedgerRow]:
    """Return rows that the caller may read, with the conversations that they may read too."""
    may_read = reach_of("conversations.read", grant.caller.role) != "-"
    kept = conversations_of(state.store, {request_of(row.id) for row in rows}) if rows and may_read else {}
    return [shown_row(row, kept.get(request_of(row.id))) for row in rows]


def _rows(
    state: ControlState, asked: Question, wanted: LedgerFilter, rows: int
) -> tuple[list[LedgerEntry], tuple[int, str] | None]:
    """Return rows, and where they stopped being looked for."""
    if asked.word:
        return search_ledger(state.store, wanted, asked.word, asked.word_key_ids, limit=rows), None
    return scan_page(state.store, wanted, limit=rows)


def _reader(state: ControlState, asked: Question, wanted: LedgerFilter) -> Reader[LedgerEntry]:
    """Return the list of all rows: a file has them all, however long it takes to find the next one."""

    def read(after: Place, rows: int) -> list[tuple[Place, LedgerEntry]]:
        part = replace(wanted, before=_before(after))
        if asked.word:
            found = search_ledger(state.store, part, asked.word, asked.word_key_ids, limit=rows)
        else:
            found = ledger_page(state.store, part, limit=rows)
        return [(_place(row), row) for row in found]

    return read


def _before(after: Place) -> tuple[int, str] | None:
    return checked(after, int, str) if after else None


def _place(row: LedgerEntry) -> tuple[int, str]:
    return row.started_us, row.id
