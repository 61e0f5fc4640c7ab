"""`torod ledger`: whether the books are right, the books as a table, and the books beside those of a vendor.

It works on the database itself, with or without a server. What a server's journals still hold is in none of it.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from tokenrouter.cli.opening import CONFIG, JSON, counted, fail, open_database
from tokenrouter.cli.reconcile import reconcile

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings
    from tokenrouter.domain.catalog import Catalog
    from tokenrouter.domain.periods import Period
    from tokenrouter.jobs.ledger_export import Column
    from tokenrouter.jobs.ledger_verify import Findings, Rules
    from tokenrouter.store.engine import Store
    from tokenrouter.store.ledger import LedgerFilter

DIFFERS = 1
COULD_NOT_LOOK = 2


@click.group()
def ledger() -> None:
    """Check, export and reconcile the books."""


ledger.add_command(reconcile)


@ledger.command("verify")
@click.option("--since", default="", metavar="DAY", help="The first day, such as 2026-11-01, or a date and time.")
@click.option("--until", default="", metavar="DAY", help="The last day, included.")
@click.option("--tz", default="UTC", show_default=True, help="The time zone of these days.")
@click.option("--repair", "repairs", is_flag=True, help="Set sums and use of limits right, as the rows say.")
@JSON
@CONFIG
def verify_command(since: str, until: str, tz: str, repairs: bool, as_json: bool, config: str | None) -> None:
    """Compare daily sums, use of limits and costs with the rows they come from.

    Ends with 0 when nothing differs, 1 when something does (also after --repair, when rows themselves are wrong), and 2
    when it could not look.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from tokenrouter.jobs.ledger_verify import repair, verify
    from tokenrouter.journal.reader import damaged_files

    period = _period(since, until, tz=tz)
    settings, store = _open(config)
    rules = _rules(settings, store)
    now_s = time.time()
    try:
        found = repair(store, rules, period, now_s=now_s) if repairs else verify(store, rules, period, now_s=now_s)
    except SQLAlchemyError as error:
        fail(f"the database cannot be read: {getattr(error, 'orig', None) or error}", code=COULD_NOT_LOOK)
    left = found.lasting if repairs else found.count
    damaged = [str(path) for path in damaged_files(settings.paths.state_dir / "journal")]
    if as_json:
        repaired = found.count - left if repairs else 0
        click.echo(json.dumps({**asdict(found), "repaired": repaired, "damaged_journals": damaged}))
    else:
        _tell(found, repairs=repairs, left=left)
        for path in damaged:
            click.echo(f"{path} could not be read to its end: the ledger may lack what only it holds.")
    sys.exit(DIFFERS if left else 0)


def _tell(found: "Findings", *, repairs: bool, left: int) -> None:
    for one in found.differences:
        kept, said = _shown(one.kept), _shown(one.counted)
        click.echo(f"{one.table}: {one.subject}: {one.field}: kept {kept}, the rows say {said}")
    if found.count > len(found.differences):
        click.echo(f"… and {found.count - len(found.differences)} more")
    looked = ", ".join(
        counted(number, noun)
        for number, noun in (
            (found.rows, "row"),
            (found.days, "day"),
            (found.months, "month without rows"),
            (found.counters, "counter"),
            (found.costs, "cost"),
        )
        if number or noun == "row"
    )
    click.echo(f"Looked at {looked}: {counted(found.count, 'difference') if found.count else 'nothing differs'}.")
    for number, words in (
        (found.priced_otherwise, "priced otherwise than today, so their cost was not worked out again"),
        (found.unpriced_rows, "without a price"),
    ):
        if number:
            click.echo(f"{counted(number, 'row')} {words}.")
    if found.unchecked_limits:
        click.echo(f"{counted(found.unchecked_limits, 'limit or counter')} could not be compared.")
    if repairs and found.count:
        click.echo(
            f"Set {found.count - left} of them right" + (f"; {left} stay: rows are never changed." if left else ".")
        )


def _shown(figure: int | None) -> str:
    return "nothing" if figure is None else str(figure)


