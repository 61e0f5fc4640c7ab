"""`/api/v1/ledger/export` and `/verify`: the books as a file, and whether they are right.

Both look at as many rows as there are, so one streams and the other stops when its time is up.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from tokenrouter.admin.callers import Grant, needs, within
from tokenrouter.admin.keys import ids_of
from tokenrouter.admin.paging import csv_file
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import State
from tokenrouter.domain.periods import Period, parse_period
from tokenrouter.jobs.ledger_export import columns_of, csv_lines
from tokenrouter.jobs.ledger_verify import rules_of, verify
from tokenrouter.store.ledger import LedgerFilter
from tokenrouter.store.ledger_rows import ledger_pages

router: Final = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])

MAX_TOLD: Final = 100
"""Differences in one answer; `torod ledger verify` tells all."""
USUAL_DAYS: Final = 7
"""How far back is looked when nobody says: enough for a mark in the UI, and a second's work in most ledgers."""
DAY_US: Final = 86_400_000_000

From = Annotated[str, Query(alias="from", description="First day, such as 2026-11-01, or a date and time.")]
To = Annotated[str, Query(alias="to", description="Last day, included, or a date and time.")]
Zone = Annotated[str, Query(description="The time zone of these days, such as Europe/Berlin.")]


class ShownDifference(BaseModel):
    """One figure that is not what the rows say; `kept` is null where there is no such row, `counted` likewise."""

    table: str
    subject: str
    field: str
    kept: int | None
    counted: int | None


class Verification(BaseModel):
    """What was found; without `complete` time was up, and only older rows were looked at.

    `count` is the number of all differences, `differences` are the first hundred.
    """

    ok: bool
    complete: bool
    count: int
    differences: list[ShownDifference]
    rows: int
    days: int
    months: int
    counters: int
    costs: int
    priced_otherwise: int
    unpriced_rows: int
    unchecked_limits: int


@router.get("/verify")
def read_verification(
    state: State,
    _grant: Annotated[Grant, needs("ledger.verify")],
    since: From = "",
    until: To = "",
    tz: Zone = "UTC",
    seconds: Annotated[float, Query(gt=0, le=30, description="The longest that it may take.")] = 5.0,
) -> Verification:
    """Compare daily sums, use of limits and costs with the rows they come from; the last week, unless days are named.

    Limits that need older rows than those are not compared.
    """
    period = period_of(since, until, tz=tz)
    if not since and not until:
        today_us = int(state.clock()) // 86_400 * DAY_US
        period = Period(today_us - (USUAL_DAYS - 1) * DAY_US)
    rules = rules_of(state.catalog(), state.directory().price)
    found = verify(state.store, rules, period, now_s=state.clock(), longest_s=seconds)
    return Verification(
        ok=found.is_complete and not found.count,
        complete=found.is_complete,
        count=found.count,
        differences=[
            ShownDifference(table=one.table, subject=one.subject, field=one.field, kept=one.kept, counted=one.counted)
            for one in found.differences[:MAX_TOLD]
        ],
        rows=found.rows,
        days=found.days,
        months=found.months,
        counters=found.counters,
        costs=found.costs,
        priced_otherwise=found.priced_otherwise,
        unpriced_rows=found.unpriced_rows,
        unchecked_limits=found.unchecked_limits,
    )


@router.get("/export", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def export_rows(
    state: State,
    grant: Annotated[Grant, needs("ledger.read")],
    since: From = "",
    until: To = "",
    month: Annotated[str, Query(description="A whole month instead, such as 2026-11.")] = "",
    tz: Zone = "UTC",
    columns: Annotated[str, Query(description="Only these columns, in this order, with commas between them.")] = "",
    key: Annotated[str, Query(description="Name or id of a key.")] = "",
    user: str = "",
    team: str = "",
    provider: str = "",
    model: str = "",
) -> StreamingResponse:
    """Return the rows of a period as CSV, oldest first; empty filters do not restrict."""
    period = period_of(since, until, month=month, tz=tz)
    try:
        wanted_columns = columns_of(name.strip() for name in columns.split(",") if name.strip())
    except ValueError as error:
        raise Problem(422, "invalid_field", f"columns: {error}") from None
    wanted = LedgerFilter(
        within=within(state, grant),
        key_ids=ids_of(state, key) if key else None,
        user=user,
        team=team,
        provider=provider,
        model=model,
        since_us=period.since_us,
        until_us=period.until_us,
    )
    text = csv_lines(ledger_pages(state.store, wanted), wanted_columns)
    return csv_file("ledger", text)


def period_of(since: str, until: str, *, month: str = "", tz: str = "UTC") -> Period:
    """Return the period that a question names.

    Raises:
        Problem: it is none.
    """
    try:
        return parse_period(since, until, month=month, tz=tz)
    except ValueError as error:
        raise Problem(422, "invalid_field", f"{error}.") from None
