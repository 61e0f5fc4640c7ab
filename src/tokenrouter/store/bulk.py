"""Inserting many rows: SQL from SQLAlchemy, values straight to the driver.

For each row of an `executemany`, SQLAlchemy looks at every parameter of every column; for the ledger that
takes longer than the database's own work. The values here are of the types that drivers take as they are.
"""

from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert


def insert_many(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert `rows`, each with its values in the order of `columns`."""
    statement, order = _statement(table, columns, connection.dialect)
    if order is None:
        connection.exec_driver_sql(statement, [dict(zip(columns, row, strict=True)) for row in rows])
    else:
        in_order = itemgetter(*(columns.index(name) for name in order))
        connection.exec_driver_sql(statement, list(map(in_order, rows)))


@lru_cache(maxsize=16)
def _statement(table: Table, columns: tuple[str, ...], dialect: Dialect) -> tuple[str, tuple[str, ...] | None]:
    """Return the SQL, and the order of its parameters; None where the driver takes them by name."""
    compiled = insert(table).compile(dialect=dialect, column_keys=list(columns))
    positions = getattr(compiled, "positiontup", None)
    return str(compiled), None if positions is None else tuple(positions)