@ledger.command("export")
@click.option(
    "--from", "since", default="", metavar="DAY", help="The first day, such as 2026-11-01, or a date and time."
)
@click.option("--to", "until", default="", metavar="DAY", help="The last day, included.")
@click.option("--month", default="", help="A whole month, such as 2026-11, instead.")
@click.option("--tz", default="UTC", show_default=True, help="The time zone of these days.")
@click.option("--csv", "form", flag_value="csv", default="csv", help="Comma-separated values; so it is anyway.")
@click.option("--parquet", "form", flag_value="parquet", help="A Parquet file; wants tokenrouter[parquet].")
@click.option("--output", metavar="FILE", help="Where to; standard output, when left out.")
@click.option("--columns", default="", metavar="A,B,…", help="Only these columns, in this order.")
@click.option("--key", default="", help="Only requests of this key, by name or id.")
@click.option("--team", default="", help="Only requests of this team.")
@click.option("--user", default="", help="Only requests of this person.")
@click.option("--provider", default="", help="Only requests to this provider.")
@click.option("--model", default="", help="Only requests for this model.")
@CONFIG
def export_command(
    since: str,
    until: str,
    month: str,
    tz: str,
    form: str,
    output: str | None,
    columns: str,
    key: str,
    team: str,
    user: str,
    provider: str,
    model: str,
    config: str | None,
) -> None:
    """Write the requests of a period as a table, oldest first."""
    from tokenrouter.jobs.ledger_export import columns_of
    from tokenrouter.store.ledger import LedgerFilter

    period = _period(since, until, month=month, tz=tz)
    try:
        wanted_columns = columns_of(name.strip() for name in columns.split(",") if name.strip())
    except ValueError as error:
        fail(str(error), code=COULD_NOT_LOOK)
    settings, store = _open(config)
    wanted = LedgerFilter(
        key_ids=_key_ids(settings, store, key) if key else None,
        user=user,
        team=team,
        provider=provider,
        model=model,
        since_us=period.since_us,
        until_us=period.until_us,
    )
    if form == "parquet":
        _export_parquet(store, wanted, wanted_columns, output)
    else:
        _export_csv(store, wanted, wanted_columns, output)


def _export_csv(store: "Store", wanted: "LedgerFilter", columns: "tuple[Column, ...]", output: str | None) -> None:
    from tokenrouter.jobs.ledger_export import csv_lines
    from tokenrouter.store.ledger_rows import ledger_pages

    with _target(output) as file:
        for text in csv_lines(ledger_pages(store, wanted), columns):
            file.write(text.encode())


def _export_parquet(store: "Store", wanted: "LedgerFilter", columns: "tuple[Column, ...]", output: str | None) -> None:
    from tokenrouter.store.ledger_rows import ledger_pages

    if output is None:
        fail("a Parquet file is not for a terminal: say --output FILE", code=2)
    try:
        from tokenrouter.jobs.ledger_export_parquet import write_parquet
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("pyarrow"):
            raise
        fail("--parquet wants Apache Arrow, which is not installed: pip install 'tokenrouter[parquet]'", code=2)
    with _target(output) as file:
        write_parquet(ledger_pages(store, wanted), file, columns)


@contextmanager
def _target(output: str | None) -> Iterator[IO[bytes]]:
    """Yield where to write; a file is there only when it is whole, and readable by its owner only."""
    if output is None:
        yield sys.stdout.buffer
        return
    path = Path(output)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror or error}", code=COULD_NOT_LOOK)
    finally:
        unfinished.unlink(missing_ok=True)


def _period(since: str, until: str, *, month: str = "", tz: str = "UTC") -> "Period":
    from tokenrouter.domain.periods import parse_period

    try:
        return parse_period(since, until, month=month, tz=tz)
    except ValueError as error:
        fail(str(error), code=COULD_NOT_LOOK)


def _open(config: str | None) -> "tuple[Settings, Store]":
    """Return the settings and the open database; without them nothing can be said about the books."""
    try:
        return open_database(config)
    except SystemExit:
        sys.exit(COULD_NOT_LOOK)


def _rules(settings: "Settings", store: "Store") -> "Rules":
    from tokenrouter.gateway.directory import Directory
    from tokenrouter.jobs.ledger_verify import rules_of

    catalog = _catalog(settings, store)
    return rules_of(catalog, Directory(catalog, b"").price)


def _catalog(settings: "Settings", store: "Store") -> "Catalog":
    from tokenrouter.config.keyfile import load_or_create_secret, pepper
    from tokenrouter.jobs.catalog_builder import build_catalog
    from tokenrouter.jobs.pricing_cache import FILE_NAME, read_cache
    from tokenrouter.store.keys import list_keys
    from tokenrouter.store.limits import list_limits

    return build_catalog(
        settings,
        list_keys(store),
        {},
        pepper(load_or_create_secret(settings)),
        stored_limits=[stored.limit for stored in list_limits(store)],
        gathered_prices=read_cache(settings.paths.cache_dir / FILE_NAME).prices(),
    )


def _key_ids(settings: "Settings", store: "Store", name: str) -> frozenset[str]:
    """Return the ids of the keys of this name or id; a key that is gone is known by its id."""
    ids = (key.id for key in _catalog(settings, store).keys if key.name == name)
    return frozenset({name, *ids})
