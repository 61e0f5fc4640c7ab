"""Opening the database: checks before the first write, then transactions.

A wrong `database_url` must never cost anybody data, so a database with tables that are not ours is
refused before anything is written, and so is one that a newer version has migrated.

SQLite is driven by the standard library's module. Its own transaction handling starts a transaction
only before the first write, so a read followed by a write may see two states; here transactions are
begun by us, `IMMEDIATE` for writers (they queue instead of failing half-way) and deferred for readers.
WAL lets readers and the one writer work at the same time; it is a property of the file, so the
migration sets it, after the check, and merely connecting changes nothing. `synchronous=FULL` makes a
commit survive a power failure, which matters because the journal is deleted after it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from tokenrouter.store.errors import DatabaseUnusable, ForeignDatabase, SchemaMissing, SchemaTooNew
from tokenrouter.store.schema import REVISION_TABLE, REVISIONS, TABLE_PREFIX

BUSY_TIMEOUT_MS: Final = 10_000
"""How long one process waits for another's write transaction (`torod keys create` beside a drain)."""
POOL_SIZE: Final = 4
"""Most connections kept; each holds its own page cache."""
CACHE_KIB: Final = 512
"""Page cache of one connection: rows arrive in order and are read in pages, so little of it is used twice."""

READ_ONLY_OPTION: Final = "tokenrouter_read"

FOREIGN_TABLES: Final = (
    ("TokenTracer", frozenset({"users", "model_aliases"})),
    ("the LLM API Proxy", frozenset({"users", "usage_logs"})),
    ("the Classroom system", frozenset({"teams", "request_logs"})),
)
"""Predecessor → tables that give it away; the most telling first."""


class Store:
    """One open database. Safe to use from several threads; `close` it at the end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**{READ_ONLY_OPTION: True})

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the database from begin to end."""
        with self._reader.connect() as connection:
            yield connection

    def connect_reader(self) -> Connection:
        """Return a connection for reading that the caller keeps, and closes."""
        return self._reader.connect()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection whose changes are committed at the end, all or (after an exception) none."""
        with self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def open_store(url: str) -> Store:
    """Open the database at `url`, whose tables must be current (`store/prepare.py` makes them so).

    Raises:
        DatabaseUnusable: it cannot be opened.
        ForeignDatabase, SchemaTooNew: it is not for this program.
        SchemaMissing: our tables are absent or older.
    """
    engine = make_engine(url)
    try:
        if not schema_is_current(engine):
            raise SchemaMissing(
                f"the tables in {shown(url)} are absent or older than this version of TokenRouter needs; start the "
                "server once, or run `python -m tokenrouter.store.migrate`"
            )
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def make_engine(url: str) -> Engine:
    """Return an engine for `url` that has not connected yet.

    Raises:
        DatabaseUnusable: the URL is not one that this version can use.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            raise DatabaseUnusable(f"database_url {shown(url)}: this version keeps its data in SQLite (sqlite:///…)")
        engine = create_engine(parsed, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, pool_timeout=30)
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseUnusable("database_url is not a database URL; use sqlite:////absolute/path.db") from error
    event.listen(engine, "connect", _prepare_sqlite_connection)
    event.listen(engine, "begin", _begin_sqlite_transaction)
    return engine


def schema_is_current(engine: Engine) -> bool:
    """Return whether our tables are there and as this program needs them; False when they can be made so.

    Raises:
        DatabaseUnusable: it cannot be opened.
        ForeignDatabase: it holds tables that are not ours.
        SchemaTooNew: a newer version has migrated it.
    """
    file = database_file(engine.url)
    if file is not None and not file.exists():
        return False
    try:
        with engine.execution_options(**{READ_ONLY_OPTION: True}).connect() as connection:
            names = frozenset(inspect(connection).get_table_names())
            _refuse_foreign(engine, names)
            revision = _revision(connection) if REVISION_TABLE in names else None
    except DBAPIError as error:
        raise DatabaseUnusable(f"cannot open the database {shown(engine.url)}: {error.orig}") from error
    if revision is not None and revision not in REVISIONS:
        raise SchemaTooNew(
            f"the database {shown(engine.url)} has schema {revision}, made by a newer version of TokenRouter "
            f"(this one knows up to {REVISIONS[-1]}); run that version, or restore a backup"
        )
    return revision == REVISIONS[-1]


def shown(url: str | URL) -> str:
    """Return `url` as it may stand in a message: without the password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(unreadable)"


def database_file(url: str | URL) -> Path | None:
    """Return the file behind an SQLite URL, None for other databases."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def is_away(error: BaseException) -> bool:
    """Return whether `error` says that the database cannot be reached now, so trying later may help."""
    return isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _refuse_foreign(engine: Engine, names: frozenset[str]) -> None:
    foreign = sorted(name for name in names if not name.startswith(TABLE_PREFIX))
    if not foreign:
        return
    looks_like = next((program for program, tables in FOREIGN_TABLES if tables <= names), "")
    whose = f"; they look like those of {looks_like}" if looks_like else ""
    raise ForeignDatabase(
        f"the database {shown(engine.url)} holds tables that are not TokenRouter's ({', '.join(foreign[:8])})"
        f"{whose}. It was not touched: choose another database_url. A command that imports from it comes in a later "
        "version.",
        looks_like=looks_like,
    )


def _revision(connection: Connection) -> str | None:
    revision: str | None = connection.execute(select(text("version_num")).select_from(text(REVISION_TABLE))).scalar()
    return revision


def _prepare_sqlite_connection(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    finally:
        cursor.close()


def _begin_sqlite_transaction(connection: Connection) -> None:
    reads = connection.get_execution_options().get(READ_ONLY_OPTION, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
