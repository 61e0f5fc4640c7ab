"""A foreign PostgreSQL, read in one read-only transaction that sees one state from begin to end.

Rows come through cursors of the server, a few thousand at a time, so that a history of any length takes no memory.
The URL holds a password, and is in no message.
"""

from collections.abc import Iterator
from datetime import tzinfo
from itertools import count
from typing import Final

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from tokenrouter.imports.cells import Cells
from tokenrouter.imports.found import SourceUnreadable

ROWS_AT_ONCE: Final = 2000
CONNECT_TIMEOUT_S: Final = 10


class PostgresTables:
    """An open database; tables of its schema `public`, or what its `search_path` says."""

    def __init__(self, url: str, zone: tzinfo) -> None:
        """Raises SourceUnreadable: it cannot be opened."""
        self._zone = zone
        self._numbers = count(1)
        scheme, _, rest = url.partition("://")
        plain = f"{scheme.partition('+')[0]}://{rest}"
        try:
            self._connection = psycopg.connect(plain, connect_timeout=CONNECT_TIMEOUT_S)
            self._connection.read_only = True
            self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        except psycopg.Error as error:
            raise SourceUnreadable(f"the PostgreSQL cannot be opened: {_words(error)}") from None

    def columns(self, table: str) -> frozenset[str]:
        """Return the names of a table's columns; none when there is no such table."""
        query = (
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_name = %s AND table_schema = ANY(current_schemas(false))"
        )
        try:
            return frozenset(row[0] for row in self._connection.execute(query, (table,)))
        except psycopg.Error as error:
            raise SourceUnreadable(f"the PostgreSQL cannot be read: {_words(error)}") from None

    def rows(self, table: str) -> Iterator[Cells]:
        """Yield the rows of a table that is there."""
        name = f"torod_import_{next(self._numbers)}"
        try:
            with self._connection.cursor(name, row_factory=dict_row) as cursor:
                cursor.itersize = ROWS_AT_ONCE
                cursor.execute(SQL("SELECT * FROM {}").format(Identifier(table)))
                for row in cursor:
                    yield Cells(row, self._zone)
        except psycopg.Error as error:
            raise SourceUnreadable(f"the table {table} cannot be read: {_words(error)}") from None

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()


def _words(error: psycopg.Error) -> str:
    return " ".join(str(error.diag.message_primary or type(error).__name__).split())
