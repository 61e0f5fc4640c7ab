"""Opening the database: checks before the first write, then transactions.

A wrong `database_url` must never cost anybody data, so a database with tables that are not ours is
refused before anything is written, and so is one that a newer version has migrated.

SQLite and PostgreSQL look the same from here: readers see one state from begin to end, and writers
queue, so that what was read is still true when it is written. How each is brought to that is in
`store/sqlite.py` and `store/postgres.py`.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import Final, Literal, TypeVar

from sqlalchemy import Connection, Engine, event, inspect, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from tokenrouter.domain.actors import SYSTEM, Actor
from tokenrouter.store.errors import DatabaseUnusable, ForeignDatabase, SchemaMissing, SchemaTooNew
from tokenrouter.store.postgres import is_conflict, postgres_engine, queue_as_writer, take_any_time
from tokenrouter.store.schema import REVISION_TABLE, REVISIONS, TABLE_PREFIX
from tokenrouter.store.sqlite import sqlite_engine
from tokenrouter.store.urls import database_file, parse_url, shown

RETRY_PAUSES_S: Final = (0.01, 0.05, 0.2, 0.5)
"""Before each further attempt at a transaction that met another; half of it is left to chance."""
MODE_OPTION: Final = "tokenrouter_mode"

Mode = Literal["read", "append", "write"]
Result = TypeVar("Result")

FOREIGN_TABLES: Final = (
    ("LiteLLM", "litellm", frozenset({"LiteLLM_VerificationToken"})),
    ("TokenTracer", "tokentracer", frozenset({"users", "model_aliases"})),
    ("One API", "one-api", frozenset({"users", "tokens", "channels"})),
    ("the LLM API Proxy", "llm-proxy", frozenset({"users", "usage_logs"})),
    ("the Classroom system", "classroom", frozenset({"teams", "request_logs"})),
)
"""Gateway, what `torod import` calls it, and the tables that give it away; the most telling first."""


class Store:
    """One open database. Safe to use from several threads; `close` it at the end.

    Attributes:
        actor: who writes through it, for the audit log.
    """

    def __init__(self, engine: Engine, actor: Actor = SYSTEM) -> None:
        self._engine = engine
        self._reader = _reader(engine)
        self._appender = engine.execution_options(**{MODE_OPTION: "append"})
        self.actor = actor

    def acting(self, actor: Actor) -> "Store":
        """Return the same database as `actor` uses it: what is written through it is audited as theirs."""
        return Store(self._engine, actor)

    @property
    def engine(self) -> Engine:
        """What it is opened with, for another store of the same database."""
        return self._engine

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def read(self, *, may_take_long: bool = False) -> Iterator[Connection]:
        """Yield a connection that sees one state of the database from begin to end.

        With `may_take_long` no query is ended because of its time: for questions about the whole ledger.
        """
        with self._reader.connect() as connection:
            if may_take_long and not self.is_sqlite:
                take_any_time(connection)
            yield connection

    def connect_watcher(self) -> Connection:
        """Return a connection for single, independent queries that the caller keeps, and closes."""
        connection = self._reader.connect()
        return connection if self.is_sqlite else connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def write(self, *, may_take_long: bool = False) -> Iterator[Connection]:
        """Yield a connection whose changes are committed at the end, all or (after an exception) none.

        No other writer, of any node, is at work until then. `may_take_long` is that of `read`.
        """
        with self._engine.begin() as connection:
            if may_take_long and not self.is_sqlite:
                take_any_time(connection)
            yield connection

    def append(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returns in a transaction of its own, beside others that only add.

        `work` must be repeatable, touch rows that others may touch too in one order (by key), and rely on nothing that
        it has read: it is done again when the server ended the transaction for another's sake.
        """
        pauses_s = iter(RETRY_PAUSES_S)
        while True:
            try:
                with self._appender.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                pause_s = next(pauses_s, None)
                if pause_s is None or not is_conflict(error.orig):
                    raise
            time.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads attempts, guards nothing

    def close(self) -> None:
        self._engine.dispose()


