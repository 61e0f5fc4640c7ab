"""Makes sure that the tables are there before the store is opened, without loading Alembic here."""

import subprocess
import sys
from typing import Final

from tokenrouter.store.engine import Store, make_engine, open_store, schema_is_current
from tokenrouter.store.errors import MigrationFailed

MIGRATION_TIMEOUT_S: Final = 600.0
"""A migration of a large ledger takes minutes; one that takes longer hangs on another process's lock."""


def prepare_store(url: str) -> Store:
    """Open the database at `url`, creating or migrating our tables first where needed.

    Raises:
        StoreError: see `open_store` and `migrate`; the message says what to do.
    """
    engine = make_engine(url)
    try:
        current = schema_is_current(engine)
    finally:
        engine.dispose()
    if not current:
        _migrate_elsewhere(url)
    return open_store(url)


def _migrate_elsewhere(url: str) -> None:
    command = [sys.executable, "-m", "tokenrouter.store.migrate", "--url", "-"]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            command, input=url + "\n", capture_output=True, text=True, timeout=MIGRATION_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MigrationFailed(f"the migration did not end within {MIGRATION_TIMEOUT_S:.0f} s") from error
    if done.returncode != 0:
        raise MigrationFailed(done.stderr.strip() or f"the migration ended with status {done.returncode}")
