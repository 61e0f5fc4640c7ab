"""`torod ledger reconcile`: what a vendor says that it billed, beside what the ledger says."""

import json
import sys
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import click

from tokenrouter.cli.opening import CONFIG, JSON, counted, fail, open_database

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings
    from tokenrouter.domain.catalog import Provider
    from tokenrouter.domain.periods import Period
    from tokenrouter.jobs.reconciliation import Comparison, Reconciliation
    from tokenrouter.providers.reports import ReportLine, ReportReader
    from tokenrouter.store.engine import Store

DRIFTS = 1
COULD_NOT_COMPARE = 2


@click.command("reconcile")
@click.option("--provider", "name", required=True, help="The provider, by its name in the configuration.")
@click.option("--report", "files", metavar="FILE", multiple=True, help="A CSV file of the vendor; repeatable.")
@click.option("--fetch", "fetches", is_flag=True, help="Ask the vendor instead, with the provider's report_key.")
@click.option("--from", "since", default="", metavar="DAY", help="The first UTC day, such as 2026-11-01.")
@click.option("--to", "until", default="", metavar="DAY", help="The last UTC day, included.")
@click.option("--month", default="", help="A whole UTC month, such as 2026-11, instead.")
@click.option("--tolerance", default="0.5%", show_default=True, help="The drift that is taken for none.")
@click.option("--map", "mapped", metavar="THEIRS=OURS", multiple=True, help="One model of two names; repeatable.")
@JSON
@CONFIG
def reconcile(
    name: str,
    files: tuple[str, ...],
    fetches: bool,
    since: str,
    until: str,
    month: str,
    tolerance: str,
    mapped: tuple[str, ...],
    as_json: bool,
    config: str | None,
) -> None:
    """Compare a vendor's cost report with the ledger, by day and model.

    Ends with 0 when no drift is larger than the tolerance, 1 when one is, and 2 when they could not be compared.
    Without days, those of the files are taken.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from tokenrouter.jobs.reconciliation import Reconciliation, days_of, shown
    from tokenrouter.jobs.reconciliation import reconcile as compare
    from tokenrouter.jobs.reconciliation_fetch import ReportUnavailable
    from tokenrouter.providers.reports import ReportInvalid

    if bool(files) == fetches:
        fail("say either --report FILE or --fetch", code=COULD_NOT_COMPARE)
    found: Reconciliation
    try:
        per_cent, names = _per_cent(tolerance), _names(mapped)
        period = _period(since, until, month)
        settings, store = _open(config)
        provider, reader = _provider(settings, name)
        lines = _fetched(settings, provider, reader, period) if fetches else _read(reader, files)
        first, last = days_of(period, lines)
        found = compare(store, name, lines, first, last, tolerance=per_cent, names=names)
    except (ValueError, ReportInvalid, ReportUnavailable, OSError, SQLAlchemyError) as error:
        fail(str(error), code=COULD_NOT_COMPARE)
    if as_json:
        click.echo(json.dumps(shown(found)))
    else:
        _tell(found)
    sys.exit(DRIFTS if found.beyond else 0)


def _open(config: str | None) -> "tuple[Settings, Store]":
    try:
        return open_database(config)
    except SystemExit:
        sys.exit(COULD_NOT_COMPARE)


def _per_cent(text: str) -> Decimal:
    try:
        per_cent = Decimal(text.strip().removesuffix("%"))
    except InvalidOperation:
        per_cent = Decimal("NaN")
    if not per_cent.is_finite() or per_cent < 0:
        raise ValueError(f"the tolerance {text!r} is no share; write it like 0.5%")
    return per_cent


def _names(mapped: Iterable[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in mapped]
    for theirs, equals, ours in pairs:
        if not (theirs and equals and ours):
            raise ValueError(f"--map {theirs!r} is not THEIRS=OURS")
    return {theirs: ours for theirs, _, ours in pairs}


def _period(since: str, until: str, month: str) -> "Period | None":
    from tokenrouter.domain.periods import parse_period

    return parse_period(since, until, month=month) if since or until or month else None


def _provider(settings: "Settings", name: str) -> "tuple[Provider, ReportReader]":
    from tokenrouter.domain.limit_text import suggestion
    from tokenrouter.providers.reports import known_reports, report_reader

    known = {provider.name: provider for provider in settings.providers}
    provider = known.get(name)
    if provider is None:
        raise ValueError(f"there is no provider {name!r}; {suggestion(name, tuple(known)) if known else 'declare it'}")
    reader = report_reader(provider.kind)
    if reader is None:
        kinds = ", ".join(known_reports())
        raise ValueError(f"reports of provider {name!r} ({provider.kind}) cannot be read; known are those of {kinds}")
    return provider, reader


def _read(reader: "ReportReader", files: Iterable[str]) -> "list[ReportLine]":
    lines: list[ReportLine] = []
    for name in files:
        with open(name, encoding="utf-8-sig", newline="") as file:
            lines += reader.read_file(name, file)
    return lines


def _fetched(
    settings: "Settings", provider: "Provider", reader: "ReportReader", period: "Period | None"
) -> "list[ReportLine]":
    import asyncio

    from tokenrouter.domain.periods import Period, utc_days
    from tokenrouter.jobs.reconciliation_fetch import fetch_report
    from tokenrouter.upstream.client import UpstreamClient

    first, last = utc_days(period or Period())
    key = settings.report_keys.get(provider.name)
    if key is None:
        raise ValueError(f'provider {provider.name!r} has no report_key; declare one, such as report_key = "env:NAME"')

    async def ask() -> list["ReportLine"]:
        async with UpstreamClient(settings.proxies) as upstream:
            return await fetch_report(upstream, provider, key, reader, first, last)

    return asyncio.run(ask())


_HEAD = ("day", "model", *(part for name in ("cost", "input", "output") for part in (name, "theirs", "drift", "%")))


def _tell(found: "Reconciliation") -> None:
    """Print a table; rows that drift further than is tolerated have a mark."""
    rows = [_HEAD, *(_cells(row, row.day) for row in found.rows), _cells(found.total, "total")]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if found.rows else ():
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        cells[:2] = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        click.echo("  ".join(cells).rstrip())
    if found.total.unpriced_requests:
        click.echo(f"{counted(found.total.unpriced_requests, 'request')} of ours had no price.")
    beyond = sum(row.beyond for row in found.rows)
    words = f"{counted(beyond, 'row')} drifted further than is tolerated (!)." if beyond else "Nothing drifted."
    click.echo(words if found.rows else "Neither side used anything.")


def _cells(row: "Comparison", day: str) -> tuple[str, ...]:
    ours, theirs = row.ours, row.theirs
    cells = [day, row.model + (" !" if row.beyond else "")]
    for name, drift in (
        ("cost_nano_usd", row.cost),
        ("input_tokens", row.input_tokens),
        ("output_tokens", row.output_tokens),
    ):
        figures = [None if side is None else getattr(side, name) for side in (ours, theirs)]
        figures.append(None if drift is None else drift.absolute)
        cells += [_figure(figure, is_money=name == "cost_nano_usd") for figure in figures]
        cells.append("-" if drift is None or drift.percent is None else f"{drift.percent:+.3f}")
    return tuple(cells)


def _figure(figure: int | None, *, is_money: bool) -> str:
    from tokenrouter.jobs.ledger_export import usd_text

    if figure is None:
        return "-"
    return usd_text(figure) if is_money else str(figure)
