"""`/api/v1/reconciliation`: a vendor's bill beside the ledger, asked from the vendor (GET) or uploaded (POST)."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.ledger_export import From, To, period_of
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.periods import Period, utc_days
from tokenrouter.jobs.reconciliation import DEFAULT_TOLERANCE, days_of, reconcile, shown
from tokenrouter.jobs.reconciliation_fetch import ReportUnavailable, fetch_report
from tokenrouter.providers.reports import ReportLine, ReportReader, known_reports, report_reader
from tokenrouter.upstream.client import UpstreamClient

router: Final = APIRouter(prefix="/api/v1/reconciliation", tags=["ledger"])

MAX_FILE_BYTES: Final = 16 * 2**20
"""A month of 2,000 models and line items a day."""
_CSV_BODY: Final = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}

Name = Annotated[str, Query(alias="provider", description="The provider, by its name.")]
Tolerance = Annotated[Decimal, Query(ge=0, le=100, description="The drift in per cent that is taken for none.")]
Mapped = Annotated[list[str], Query(alias="map", description="THEIRS=OURS: one model of two names; repeatable.")]
Result = TypeVar("Result")


class Side(BaseModel):
    """What one side says; null is what it does not say."""

    cost_usd: str | None
    cost_nano_usd: int | None
    input_tokens: int | None
    output_tokens: int | None
    requests: int | None


class ShownDrift(BaseModel):
    """Theirs less ours, and in per cent of theirs; null where that cannot be said."""

    cost_usd: str | None
    cost_nano_usd: int | None
    cost_percent: str | None
    input_tokens: int | None
    input_tokens_percent: str | None
    output_tokens: int | None
    output_tokens_percent: str | None


class Row(BaseModel):
    """One day and model; `ours` is null when only the vendor has it, `theirs` when only we have."""

    day: str
    model: str
    beyond: bool
    ours: Side | None
    theirs: Side | None
    drift: ShownDrift
    unpriced_requests: int


class Reconciled(BaseModel):
    """All that there is on either side; `beyond`: some drift is larger than what is tolerated."""

    beyond: bool
    rows: list[Row] = Field(description="In the order of day and model.")
    total: Row


@router.get("", responses={404: {}, 409: {}, 502: {}})
async def fetch(
    state: State,
    _grant: Annotated[Grant, needs("reconciliation.read")],
    name: Name,
    since: From,
    until: To,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    mapped: Mapped = [],  # noqa: B006 - never changed
) -> Reconciled:
    """Ask the vendor what it billed on these UTC days, with the provider's `report_key`, and compare."""
    provider, reader = _provider(state, name)
    period = period_of(since, until)
    first, last = _checked(lambda: utc_days(period))
    key = state.settings.report_keys.get(name)
    if key is None:
        raise Problem(409, "no_report_key", f"Provider {name!r} has no report_key; declare one in the configuration.")
    try:
        async with UpstreamClient(state.settings.proxies) as upstream:
            lines = await fetch_report(upstream, provider, key, reader, first, last)
    except ReportUnavailable as error:
        raise Problem(502, "report_unavailable", f"{error}.") from None
    except ValueError as error:
        raise Problem(502, "report_invalid", f"{error}.") from None
    return await run_in_threadpool(_compared, state, name, lines, period, tolerance, mapped)


@router.post("", openapi_extra=_CSV_BODY, responses={413: {}})
async def upload(
    state: State,
    _grant: Annotated[Grant, needs("reconciliation.read")],
    request: Request,
    name: Name,
    file: Annotated[str, Query(max_length=200, description="What messages call the file.")] = "report.csv",
    since: From = "",
    until: To = "",
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    mapped: Mapped = [],  # noqa: B006 - never changed
) -> Reconciled:
    """Compare a CSV file that the vendor exported; the days are those of the file, unless some are named."""
    _, reader = _provider(state, name)
    period = period_of(since, until) if since or until else None
    text = await _text(request)
    lines = await run_in_threadpool(_lines, reader, file, text)
    return await run_in_threadpool(_compared, state, name, lines, period, tolerance, mapped)


def _lines(reader: ReportReader, file: str, text: str) -> list[ReportLine]:
    return _checked(lambda: reader.read_file(file, io.StringIO(text, newline="")))


def _compared(
    state: ControlState,
    name: str,
    lines: list[ReportLine],
    period: Period | None,
    tolerance: Decimal,
    mapped: list[str],
) -> Reconciled:
    names = dict(_pair(text) for text in mapped)
    first, last = _checked(lambda: days_of(period, lines))
    found = _checked(lambda: reconcile(state.store, name, lines, first, last, tolerance=tolerance, names=names))
    told: dict[str, Any] = shown(found)
    return Reconciled.model_validate(told)


def _provider(state: ControlState, name: str) -> tuple[Provider, ReportReader]:
    provider = next((one for one in state.catalog().providers if one.name == name), None)
    if provider is None:
        raise Problem(404, "provider_not_found", "There is no such provider; GET /api/v1/providers lists them.")
    reader = report_reader(provider.kind)
    if reader is None:
        kinds = ", ".join(known_reports())
        raise Problem(409, "no_reports", f"Reports of {provider.kind!r} cannot be read; known are those of {kinds}.")
    return provider, reader


def _pair(text: str) -> tuple[str, str]:
    theirs, equals, ours = text.partition("=")
    if not (theirs and equals and ours):
        raise Problem(422, "invalid_field", "map: write THEIRS=OURS.")
    return theirs, ours


def _checked(work: Callable[[], Result]) -> Result:
    """Return what `work` returns; what it refuses is the caller's mistake, told in its words."""
    try:
        return work()
    except ValueError as error:
        raise Problem(422, "invalid_report", f"{error}.") from None


async def _text(request: Request) -> str:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_FILE_BYTES:
            raise Problem(
                413, "body_too_large", f"The file is larger than {MAX_FILE_BYTES} bytes; upload a part of it."
            )
        parts.append(part)
    try:
        return b"".join(parts).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(422, "invalid_report", "The file is not UTF-8 text.") from None
