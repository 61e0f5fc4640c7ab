"""The database: whether it can be opened, is ours, is current, is whole, and belongs to this installation's secret.

Nothing is written: one that is not there is not made, and an older one is not migrated.
"""

import hmac
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.cli.doctor.finding import Finding, Patient
from tokenrouter.config.keyfile import fingerprint, key_file, load_or_create_secret
from tokenrouter.config.settings import Settings
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.errors import StoreError
from tokenrouter.store.facts import read_fact
from tokenrouter.store.fingerprint import FACT
from tokenrouter.store.prepare import find_revision
from tokenrouter.store.schema import REVISIONS
from tokenrouter.store.urls import database_file, is_postgres, shown

CHECK_S: Final = 30.0
"""Longest that is looked for damage; a large file takes longer, and is said not to have been looked through."""
CHECK_EVERY_STEPS: Final = 10_000
LONG_LOG_BYTES: Final = 512 * 2**20
"""A write-ahead log of this size is one that somebody keeps from being taken in."""
NETWORK_SYSTEMS: Final = frozenset(("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs"))
"""File systems over which SQLite's write-ahead log does not work (https://sqlite.org/wal.html, 2026-11)."""


def check_database(patient: Patient) -> Iterator[Finding]:
    """Look at the database that the configuration names."""
    settings, subject = patient.settings, "database"
    if settings is None:
        return
    where = shown(settings.database_url)
    try:
        revision = find_revision(settings.database_url)
    except StoreError as error:
        yield Finding("problem", subject, str(error), "mend that, or set another database_url")
        return
    if revision is None:
        yield Finding("note", subject, f"{where} has no tables yet; the first start makes them")
    elif revision != REVISIONS[-1]:
        yield _older(settings, revision)
    else:
        yield Finding("ok", subject, f"{where} is ours and current (schema {revision})")
    if (file := database_file(settings.database_url)) is not None:
        yield from _check_file(file)
    elif revision == REVISIONS[-1]:
        yield from _check_postgres(settings)


def _older(settings: Settings, revision: str) -> Finding:
    says = f"{shown(settings.database_url)} has tables of an older version (schema {revision}, needed {REVISIONS[-1]})"
    if is_postgres(settings.database_url) and not settings.migrate_on_start:
        return Finding("problem", "database", says, "make a backup, then: torod store migrate")
    return Finding("note", "database", f"{says}; the next start brings them up to date", "make a backup first")


def _check_file(file: Path) -> Iterator[Finding]:
    if (kind := _file_system(file)) in NETWORK_SYSTEMS:
        says = f"{file} lies on a network file system ({kind}), on which SQLite loses data"
        yield Finding("problem", "database", says, "put it on a disk of this machine, or use a PostgreSQL")
    if not file.exists():
        return
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and (size := log.stat().st_size) > LONG_LOG_BYTES:
        says = f"{log} has {size // 2**20} MiB: some program holds an old state of the database open"
        yield Finding("warning", "database", says, "end what reads the file, such as a database browser or a backup")
    yield _integrity(file)


def _integrity(file: Path) -> Finding:
    """Have SQLite look for damage, for a bounded time."""
    deadline_s = time.monotonic() + CHECK_S
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    connection.set_progress_handler(lambda: time.monotonic() > deadline_s, CHECK_EVERY_STEPS)
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
    except sqlite3.DatabaseError as error:
        if time.monotonic() > deadline_s:
            return Finding("note", "database", f"{file} is too large to be looked through within {CHECK_S:.0f} s")
        found = [str(error)]
    finally:
        connection.close()
    if found == ["ok"]:
        return Finding("ok", "database", f"{file} is whole ({file.stat().st_size // 1024} KiB)")
    says = f"{file} is damaged: {'; '.join(found)}"
    return Finding("problem", "database", says, "stop the server and restore a backup")


def _file_system(file: Path) -> str:
    """Return the kind of the file system on which `file` lies, "" where the system does not tell."""
    try:
        rows = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ""
    places = {str(path) for path in (file, *file.parents)}
    fitting = [(len(row[1]), row[2]) for row in rows if len(row) > 2 and row[1] in places]
    return max(fitting, default=(0, ""))[1]


def _check_postgres(settings: Settings) -> Iterator[Finding]:
    try:
        store = open_store(settings.database_url)
        try:
            yield from _ask_postgres(store, settings)
        finally:
            store.close()
    except (StoreError, SQLAlchemyError) as error:
        yield Finding("problem", "database", f"it cannot be asked: {str(error).splitlines()[0]}")


def _ask_postgres(store: Store, settings: Settings) -> Iterator[Finding]:
    with store.read() as connection:
        began_s = time.monotonic()
        server, size, most, used = connection.execute(
            text(
                "SELECT current_setting('server_version'), pg_database_size(current_database()), "
                "current_setting('max_connections')::int, (SELECT count(*) FROM pg_stat_activity)"
            )
        ).one()
        took_ms = (time.monotonic() - began_s) * 1000
        noted = read_fact(connection, FACT)
    yield Finding("ok", "database", f"PostgreSQL {server}, {size // 2**20} MiB, answers in {took_ms:.1f} ms")
    if used > most * 0.8:
        says = f"{used} of at most {most} connections are in use"
        yield Finding("warning", "database", says, "raise max_connections there, or put a pooler in between")
    has_secret = settings.encryption_key or key_file(settings).exists()
    if noted and has_secret and not hmac.compare_digest(noted, fingerprint(load_or_create_secret(settings))):
        says = "ENCRYPTION_KEY is not the one that this database was first used with"
        do = "set that one on every node; after a rotation set ENCRYPTION_KEY_FIRST too"
        yield Finding("problem", "database", says, do)
