"""Makes sure that the tables are there before the store is opened, without loading Alembic here.

SQLite belongs to this server alone, so its tables are brought up to date as a matter of course. A PostgreSQL may serve
nodes of the version before, and only a person knows whether a backup was made: an empty database gets its tables, but
older ones are left alone until somebody says `torod store migrate`, or has said `migrate_on_start = true`.
"""

import subprocess
import sys
from typing import Final

from tokenrouter.store.engine import Store, make_engine, open_store, schema_revision
from tokenrouter.store.errors import MigrationFailed, SchemaMissing
from tokenrouter.store.fingerprint import check_fingerprint
from tokenrouter.store.schema import REVISIONS
from tokenrouter.store.urls import is_postgres, shown

MIGRATION_TIMEOUT_S: Final = 600.0
"""A migration of a large ledger takes minutes; one that takes longer hangs on another process's lock."""


def prepare_store(url: str, *, fingerprint: str = "", migrate_on_start: bool = False) -> Store:
    """Open the database at `url`, creating or migrating our tables first where that is ours to decide.

    `fingerprint` is that of the installation's secret, which a PostgreSQL is checked against (`config/keyfile.py`).

    Raises:
        StoreError: see `open_store`, `migrate` and `check_fingerprint`; the message says what to do.
    """
    revision = find_revision(url)
    if revision != REVISIONS[-1]:
        if revision is not None and is_postgres(url) and not migrate_on_start:
            raise SchemaMissing(
                f"the tables in {shown(url)} are those of an older version (schema {revision}, this one needs "
                f"{REVISIONS[-1]}). Make a backup and run `torod store migrate`, or set migrate_on_start = true"
            )
        migrate_elsewhere(url, timeout_s=MIGRATION_TIMEOUT_S)
    store = open_store(url)
    try:
        if fingerprint and not store.is_sqlite:
            check_fingerprint(store, fingerprint)
    except BaseException:
        store.close()
        raise
    return store


def find_revision(url: str) -> str | None:
    """Return the revision of the tables at `url`, None where there are none.

    Raises:
        StoreError: as `schema_revision`.
    """
    engine = make_engine(url)
    try:
        return schema_revision(engine)
    finally:
        engine.dispose()


def migrate_elsewhere(url: str, *, timeout_s: float | None = None) -> None:
    """Make the tables at `url` current, in a process of its own.

    Raises:
        MigrationFailed: with the reason.
    """
    command = [sys.executable, "-m", "tokenrouter.store.migrate", "--url", "-"]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            command, input=url + "\n", capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MigrationFailed(f"the migration did not end within {timeout_s:.0f} s") from error
    if done.returncode != 0:
        raise MigrationFailed(done.stderr.strip() or f"the migration ended with status {done.returncode}")
