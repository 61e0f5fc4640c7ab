"""A foreign database, whatever it is: tables by name, read from end to end and never changed.

Readers of sources ask for rows and look at nothing else, so a gateway that may lie in SQLite, in PostgreSQL or in the
dump of a MySQL is read by one reader. What is small (users, keys, providers) is bounded in number, since all of it is
held at once; history passes through and is not.
"""

from collections.abc import Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final, Protocol

from tokenrouter.imports.cells import Cells
from tokenrouter.imports.found import SourceUnreadable
from tokenrouter.imports.mysql_dump import MysqlDump
from tokenrouter.imports.postgres_tables import PostgresTables
from tokenrouter.imports.sqlite_tables import SqliteTables

MAX_SUBJECTS: Final = 500_000
"""Most rows of a table that is held at once, five times the keys of a large installation."""
_SQLITE_MAGIC: Final = b"SQLite format 3\0"
_POSTGRES: Final = ("postgresql://", "postgres://", "postgresql+")
_SQLITE_URLS: Final = ("sqlite+aiosqlite:///", "sqlite:///")


class Tables(Protocol):
    """An open foreign database. `close` it at the end."""

    def columns(self, table: str) -> frozenset[str]:
        """Return the names of a table's columns; none when there is no such table."""

    def rows(self, table: str) -> Iterator[Cells]:
        """Yield the rows of a table that is there, in no order that can be relied on."""

    def close(self) -> None:
        """Let the database go."""


def open_tables(source: str, *, zone: tzinfo = UTC) -> Tables:
    """Open a PostgreSQL by its URL, or a file: SQLite, or the dump of a MySQL (`mysqldump`, `mariadb-dump`).

    `zone` is that of times which name none.

    Raises:
        SourceUnreadable: it cannot be opened, or is none of these.
    """
    if source.startswith(_POSTGRES):
        return PostgresTables(source, zone)
    path = source_path(source)
    try:
        with path.open("rb") as file:
            begin = file.read(4096)
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror}") from None
    if begin.startswith(_SQLITE_MAGIC):
        return SqliteTables(path, zone)
    if begin.startswith((b"\x1f\x8b", b"PGDMP", b"PK\x03\x04")):
        raise SourceUnreadable(f"{path} is packed; unpack it, or give the database itself")
    if b"\0" in begin:
        raise SourceUnreadable(f"{path} is neither a SQLite database nor the dump of a MySQL")
    return MysqlDump(path, zone)


def source_path(source: str) -> Path:
    """Return the file behind a path or a URL of SQLite."""
    for scheme in _SQLITE_URLS:
        source = source.removeprefix(scheme)
    try:
        return Path(source).expanduser()
    except RuntimeError:
        raise SourceUnreadable(f"{source!r} is in the home folder of nobody") from None


def subjects(tables: Tables, table: str) -> list[Cells]:
    """Return all rows of a table, none where there is no such table.

    Raises:
        SourceUnreadable: there are more than `MAX_SUBJECTS`.
    """
    if not tables.columns(table):
        return []
    found = []
    for row in tables.rows(table):
        found.append(row)
        if len(found) > MAX_SUBJECTS:
            raise SourceUnreadable(f"the table {table} has more than {MAX_SUBJECTS} rows, more than are imported")
    return found


def history(tables: Tables, table: str) -> Iterator[Cells]:
    """Yield the rows of a table, however many there are; none where there is no such table."""
    if tables.columns(table):
        yield from tables.rows(table)


def need_tables(tables: Tables, program: str, *needed: str) -> None:
    """Refuse a database of another program.

    Raises:
        SourceUnreadable: naming the tables that are missing.
    """
    missing = [table for table in needed if not tables.columns(table)]
    if missing:
        raise SourceUnreadable(f"this is no database of {program}: there is no table {' and no '.join(missing)}")
