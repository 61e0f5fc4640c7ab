"""`torod roster`: a class list becomes teams, people, a key and a limit each; a running server follows.

It works on the database itself, with or without a server, by the same rules as the admin API.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tokenrouter.cli.opening import CONFIG, JSON, counted, fail, open_database

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings
    from tokenrouter.domain.roster import Roster
    from tokenrouter.jobs.roster import Declared, RosterOutcome


@click.group()
def roster() -> None:
    """Make teams, people, keys and limits from a class list, and bring them up to date; see docs/classroom.md."""


@roster.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Show what would happen, and change nothing.")
@click.option("--team", default="", help="The team of lines that name none.")
@click.option("--disable-gone", is_flag=True, help="Switch off who is in the teams of the list and not in the list.")
@click.option("--enable-listed", is_flag=True, help="Switch on again who is in the list and switched off.")
@click.option("--slips", "slips_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to print.")
@click.option("--paper", type=click.Choice(["a4", "letter"]), default="a4", show_default=True)
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the keys as a table.")
@click.option("--base-url", metavar="URL", help="What is printed on slips, in place of $PUBLIC_API_URL or our address.")
@JSON
@CONFIG
def import_command(
    file: Any,
    dry_run: bool,
    slips_file: Path | None,
    paper: Any,
    csv_file: Path | None,
    base_url: str | None,
    as_json: bool,
    config: str | None,
    **wishes: Any,
) -> None:
    """Import the class list FILE (CSV), all of it or nothing. Keys that it makes are written this once.

    The first line names the columns: name, and as you like email, team, quota and models.
    """
    from tokenrouter.config.keyfile import load_or_create_secret, pepper
    from tokenrouter.domain.roster import MAX_ROSTER_BYTES, read_roster
    from tokenrouter.jobs.roster import RosterWishes, import_roster

    for place in (slips_file, csv_file):
        if place is not None and place.exists():
            fail(f"{place} is there already; nothing was imported")
    said = read_roster(file.read(MAX_ROSTER_BYTES + 1))
    _end_with_mistakes(said)
    settings, store = open_database(config)
    outcome = import_roster(
        store,
        said,
        RosterWishes(**wishes),
        _declared(settings),
        pepper=pepper(load_or_create_secret(settings)),
        now_s=time.time(),
        dry_run=dry_run,
    )
    _end_with_mistakes(outcome)
    if not dry_run:
        _write_out(settings, outcome, slips_file, csv_file, paper, base_url)
    _tell(outcome, dry_run=dry_run, as_json=as_json, keys_are_told=slips_file is None and csv_file is None)


def _end_with_mistakes(said: "Roster | RosterOutcome") -> None:
    for mistake in said.mistakes:
        click.echo(str(mistake), err=True)
    if said.mistakes:
        fail(f"the list has {counted(len(said.mistakes), 'mistake')}; nothing was imported")


def _declared(settings: "Settings") -> "Declared":
    from tokenrouter.jobs.catalog_builder import declared_key
    from tokenrouter.jobs.roster import Declared

    return Declared([declared_key(key, b"") for key in settings.keys], settings.teams, settings.limits)


def _write_out(
    settings: "Settings",
    outcome: "RosterOutcome",
    slips_file: Path | None,
    csv_file: Path | None,
    paper: Any,
    base_url: str | None,
) -> None:
    from tokenrouter.admin.slips import Handout, handouts_csv, slips_page
    from tokenrouter.cli.listening import own_url
    from tokenrouter.jobs.shown_address import is_for_this_machine_only, url_for_others

    new = [Handout(one.name, one.key, one.email, one.team, one.quota_tokens) for one in outcome.people if one.key]
    address = base_url or settings.public_url or f"{url_for_others(own_url(settings))}/v1"
    if new and (slips_file or csv_file) and is_for_this_machine_only(address):
        told = "the address that is handed out leads nobody here from another machine"
        click.echo(f"note: {address}: {told}; say --base-url, or public_url in the configuration", err=True)
    models = (f"{one.name}/{one.models[0]}" for one in settings.providers if one.enabled and one.models)
    model = next(models, "provider/model")
    _write(slips_file, lambda: slips_page(new, base_url=address, model=model, paper=paper))
    _write(csv_file, lambda: handouts_csv(new, base_url=address))


def _write(place: Path | None, made: Callable[[], str]) -> None:
    """Write a file that nobody else can read: it holds keys."""
    if place is None:
        return
    try:
        with open(
            os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
        ) as file:
            file.write(made())
    except OSError as error:
        click.echo(f"torod: {place} cannot be written: {error}; the keys are here:", err=True)
        click.echo(made())


def _tell(outcome: "RosterOutcome", *, dry_run: bool, as_json: bool, keys_are_told: bool) -> None:
    if as_json:
        click.echo(json.dumps(_shown(outcome, dry_run=dry_run)))
        return
    for note in outcome.notes:
        click.echo(f"note: {note}", err=True)
    for team in outcome.new_teams:
        click.echo(f"team {team}: is new", err=True)
    for person in outcome.people:
        click.echo(f"line {person.number}: {person.name}: {', '.join(person.changes) or 'as before'}", err=True)
        if person.key and keys_are_told:
            click.echo(f"{person.name}\t{person.key}")
    for name in outcome.gone:
        word = "is gone, and switched off" if name in outcome.disabled else "is gone from the list"
        click.echo(f"{name}: {word}", err=True)
    if dry_run:
        click.echo("This was a dry run: nothing has changed.", err=True)


def _shown(outcome: "RosterOutcome", *, dry_run: bool) -> dict[str, Any]:
    from dataclasses import asdict

    people = [{"line": one.pop("number"), **one} for one in map(asdict, outcome.people)]
    rest = {name: list(getattr(outcome, name)) for name in ("new_teams", "gone", "disabled", "notes")}
    return {"dry_run": dry_run, "people": people, **rest}
