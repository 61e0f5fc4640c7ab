"""Moving everything to another database: from SQLite to PostgreSQL when an installation grows, or back.

All or nothing: one snapshot of the source becomes one transaction of the target. A copy that could be resumed would
need marks in the target, and one that was never resumed would look like a database; this one is either there, its
counts and sums compared, or it is not. Both databases take a transaction of any size, and ten million rows are copied
in minutes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Row, Table, Text, func, select

from tokenrouter.store.bulk import MAX_ROWS, insert_rows
from tokenrouter.store.catalog_version import catalog_version
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.errors import CopyRefused
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.fingerprint import FACT
from tokenrouter.store.ledger import NUL
from tokenrouter.store.postgres import others_connected
from tokenrouter.store.prepare import migrate_elsewhere
from tokenrouter.store.schema import metadata, tr_journal, tr_ledger
from tokenrouter.store.urls import parse_url, shown


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """One table that is now in both databases. `sums` has the sum of every column of whole numbers, by name."""

    name: str
    rows: int
    sums: dict[str, int]


@dataclass(frozen=True, slots=True)
class Copy:
    """What was copied.

    Attributes:
        newest_us: when the newest request of the copied ledger began; None when it is empty.
        source_moved: whether the source has been written to since: the copy has nothing of that.
    """

    tables: tuple[CopiedTable, ...]
    newest_us: int | None
    source_moved: bool


def copy_store(
    source_url: str, target_url: str, *, fingerprint: str = "", told: Callable[[CopiedTable], None] = lambda _: None
) -> Copy:
    """Copy everything from one database into another, which gets our tables and must hold nothing else.

    `fingerprint` is that of the secret which the source is used with: the target will be used with no other. `told` is
    called for each table when it is copied and compared, before the whole is committed.

    Raises:
        StoreError: as `open_store` and `migrate_elsewhere`, for either database.
        CopyRefused: the target is not empty, or is the source; a server is connected to the source; what arrived is
            not what was sent. The target is as it was, but for our empty tables.
    """
    if parse_url(source_url) == parse_url(target_url):
        raise CopyRefused(f"{shown(source_url)} cannot be copied onto itself")
    source = open_store(source_url, may_take_long=True)
    try:
        migrate_elsewhere(target_url)
        target = open_store(target_url, may_take_long=True)
        try:
            return _copy(source, target, fingerprint, told)
        finally:
            target.close()
    finally:
        source.close()


def _copy(source: Store, target: Store, fingerprint: str, told: Callable[[CopiedTable], None]) -> Copy:
    tables = []
    with target.write() as writer:
        _refuse_full(writer)
        with source.read() as reader:
            if not source.is_sqlite and (others := others_connected(reader)):
                raise CopyRefused(
                    f"{others} connections of servers are open to the source: what they write while it is copied would "
                    "be missing. Stop every node first"
                )
            seen, newest_us = _position(reader), reader.execute(select(func.max(tr_ledger.c.started_us))).scalar()
            for table in metadata.sorted_tables:
                tables.append(_copy_table(reader, writer, table))
                told(tables[-1])
        if fingerprint and read_fact(writer, FACT) is None:
            write_fact(writer, FACT, fingerprint)
    with source.read() as reader:
        return Copy(tuple(tables), newest_us, source_moved=_position(reader) != seen)


def _refuse_full(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if rows := _count(connection, table):
            raise CopyRefused(f"the target holds data already ({table.name}: {rows} rows); copy into an empty database")


def _copy_table(reader: Connection, writer: Connection, table: Table) -> CopiedTable:
    columns = tuple(column.name for column in table.columns)
    convert = _converter(table, writer.dialect.name)
    for rows in _batches(reader, table):
        insert_rows(writer, table, columns, [convert(row) for row in rows])
    sent, arrived = _measured(reader, table), _measured(writer, table)
    if sent != arrived:
        raise CopyRefused(f"{table.name} did not arrive as it was sent: {sent} became {arrived}")
    _go_on_numbering(writer, table)
    return sent


def _batches(reader: Connection, table: Table) -> Iterator[list[Row[Any]]]:
    rows = iter(reader.execute(select(table), execution_options={"yield_per": MAX_ROWS}))
    while batch := list(islice(rows, MAX_ROWS)):
        yield batch


def _converter(table: Table, target: str) -> Callable[[Row[Any]], tuple[Any, ...]]:
    """Return what makes values of a row fit the target: PostgreSQL knows no NUL, and takes bytes as hexadecimal."""
    if target == "sqlite":
        return tuple
    bytes_at = [at for at, column in enumerate(table.columns) if isinstance(column.type, LargeBinary)]
    texts_at = [at for at, column in enumerate(table.columns) if isinstance(column.type, Text)]

    def convert(row: Row[Any]) -> tuple[Any, ...]:
        values = list(row)
        for at in bytes_at:
            values[at] = None if values[at] is None else "\\x" + values[at].hex()
        for at in texts_at:
            if values[at] is not None and NUL in values[at]:
                values[at] = values[at].replace(NUL, "\ufffd")
        return tuple(values)

    return convert


def _measured(connection: Connection, table: Table) -> CopiedTable:
    numbers = [column for column in table.columns if isinstance(column.type, (BigInteger, Integer))]
    sums = _sums(connection, numbers) if numbers else []
    return CopiedTable(
        table.name, _count(connection, table), {one.name: n for one, n in zip(numbers, sums, strict=True)}
    )


def _sums(connection: Connection, columns: Sequence[Column[Any]]) -> list[int]:
    """Return exact sums; SQLite cannot keep one of many times in its 64 bits, so the halves are summed up there."""
    if connection.dialect.name != "sqlite":
        return [int(value or 0) for value in connection.execute(select(*map(func.sum, columns))).one()]
    high = select(*(func.sum(column.bitwise_rshift(32)) for column in columns))
    low = select(*(func.sum(column.bitwise_and(0xFFFFFFFF)) for column in columns))
    halves = zip(connection.execute(high).one(), connection.execute(low).one(), strict=True)
    return [((upper or 0) << 32) + (lower or 0) for upper, lower in halves]


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _go_on_numbering(writer: Connection, table: Table) -> None:
    """Let numbers that the database gives out go on after those that were copied."""
    column = table.autoincrement_column
    if column is None or writer.dialect.name == "sqlite":
        return
    highest = writer.execute(select(func.max(column))).scalar()
    if highest is not None:
        writer.execute(select(func.setval(func.pg_get_serial_sequence(table.name, column.name), highest)))


def _position(connection: Connection) -> tuple[int, int, int]:
    """Return what moves whenever a server writes."""
    files, offsets = connection.execute(select(func.count(), func.sum(tr_journal.c.offset))).one()
    return catalog_version(connection), files, int(offsets or 0)