def open_store(url: str, *, may_take_long: bool = False) -> Store:
    """Open the database at `url`, whose tables must be current (`store/prepare.py` makes them so).

    `may_take_long` is for maintenance: no statement is ended because of its time.

    Raises:
        DatabaseUnusable: it cannot be opened.
        ForeignDatabase, SchemaTooNew: it is not for this program.
        SchemaMissing: our tables are absent or older.
    """
    engine = make_engine(url, may_take_long=may_take_long)
    try:
        if not schema_is_current(engine):
            raise SchemaMissing(
                f"the tables in {shown(url)} are absent or older than this version of TokenRouter needs; run "
                "`torod store migrate`"
            )
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def make_engine(url: str, *, may_take_long: bool = False) -> Engine:
    """Return an engine for `url` that has not connected yet; `may_take_long` is for migrations and copies.

    Raises:
        DatabaseUnusable: the URL is not one that this version can use.
    """
    parsed = parse_url(url)
    try:
        is_sqlite = parsed.get_backend_name() == "sqlite"
        engine = sqlite_engine(parsed) if is_sqlite else postgres_engine(parsed, may_take_long=may_take_long)
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseUnusable(f"database_url {shown(url)} cannot be used") from error
    event.listen(engine, "begin", _begin_sqlite if is_sqlite else _begin_postgres)
    return engine


def schema_is_current(engine: Engine) -> bool:
    """Return whether our tables are there and as this program needs them; False when they can be made so.

    Raises:
        DatabaseUnusable, ForeignDatabase, SchemaTooNew: as `schema_revision`.
    """
    return schema_revision(engine) == REVISIONS[-1]


def schema_revision(engine: Engine) -> str | None:
    """Return the revision of our tables, None where there are none yet.

    Raises:
        DatabaseUnusable: it cannot be opened.
        ForeignDatabase: it holds tables that are not ours.
        SchemaTooNew: a newer version has migrated it.
    """
    file = database_file(engine.url)
    if file is not None and not file.exists():
        return None
    try:
        with _reader(engine).connect() as connection:
            names = frozenset(inspect(connection).get_table_names())
            _refuse_foreign(engine, names)
            revision = _revision(connection) if REVISION_TABLE in names else None
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())  # PostgreSQL's takes several lines
        raise DatabaseUnusable(f"cannot open the database {shown(engine.url)}: {reason}") from error
    if revision is not None and revision not in REVISIONS:
        raise SchemaTooNew(
            f"the database {shown(engine.url)} has schema {revision}, made by a newer version of TokenRouter "
            f"(this one knows up to {REVISIONS[-1]}); run that version, or restore a backup"
        )
    return revision


def _reader(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{MODE_OPTION: "read"})
    return engine.execution_options(
        **{MODE_OPTION: "read"}, isolation_level="REPEATABLE READ", postgresql_readonly=True
    )


def _refuse_foreign(engine: Engine, names: frozenset[str]) -> None:
    foreign = sorted(name for name in names if not name.startswith(TABLE_PREFIX))
    if not foreign:
        return
    looks_like, kind = next(((who, kind) for who, kind, tables in FOREIGN_TABLES if tables <= names), ("", ""))
    whose = f"; they look like those of {looks_like}" if looks_like else ""
    bring = f", then bring everything over with\n  torod import {kind} {_source(engine)}" if kind else "."
    raise ForeignDatabase(
        f"the database {shown(engine.url)} holds tables that are not TokenRouter's ({', '.join(foreign[:8])})"
        f"{whose}. It was not touched: choose another database_url{bring}",
        looks_like=looks_like,
    )


def _source(engine: Engine) -> str:
    """Return the database as `torod import` takes it; a URL with a password is typed on standard input."""
    file = database_file(engine.url)
    return quote(str(file)) if file is not None else f"-  (and type {shown(engine.url)} with its password)"


def _revision(connection: Connection) -> str | None:
    revision: str | None = connection.execute(select(text("version_num")).select_from(text(REVISION_TABLE))).scalar()
    return revision


def _mode(connection: Connection) -> Mode:
    mode: Mode = connection.get_execution_options().get(MODE_OPTION, "write")
    return mode


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if _mode(connection) == "read" else "BEGIN IMMEDIATE")


def _begin_postgres(connection: Connection) -> None:
    mode = _mode(connection)
    if mode != "read":
        queue_as_writer(connection, shared=mode == "append")
