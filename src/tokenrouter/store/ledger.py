"""The ledger: rows that are written once and never changed, and what they sum up to.

A row arrives through a journal file that may be read twice (a crash between the commit and the deletion
of the file), so writing is idempotent by the row's id, and everything that follows from a row (daily
sums, use of limits, the position in the file) is in the transaction that writes it. The control processes
of several nodes may write at once: what is new is what the database took, and sums are added by it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, literal_column, select, tuple_

from tokenrouter.domain.ledger import DELIVERED, LedgerEntry, Usage, has_failed
from tokenrouter.store.activity_sums import ActivitySums, add_activity
from tokenrouter.store.bulk import add_rows, insert_new
from tokenrouter.store.engine import Store
from tokenrouter.store.limit_use import Coverage, LimitCharge, add_limit_use, coverage_in, coverage_version
from tokenrouter.store.schema import TOKEN_KINDS, tr_journal, tr_ledger, tr_usage_daily, tr_usage_monthly
from tokenrouter.store.within import Within

CUT: Final = frozenset({"provider_cut", "client_disconnect", "shutdown", "interrupted"})
"""End reasons of answers that had begun and did not come to their end, whoever it was that went away."""
Outcome = Literal["", "ok", "failed", "4xx", "5xx", "cut"]
"""How requests ended, as people sort them: `ok` and `failed` are the opposite of each other."""
MAX_PAGE_ROWS: Final = 1001
"""A thousand, and one more to see whether there is another page."""

DAILY_KEY: Final = ("day", "key_id", "user", "team", "provider", "model")
MONTHLY_KEY: Final = ("month", *DAILY_KEY[1:])
DAILY_SUMS: Final = ("requests", "failed", *TOKEN_KINDS, "cost_nano_usd", "unpriced_requests")
_PLAIN_FIELDS: Final = tuple(f.name for f in fields(LedgerEntry) if f.name not in ("usage", "chain"))
_COLUMNS: Final = (*_PLAIN_FIELDS, "chain", *Usage._fields)
_plain_values: Final = attrgetter(*_PLAIN_FIELDS)
daily_group: Final = attrgetter(*DAILY_KEY[1:])
_token_counts: Final = attrgetter(*TOKEN_KINDS)
_DAY_US: Final = 86_400_000_000
_FOREIGN_TEXTS: Final = tuple(f.name for f in fields(LedgerEntry) if f.type is str and f.name != "id")
"""What clients, providers and the configuration have written."""
_foreign_texts: Final = attrgetter(*_FOREIGN_TEXTS)
NUL: Final = "\0"


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
    client_ip: str = ""
    client_tool: str = ""
    alias: str = ""
    error_code: str = ""
    outcome: Outcome = ""
    stream: bool | None = None
    min_cost_nano_usd: int = 0
    min_latency_us: int = 0
    since_us: int = 0
    until_us: int | None = None
    before: tuple[int, str] | None = None
    """Rows older than this one: start and id of the last row of the page before."""
    within: Within | None = None
    """Whose rows at most, whatever else is wanted."""


class CoverageChanged(Exception):
    """Other limits are covered than those that rows were charged to: `coverage` is to be charged."""

    def __init__(self, coverage: Coverage) -> None:
        super().__init__("other limits are covered by now")
        self.coverage = coverage


def record(
    store: Store, rows: Sequence[Row], positions: Mapping[str, int], *, coverage_known: int | None = None
) -> int:
    """Write `rows` and all that follows from them, and note how far each journal file is done.

    Rows that are there already are left alone, with everything that follows from them. The charges of `rows` are for
    the coverage of the version `coverage_known`; None is for those who charge nothing.

    Returns:
        How many rows were new.

    Raises:
        CoverageChanged: nothing was written; charge anew, and call again.
    """

    def write(connection: Connection) -> int:
        if coverage_known not in (None, coverage_version(connection)):
            raise CoverageChanged(coverage_in(connection))
        new = add_ledger_rows(connection, rows)
        add_rows(connection, tr_journal, ("file",), (), list(positions.items()), replaced=("offset",))
        return new

    return store.append(write)


def add_ledger_rows(connection: Connection, rows: Sequence[Row]) -> int:
    """Write those of `rows` that are not there yet, with all that follows from them; return how many they were."""
    by_id = {row.entry.id: _storable(row) for row in rows}
    added = insert_new(connection, tr_ledger, _COLUMNS, [_values(row.entry) for row in by_id.values()])
    new = [row for row_id, row in by_id.items() if row_id in added]
    _add_to_sums(connection, [row.entry for row in new])
    add_limit_use(connection, [charge for row in new for charge in row.charges])
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
    query = newest_first(wanted).limit(min(limit, MAX_PAGE_ROWS))
    with store.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [read_entry(row) for row in rows]


def single_rows(connection: Connection, since_us: int) -> Iterator[LedgerEntry]:
    """Yield the rows of single requests, or of parts of them, that began at `since_us` or later; never all at once."""
    wanted = select(tr_ledger).where(tr_ledger.c.started_us >= since_us, tr_ledger.c.count <= 1)
    for row in connection.execute(wanted, execution_options={"yield_per": 1000}).mappings():
        yield read_entry(row)


def rows_of(connection: Connection, ids: Collection[str]) -> Iterator[LedgerEntry]:
    """Yield the rows of the requests `ids`, those that there are."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), MAX_PAGE_ROWS):
        some = ordered[start : start + MAX_PAGE_ROWS]
        for row in connection.execute(select(tr_ledger).where(tr_ledger.c.id.in_(some))).mappings():
            yield read_entry(row)


