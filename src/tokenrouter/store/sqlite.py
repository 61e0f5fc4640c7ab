"""How SQLite is driven.

The standard library's module starts a transaction only before the first write, so a read followed by a write may see
two states; here transactions are begun by us, `IMMEDIATE` for writers (they queue instead of failing half-way) and
deferred for readers. WAL lets readers and the one writer work at the same time; it is a property of the file, so the
migration sets it, after the check, and merely connecting changes nothing. `synchronous=FULL` makes a commit survive a
power failure, which matters because the journal is deleted after it.
"""

from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event

BUSY_TIMEOUT_MS: Final = 10_000
"""How long one process waits for another's write transaction (`torod keys create` beside a drain)."""
POOL_SIZE: Final = 4
"""Most connections kept; each holds its own page cache."""
CACHE_KIB: Final = 512
"""Page cache of one connection: rows arrive in order and are read in pages, so little of it is used twice."""


def sqlite_engine(url: URL) -> Engine:
    """Return an engine for the file of `url` that has not been opened yet."""
    engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, pool_timeout=30, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    return engine


def use_write_ahead_log(engine: Engine) -> None:
    """Switch the file to WAL, for good; impossible inside a transaction, so not through SQLAlchemy's."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    finally:
        cursor.close()
