"""How PostgreSQL is driven (psycopg 3), so that it behaves as SQLite does where the code relies on it.

- *Readers see one state*: their transactions are REPEATABLE READ and read only, which never fails for readers.
- *Writers queue*: what reads and then writes (keys, facts, limits) holds one advisory lock until its transaction ends,
  as SQLite's `BEGIN IMMEDIATE` does, so that no two nodes undo each other's change. What only adds (the ledger's
  batches, by far the most) holds the same lock shared: many nodes add at once, and none while something is changed.
- *Nothing is kept in a session*: no LISTEN, no session lock, so a pooler between us and the server is no trouble.

Everything waits for a bounded time: connecting, statements, a connection that hangs, a transaction whose node is gone.
What a URL says (`sslmode`, `connect_timeout`, `keepalives_idle`, …; libpq's parameters) comes before what stands here.
"""

from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

POOL_SIZE: Final = 4
"""Connections kept by one process, and as many more for a moment: a node needs few, and servers allow a hundred."""
POOL_TIMEOUT_S: Final = 10.0
RECYCLE_S: Final = 1800
"""Connections are renewed after this time, so that a server's new address or certificate is found."""
STATEMENT_TIMEOUT_MS: Final = 30_000
IDLE_TRANSACTION_TIMEOUT_MS: Final = 60_000
"""After this the server ends a transaction that does nothing: its node may be gone, with the writers' lock."""
CONNECT: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Seconds, the last in milliseconds: a server whose machine is gone is noticed within half a minute."""
SERVING: Final = "tokenrouter"
MAINTAINING: Final = "tokenrouter maintenance"
"""Names of connections (`application_name`), as `pg_stat_activity` shows them: those of servers and commands, and
those of migrations and copies."""
WRITERS_LOCK: Final = 0x746F726F7574
"""The advisory lock of writers and migrations. Never to be changed: versions that run beside each other share it."""
CONFLICTS: Final = frozenset({"40001", "40P01"})
"""`serialization_failure` and `deadlock_detected` (PostgreSQL 18, appendix A)."""


def postgres_engine(url: URL, *, may_take_long: bool = False) -> Engine:
    """Return an engine for `url` that has not connected yet; with `may_take_long` statements are never ended."""
    connect = {**CONNECT, "application_name": MAINTAINING if may_take_long else SERVING}
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_timeout=POOL_TIMEOUT_S,
        pool_recycle=RECYCLE_S,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={name: value for name, value in connect.items() if name not in url.query},
    )
    statement_ms, idle_ms = (0, 0) if may_take_long else (STATEMENT_TIMEOUT_MS, IDLE_TRANSACTION_TIMEOUT_MS)
    limits = (
        f"SELECT set_config('statement_timeout', '{statement_ms}', false), "
        f"set_config('idle_in_transaction_session_timeout', '{idle_ms}', false)"
    )

    def prepare(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute(limits)
        connection.autocommit = False

    event.listen(engine, "connect", prepare)
    return engine


def queue_as_writer(connection: Connection, *, shared: bool) -> None:
    """Wait until no other writer is at work, or, when `shared`, none that is not shared itself."""
    kind = "_shared" if shared else ""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{kind}({WRITERS_LOCK})")


def take_any_time(connection: Connection) -> None:
    """Let statements take as long as they want until the end of the transaction."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def others_connected(connection: Connection) -> int:
    """Return how many connections servers and commands hold to this database, as far as this user may see."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name"
    )
    return int(connection.execute(query, {"name": SERVING}).scalar_one())


def is_conflict(error: BaseException | None) -> bool:
    """Return whether the server ended a transaction for another's sake, so that it may be tried again at once."""
    return getattr(error, "sqlstate", None) in CONFLICTS