def utc_day(time_us: int) -> str:
    """Return the UTC day of a time in microseconds, as the daily sums name it."""
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).strftime("%Y-%m-%d")


def _storable(row: Row) -> Row:
    """Return `row` without the one character that PostgreSQL cannot keep in a text, so that no row stops all others."""
    entry = row.entry
    if not any(NUL in text for text in _foreign_texts(entry)) and NUL not in entry.usage.tier:
        return row
    texts = {name: getattr(entry, name).replace(NUL, "\ufffd") for name in _FOREIGN_TEXTS}
    usage = entry.usage._replace(tier=entry.usage.tier.replace(NUL, "\ufffd"))
    charges = (replace(charge, scope=charge.scope.replace(NUL, "\ufffd")) for charge in row.charges)
    return Row(replace(entry, usage=usage, **texts), tuple(charges))


def _values(entry: LedgerEntry) -> tuple[Any, ...]:
    """Return the row of `entry`, in the order of `_COLUMNS`."""
    return (*_plain_values(entry), _chain_text(entry.chain), *entry.usage)


@lru_cache(maxsize=1000)
def _chain_text(chain: tuple[str, ...]) -> str:
    return json.dumps(chain) if chain else ""


def read_entry(row: RowMapping) -> LedgerEntry:
    """Return the entry of a whole row of `tr_ledger`."""
    columns = dict(row)
    usage = Usage(*(columns.pop(kind) for kind in Usage._fields))
    columns["chain"] = tuple(json.loads(columns["chain"] or "[]"))
    return LedgerEntry(usage=usage, **columns)


