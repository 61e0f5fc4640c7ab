"""`torod import`: moving in from another gateway, with the keys that its clients have."""

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import click

from tokenrouter.cli.opening import CONFIG, JSON, counted, fail, open_database

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings
    from tokenrouter.imports.found import LeftBehind
    from tokenrouter.imports.outcome import Installation, Outcome

KINDS: Final = ("tokenrouter-go", "llm-proxy", "classroom", "tokentracer", "litellm", "one-api")
COUNTED: Final = ("teams", "users", "keys", "limits", "providers", "aliases", "prices", "requests")
ENCRYPTION_KEY: Final = "TOKENTRACER_ENCRYPTION_KEY"


@click.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("source", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Do everything, say what it comes to, and undo it.")
@click.option("--prefix", default="", metavar="TEXT", help="Put TEXT before the names of teams, users and keys.")
@click.option("--skip-conflicts", is_flag=True, help="Leave out what is here under the same name and is another.")
@click.option("--tz", default="UTC", metavar="ZONE", help="The zone of times that name none, such as Europe/Berlin.")
@click.option(
    "--encryption-key",
    default="",
    envvar=ENCRYPTION_KEY,
    metavar="KEY",
    help=f"TokenTracer's ENCRYPTION_KEY; better given as ${ENCRYPTION_KEY}.",
)
@JSON
@CONFIG
def import_command(
    kind: str,
    source: tuple[str, ...],
    dry_run: bool,
    prefix: str,
    skip_conflicts: bool,
    tz: str,
    encryption_key: str,
    as_json: bool,
    config: str | None,
) -> None:
    """Bring teams, users, keys, limits, providers, aliases and usage from another gateway.

    SOURCE is a database file or its folder, a configuration file, the dump of a MySQL, or a postgresql:// URL, which -
    reads from standard input; of tokenrouter-go a torod.toml and the folder of its caches, of litellm config.yaml and
    URL. Sources are only read. Everything is written or nothing; run again, it adds what is new.
    """
    from tokenrouter.domain.limit_text import parse_zone
    from tokenrouter.imports.found import SOURCE_KINDS, SourceUnreadable
    from tokenrouter.imports.outcome import ImportConflicts
    from tokenrouter.imports.prefixing import prefixed
    from tokenrouter.imports.reading import SourceOptions, read_source
    from tokenrouter.imports.writer import write_found
    from tokenrouter.store.errors import StoreError

    settings, store = open_database(config)
    now_s = time.time()
    sources = [sys.stdin.readline().strip() if one == "-" else one for one in source]
    try:
        options = SourceOptions(now_s, encryption_key, ZoneInfo(parse_zone(tz)), os.environ)
        with read_source(SOURCE_KINDS[KINDS.index(kind)], sources, options) as found:
            outcome = write_found(
                store,
                prefixed(found, prefix),
                _installation(settings),
                now_s=now_s,
                dry_run=dry_run,
                skip_conflicts=skip_conflicts,
            )
    except ImportConflicts as error:
        _tell_conflicts(error.conflicts, as_json=as_json)
    except (SourceUnreadable, StoreError, ValueError) as error:
        fail(str(error))
    if as_json:
        click.echo(json.dumps(_shown(outcome, dry_run=dry_run)))
        return
    _tell(outcome, dry_run=dry_run)


def _installation(settings: "Settings") -> "Installation":
    from tokenrouter.config.keyfile import load_or_create_secret, pepper
    from tokenrouter.config.keyring import ring_of
    from tokenrouter.imports.outcome import Installation

    return Installation(settings, pepper(load_or_create_secret(settings)), ring_of(settings))


def _tell(outcome: "Outcome", *, dry_run: bool) -> None:
    for what in COUNTED:
        new, present = outcome.added.get(what, 0), outcome.present.get(what, 0)
        if new or present:
            there = f", {present} there already" if present else ""
            click.echo(f"{what}: {new} new{there}")
    for heading, parts in (("Conflicts, left out:", outcome.conflicts), ("Not carried:", outcome.left_behind)):
        if parts:
            click.echo(f"\n{heading}")
            for one in parts:
                click.echo(f"- {one.what}: {one.why}")
    click.echo("\nThis was a dry run: nothing was written." if dry_run else "\nDone. A running server has it already.")


def _tell_conflicts(conflicts: "tuple[LeftBehind, ...]", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"conflicts": _parts(conflicts)}))
    for one in () if as_json else conflicts:
        click.echo(f"- {one.what}: {one.why}", err=True)
    fail(
        f"{counted(len(conflicts), 'conflict')}, so nothing was written. Put a --prefix before the names, or leave "
        "these out with --skip-conflicts"
    )


def _shown(outcome: "Outcome", *, dry_run: bool) -> dict[str, Any]:
    return {
        "kind": outcome.kind,
        "dry_run": dry_run,
        "added": outcome.added,
        "present": outcome.present,
        "conflicts": _parts(tuple(outcome.conflicts)),
        "left_behind": _parts(tuple(outcome.left_behind)),
    }


def _parts(parts: "tuple[LeftBehind, ...]") -> list[dict[str, str]]:
    return [{"what": one.what, "why": one.why} for one in parts]
