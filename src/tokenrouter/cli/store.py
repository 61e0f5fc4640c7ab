"""`torod store`: what an operator does to the database as a whole."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tokenrouter.cli.opening import CONFIG, counted, fail, load_settings, secret_mark

if TYPE_CHECKING:
    from tokenrouter.config.settings import Settings
    from tokenrouter.store.copy import CopiedTable, Copy

TOLD_SUMS = ("requests", "input_tokens", "output_tokens", "cost_nano_usd", "used")
"""Sums that say something to a person; all of them are compared."""


@click.group()
def store() -> None:
    """Migrate the database, or move everything to another one."""


@store.command()
@CONFIG
def migrate(config: str | None) -> None:
    """Bring the tables up to date. Make a backup first; servers may go on meanwhile."""
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.prepare import find_revision, migrate_elsewhere
    from tokenrouter.store.schema import REVISIONS
    from tokenrouter.store.urls import shown

    settings = load_settings(config)
    try:
        before = find_revision(settings.database_url)
        if before != REVISIONS[-1]:
            migrate_elsewhere(settings.database_url)
    except StoreError as error:
        fail(str(error))
    was = "it was already" if before == REVISIONS[-1] else f"it was {before or 'empty'}"
    click.echo(f"{shown(settings.database_url)} has schema {REVISIONS[-1]} ({was}).")


@store.command()
@click.option(
    "--to", "target", metavar="URL", required=True, help="The other database; - reads it from standard input."
)
@CONFIG
def copy(target: str, config: str | None) -> None:
    """Copy everything from the configured database into another, empty one. Stop the server first.

    The copy is there as a whole or not at all, and its counts and sums are compared with those of the source. The
    source stays as it is. A URL with a password is better given on standard input: arguments can be seen by others.
    """
    from tokenrouter.store.copy import copy_store
    from tokenrouter.store.errors import StoreError
    from tokenrouter.store.urls import shown

    settings = load_settings(config)
    target_url = sys.stdin.readline().strip() if target == "-" else target
    click.echo(f"from {shown(settings.database_url)}\nto   {shown(target_url)}")
    mark = secret_mark(settings)
    try:
        with _no_server(settings):
            done = copy_store(settings.database_url, target_url, fingerprint=mark, told=_tell_table)
    except StoreError as error:
        fail(str(error))
    _tell_end(settings, target_url, done)


@contextmanager
def _no_server(settings: "Settings") -> Iterator[None]:
    """Hold the state folder as a server does, so that none is running and none starts."""
    import fcntl  # at the top it would keep `torod version` from working on Windows

    fd = os.open(settings.paths.state_dir / "torod.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            fail(
                f"a server (process {owner}) is running here; what it writes while the database is copied would be "
                "missing. Stop it first"
            )
        yield
    finally:
        os.close(fd)


def _tell_table(table: "CopiedTable") -> None:
    sums = "".join(f", {name} {table.sums[name]}" for name in TOLD_SUMS if table.sums.get(name))
    click.echo(f"{table.name}: {counted(table.rows, 'row')}{sums}")


def _tell_end(settings: "Settings", target_url: str, done: "Copy") -> None:
    from tokenrouter.store.urls import is_postgres

    if done.newest_us is not None:
        newest = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(done.newest_us / 1e6))
        click.echo(f"The newest request in it began at {newest}.")
    if done.source_moved:
        fail(
            "the source was written to after it was copied, so something is running on it; the copy has nothing of "
            "that. Stop it and copy again, into an empty database"
        )
    click.echo("Everything arrived. Set database_url to the new database and start the server.")
    if is_postgres(target_url) and not settings.encryption_key:
        path = settings.paths.state_dir / "secret.key"
        click.echo(
            "PostgreSQL needs this installation's secret in the environment of every node:\n"
            f"  export ENCRYPTION_KEY=\"hex:$(od -An -v -tx1 {path} | tr -d ' \\n')\""
        )
