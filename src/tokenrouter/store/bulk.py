"""Writing many rows in one statement.

For each row of an `executemany`, SQLAlchemy looks at every parameter of every column; for the ledger that takes longer
than the database's own work. So SQL comes from here and values go straight to the driver.

PostgreSQL gets all rows as one JSON text, taken apart by the server: one round trip and one prepared statement however
many rows there are, and a quarter of the client's CPU of sending them one by one (500 ledger rows: 5 ms instead of 20,
arrays per column 25; psycopg 3.3, 2026-11). Conflicts are decided by the database there, since other nodes write too.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Dialect, Table

MAX_ROWS: Final = 500
"""Rows of one statement; a bound for its text of about half a megabyte."""

Value = TypeVar("Value")


def insert_rows(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert `rows`, each with its values in the order of `columns`."""
    _execute(connection, table, columns, rows, "")


def insert_new(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> frozenset[str]:
    """Insert those of `rows` that are not there yet, and return their keys; the first column is the table's key.

    No two of `rows` may have the same key.
    """
    if connection.dialect.name == "sqlite":
        known = _known(connection, table, columns[0], [row[0] for row in rows])
        rows = [row for row in rows if row[0] not in known]
        _execute(connection, table, columns, rows, "")
        return frozenset(row[0] for row in rows)
    key = _quoted(connection.dialect, columns[0])
    in_order = sorted(rows, key=lambda row: row[0])
    return frozenset(_execute(connection, table, columns, in_order, f"ON CONFLICT DO NOTHING RETURNING {key}"))


def add_rows(
    connection: Connection,
    table: Table,
    key: tuple[str, ...],
    sums: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    *,
    replaced: tuple[str, ...] = (),
    least: tuple[str, ...] = (),
    most: tuple[str, ...] = (),
) -> None:
    """Add `rows` to the rows of the same `key`, or insert them.

    The values stand in the order of `key`, `sums`, `replaced`, `least` and `most`: sums are added to what is there,
    and of the others the new, the smaller or the larger value stays. No two of `rows` may have the same key.
    """
    _execute(
        connection,
        table,
        (*key, *sums, *replaced, *least, *most),
        sorted(rows, key=lambda row: row[: len(key)]),
        _on_conflict(table, key, sums, replaced, least, most, connection.dialect),
    )


def parts(values: Sequence[Value], length: int = MAX_ROWS) -> Iterator[Sequence[Value]]:
    """Yield `values` in parts of at most `length`."""
    for start in range(0, len(values), length):
        yield values[start : start + length]


def _known(connection: Connection, table: Table, key: str, keys: list[str]) -> frozenset[str]:
    """Return those of `keys` that are in the table; as JSON, so that the statement is the same for any number."""
    column, name = _quoted(connection.dialect, key), _quoted(connection.dialect, table.name)
    query = f"SELECT {column} FROM {name} WHERE {column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - our names
    found: frozenset[str] = frozenset()
    for some in parts(keys):
        found |= frozenset(connection.exec_driver_sql(query, (_json(some),)).scalars())
    return found


def _execute(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], ending: str
) -> list[str]:
    """Insert `rows` in parts; return the keys that `ending` returns."""
    statement = _insert(table.name, columns, ending, connection.dialect)
    returned: list[str] = []
    for some in parts(rows):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(statement, list(some))
            continue
        done = connection.exec_driver_sql(statement, (_json([dict(zip(columns, row, strict=True)) for row in some]),))
        if done.returns_rows:
            returned += done.scalars()
    return returned


@lru_cache(maxsize=64)
def _insert(table: str, columns: tuple[str, ...], ending: str, dialect: Dialect) -> str:
    target = _quoted(dialect, table)
    names = ", ".join(_quoted(dialect, name) for name in columns)
    if dialect.name == "sqlite":
        values = f"VALUES ({', '.join('?' * len(columns))})"
    else:
        values = f"SELECT {names} FROM json_populate_recordset(NULL::{target}, %s::json)"  # noqa: S608 - our names
    return f"INSERT INTO {target} ({names}) {values} {ending}"


@lru_cache(maxsize=64)
def _on_conflict(
    table: Table,
    key: tuple[str, ...],
    sums: tuple[str, ...],
    replaced: tuple[str, ...],
    least: tuple[str, ...],
    most: tuple[str, ...],
    dialect: Dialect,
) -> str:
    target, keys = _quoted(dialect, table.name), ", ".join(_quoted(dialect, name) for name in key)
    smaller, larger = ("min", "max") if dialect.name == "sqlite" else ("least", "greatest")
    changes = dict.fromkeys(sums, "{old} + {new}")
    changes |= dict.fromkeys(replaced, "{new}")
    changes |= dict.fromkeys(least, smaller + "({old}, {new})")
    changes |= dict.fromkeys(most, larger + "({old}, {new})")
    quoted = {_quoted(dialect, name): change for name, change in changes.items()}
    assignments = (
        f"{name} = {change.format(old=f'{target}.{name}', new=f'excluded.{name}')}" for name, change in quoted.items()
    )
    return f"ON CONFLICT ({keys}) DO UPDATE SET {', '.join(assignments)}"


def _quoted(dialect: Dialect, name: str) -> str:
    return dialect.identifier_preparer.quote(name)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
