"""The ledger: rows that are written once and never changed, and what they sum up to.

A row arrives through a journal file that may be read twice (a crash between the commit and the deletion
of the file), so writing is idempotent by the row's id, and everything that follows from a row (daily
sums, use of limits, the position in the file) is in the transaction that writes it. Only the control
process writes here; that is what makes "update, else insert" safe on any database.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, insert, select, update

from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.bulk import insert_many
from tokenrouter.store.engine import Store
from tokenrouter.store.limit_use import LimitCharge, add_limit_use
from tokenrouter.store.schema import TOKEN_KINDS, tr_journal, tr_ledger, tr_usage_daily

DELIVERED: Final = frozenset({"completed", "client_disconnect"})
"""End reasons of requests that did what they could; every other row counts as failed."""
MAX_PAGE_ROWS: Final = 1000

_DAILY_KEY: Final = ("day", "key_id", "user", "team", "provider", "model")
_DAILY_SUMS: Final = ("requests", "failed", *TOKEN_KINDS, "cost_nano_usd", "unpriced_requests")
_PLAIN_FIELDS: Final = tuple(f.name for f in fields(LedgerEntry) if f.name not in ("usage", "chain"))
_COLUMNS: Final = (*_PLAIN_FIELDS, "chain", *Usage._fields)
_plain_values: Final = attrgetter(*_PLAIN_FIELDS)
_daily_group: Final = attrgetter(*_DAILY_KEY[1:])
_DAY_US: Final = 86_400_000_000
_LENGTHS: Final = (8, 64, 512)
"""How many ids are asked for at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """A ledger row to be written, with what it uses of which limit."""

    entry: LedgerEntry
    charges: tuple[LimitCharge, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which rows; empty fields do not restrict. Times are microseconds since the epoch, `until_us` is exclusive."""

    key_ids: frozenset[str] | None = None
    user: str = ""
    team: str = ""
    provider: str = ""
    model: str = ""
    end_reason: str = ""
    since_us: int = 0
    until_us: int | None = None
    before_id: str = field(default="")
    """Rows older than this one: the last id of the page before."""


def record(store: Store, rows: Sequence[Row], positions: Mapping[str, int]) -> int:
    """Write `rows` and all that follows from them, and note how far each journal file is done.

    Rows that are there already are left alone, with everything that follows from them.

    Returns:
        How many rows were new.
    """
    with store.write() as connection:
        new = _new_rows(connection, rows)
        if new:
            insert_many(connection, tr_ledger, _COLUMNS, [_values(row.entry) for row in new])
            _add_to_days(connection, [row.entry for row in new])
            add_limit_use(connection, [charge for row in new for charge in row.charges])
        for file, offset in positions.items():
            _set_position(connection, file, offset)
    return len(new)


def journal_positions(store: Store) -> dict[str, int]:
    """Return how far each journal file is in the ledger, by file name."""
    with store.read() as connection:
        return {row.file: row.offset for row in connection.execute(select(tr_journal))}


def forget_journal(store: Store, file: str) -> None:
    """Forget the position of a journal file that no longer exists."""
    with store.write() as connection:
        connection.execute(delete(tr_journal).where(tr_journal.c.file == file))


def ledger_page(store: Store, wanted: LedgerFilter, *, limit: int) -> list[LedgerEntry]:
    """Return up to `limit` (at most `MAX_PAGE_ROWS`) rows, newest first."""
    newest_first = select(tr_ledger).where(*_conditions(wanted)).order_by(tr_ledger.c.id.desc())
    with store.read() as connection:
        rows = connection.execute(newest_first.limit(min(limit, MAX_PAGE_ROWS))).mappings().all()
    return [_entry(row) for row in rows]


def single_rows_since(store: Store, since_us: int) -> Iterator[LedgerEntry]:
    """Yield the rows of single requests that started at `since_us` or later, in no order, without holding them all."""
    wanted = select(tr_ledger).where(tr_ledger.c.started_us >= since_us, tr_ledger.c.count == 1)
    with store.read() as connection:
        for row in connection.execute(wanted, execution_options={"yield_per": 1000}).mappings():
            yield _entry(row)


def utc_day(time_us: int) -> str:
    """Return the UTC day of a time in microseconds, as the daily sums name it."""
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).strftime("%Y-%m-%d")


def has_failed(entry: LedgerEntry) -> bool:
    """Return whether the request did not deliver what was asked for."""
    return entry.end_reason not in DELIVERED or entry.status >= 400


def _new_rows(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    by_id = {row.entry.id: row for row in rows}
    if not by_id:
        return []
    for ids in _padded(list(by_id)):
        for entry_id in connection.execute(select(tr_ledger.c.id).where(tr_ledger.c.id.in_(ids))).scalars():
            del by_id[entry_id]
    return list(by_id.values())


def _padded(ids: list[str]) -> Iterator[list[str]]:
    """Yield `ids` in lists of few different lengths, filled up by repetition.

    A driver keeps the statements it has prepared, and `IN` with another number of ids is another statement: with
    every length from 1 to 500 it would keep ten megabytes of them.
    """
    for start in range(0, len(ids), _LENGTHS[-1]):
        part = ids[start : start + _LENGTHS[-1]]
        length = next(length for length in _LENGTHS if length >= len(part))
        yield part + part[:1] * (length - len(part))


def _values(entry: LedgerEntry) -> tuple[Any, ...]:
    """Return the row of `entry`, in the order of `_COLUMNS`."""
    return (*_plain_values(entry), _chain_text(entry.chain), *entry.usage)


@lru_cache(maxsize=1000)
def _chain_text(chain: tuple[str, ...]) -> str:
    return json.dumps(chain) if chain else ""


def _entry(row: RowMapping) -> LedgerEntry:
    columns = dict(row)
    usage = Usage(**{kind: columns.pop(kind) for kind in TOKEN_KINDS})
    columns["chain"] = tuple(json.loads(columns["chain"] or "[]"))
    return LedgerEntry(usage=usage, **columns)


def _add_to_days(connection: Connection, entries: Iterable[LedgerEntry]) -> None:
    sums: dict[tuple[Any, ...], list[int]] = {}
    names: dict[tuple[Any, ...], str] = {}
    for entry in entries:
        group = (entry.started_us // _DAY_US, *_daily_group(entry))
        total = sums.get(group)
        if total is None:
            total = sums[group] = [0] * len(_DAILY_SUMS)
        names[group] = entry.key_name
        for index, amount in enumerate(_daily_amounts(entry)):
            total[index] += amount
    for group, total in sums.items():
        day = utc_day(group[0] * _DAY_US)
        key = dict(zip(_DAILY_KEY, (day, *group[1:]), strict=True))
        _add_to_day(connection, key, names[group], dict(zip(_DAILY_SUMS, total, strict=True)))


def _daily_amounts(entry: LedgerEntry) -> tuple[int, ...]:
    """Return what `entry` adds to its day, in the order of `_DAILY_SUMS`."""
    usage, count = entry.usage, entry.count
    unpriced = entry.cost_nano_usd is None and usage.input_tokens + usage.output_tokens > 0
    failed = count if has_failed(entry) else 0
    return (count, failed, *usage, entry.cost_nano_usd or 0, count if unpriced else 0)


def _add_to_day(connection: Connection, group: dict[str, str], key_name: str, sums: dict[str, int]) -> None:
    columns = tr_usage_daily.c
    raised = connection.execute(
        update(tr_usage_daily)
        .where(*(columns[name] == value for name, value in group.items()))
        .values(key_name=key_name, **{name: columns[name] + amount for name, amount in sums.items()})
    )
    if raised.rowcount == 0:
        connection.execute(insert(tr_usage_daily).values(key_name=key_name, **group, **sums))


def _set_position(connection: Connection, file: str, offset: int) -> None:
    moved = connection.execute(update(tr_journal).where(tr_journal.c.file == file).values(offset=offset))
    if moved.rowcount == 0:
        connection.execute(insert(tr_journal).values(file=file, offset=offset))


def _conditions(wanted: LedgerFilter) -> list[ColumnElement[bool]]:
    columns = tr_ledger.c
    conditions = [
        columns[name] == getattr(wanted, name)
        for name in ("user", "team", "provider", "model", "end_reason")
        if getattr(wanted, name)
    ]
    if wanted.key_ids is not None:
        conditions.append(columns.key_id.in_(wanted.key_ids))
    if wanted.since_us:
        conditions.append(columns.started_us >= wanted.since_us)
    if wanted.until_us is not None:
        conditions.append(columns.started_us < wanted.until_us)
    if wanted.before_id:
        conditions.append(columns.id < wanted.before_id)
    return [and_(*conditions)] if conditions else []