def _add_to_sums(connection: Connection, entries: Iterable[LedgerEntry]) -> None:
    sums: dict[tuple[Any, ...], list[int]] = {}
    names: dict[tuple[Any, ...], str] = {}
    activity = ActivitySums()
    for entry in entries:
        group = (entry.started_us // _DAY_US, *daily_group(entry))
        total = sums.get(group)
        if total is None:
            total = sums[group] = [0] * len(DAILY_SUMS)
        names[group] = entry.key_name
        for index, amount in enumerate(daily_amounts(entry)):
            total[index] += amount
        activity.add(entry)
    days = {(utc_day(group[0] * _DAY_US), *group[1:]): (total, names[group]) for group, total in sums.items()}
    for table, key, periods in ((tr_usage_daily, DAILY_KEY, days), (tr_usage_monthly, MONTHLY_KEY, _months(days))):
        rows = [(*group, *total, name) for group, (total, name) in periods.items()]
        add_rows(connection, table, key, DAILY_SUMS, rows, replaced=("key_name",))
    add_activity(connection, activity.finish())


def _months(days: Mapping[tuple[str, ...], tuple[list[int], str]]) -> dict[tuple[str, ...], tuple[list[int], str]]:
    """Return the sums of days by month."""
    months: dict[tuple[str, ...], tuple[list[int], str]] = {}
    for group, (total, name) in days.items():
        month = (group[0][:7], *group[1:])
        known = months.get(month)
        months[month] = (list(map(int.__add__, known[0], total)) if known else total, name)
    return months


def daily_amounts(entry: LedgerEntry) -> tuple[int, ...]:
    """Return what `entry` adds to its day, in the order of `DAILY_SUMS`."""
    usage, count = entry.usage, entry.count
    unpriced = entry.cost_nano_usd is None and usage.input_tokens + usage.output_tokens > 0
    failed = count if has_failed(entry) else 0
    return (count, failed, *_token_counts(usage), entry.cost_nano_usd or 0, count if unpriced else 0)


def newest_first(wanted: LedgerFilter) -> Select[Any]:
    """Return the rows from the newest on. Ids tell rows of one microsecond apart."""
    columns = tr_ledger.c
    query = select(tr_ledger).where(*row_conditions(wanted)).order_by(columns.started_us.desc(), columns.id.desc())
    if wanted.before is not None:
        query = query.where(tuple_(columns.started_us, columns.id) < tuple_(*wanted.before))
    return query


def said(column: ColumnElement[str], value: str) -> ColumnElement[bool]:
    """Return that a column which most rows leave empty has this value, in the words of its index."""
    return and_(column == value, column != literal_column("''"))


def row_conditions(wanted: LedgerFilter) -> list[ColumnElement[bool]]:
    """Return what rows of `tr_ledger` must be like to be `wanted`."""
    columns = tr_ledger.c
    conditions = [
        columns[name] == getattr(wanted, name)
        for name in ("user", "team", "provider", "model", "end_reason")
        if getattr(wanted, name)
    ]
    conditions += [
        said(columns[name], getattr(wanted, name))
        for name in ("client_ip", "client_tool", "alias", "error_code")
        if getattr(wanted, name)
    ]
    conditions += unindexed_conditions(wanted)
    if wanted.key_ids is not None:
        conditions.append(columns.key_id.in_(wanted.key_ids))
    if wanted.within is not None:
        conditions.append(wanted.within.condition(columns))
    if wanted.since_us:
        conditions.append(columns.started_us >= wanted.since_us)
    if wanted.until_us is not None:
        conditions.append(columns.started_us < wanted.until_us)
    return [and_(*conditions)] if conditions else []


def unindexed_conditions(wanted: LedgerFilter) -> list[ColumnElement[bool]]:
    """Return those conditions for which there is no index: rows are read to see whether they are so."""
    columns = tr_ledger.c
    conditions: list[ColumnElement[bool]] = [] if not wanted.outcome else [_ended(wanted.outcome)]
    if wanted.stream is not None:
        conditions.append(columns.stream == wanted.stream)
    if wanted.min_cost_nano_usd:
        conditions.append(columns.cost_nano_usd >= wanted.min_cost_nano_usd)
    if wanted.min_latency_us:
        conditions.append(columns.latency_us >= wanted.min_latency_us)
    return conditions


def _ended(outcome: Outcome) -> ColumnElement[bool]:
    columns = tr_ledger.c
    delivered = and_(columns.end_reason.in_(sorted(DELIVERED)), columns.status < 400)
    match outcome:
        case "ok":
            return delivered
        case "failed":
            return ~delivered
        case "4xx":
            return columns.status.between(400, 499)
        case "5xx":
            return columns.status >= 500
        case _:
            return columns.end_reason.in_(sorted(CUT))
