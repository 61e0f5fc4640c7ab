"""A foreign SQLite file, opened so that neither it nor the files beside it change, whoever else has it open.

`mode=ro` reads what a running program has written to its write-ahead log. A file in WAL mode without a log beside it is
open nowhere, and reading it would make SQLite create one, so it is opened as immutable. The file may be hostile: only
ordinary tables are read, with functions of its schema switched off and the length of a value bounded.
"""

import sqlite3
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tokenrouter.imports.cells import Cells
from tokenrouter.imports.found import SourceUnreadable

MAX_VALUE_BYTES: Final = 16 * 2**20
"""Longest value or row that SQLite hands over; requests and answers that were kept are shorter."""
BUSY_S: Final = 5.0
_WRITE_VERSION_AT: Final = 18
"""Where the header says how the file is written: 2 is WAL (sqlite.org/fileformat2.html, 1.3, read 2026-11)."""


class SqliteTables:
    """An open file."""

    def __init__(self, path: Path, zone: tzinfo) -> None:
        """Raises SourceUnreadable: it cannot be opened."""
        self._path = path
        self._zone = zone
        options = "mode=ro&immutable=1" if _is_closed_wal(path) else "mode=ro"
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}?{options}", uri=True, timeout=BUSY_S, isolation_level=None
            )
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
            for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            self._connection.execute("BEGIN")  # one state for all tables
            self._tables = frozenset(
                name
                for name, sql in self._connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
                if isinstance(sql, str) and not sql.upper().lstrip().startswith("CREATE VIRTUAL")
            )
        except sqlite3.Error as error:
            raise SourceUnreadable(f"{path} cannot be opened: {error}") from None

    def columns(self, table: str) -> frozenset[str]:
        """Return the names of a table's columns; none when there is no such table."""
        if table not in self._tables:
            return frozenset()
        try:
            return frozenset(row[1] for row in self._connection.execute(f"PRAGMA table_info({_quoted(table)})"))
        except sqlite3.Error as error:
            raise self._damaged(table, error) from None

    def rows(self, table: str) -> Iterator[Cells]:
        """Yield the rows of a table that is there."""
        try:
            cursor = self._connection.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608 - quoted
            names = [column[0] for column in cursor.description]
            for row in cursor:
                yield Cells(dict(zip(names, row, strict=True)), self._zone)
        except (sqlite3.Error, OverflowError) as error:
            raise self._damaged(table, error) from None

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def _damaged(self, table: str, error: Exception) -> SourceUnreadable:
        return SourceUnreadable(f"the table {table} of {self._path} cannot be read: {error}")


def _is_closed_wal(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(_WRITE_VERSION_AT + 1)
    return header[_WRITE_VERSION_AT:] == b"\2" and not path.with_name(path.name + "-wal").exists()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
