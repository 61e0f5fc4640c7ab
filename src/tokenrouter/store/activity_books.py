"""The sums by hour, day and month as they are kept: to be compared with the ledger's rows, set right, and cut short.

Hours by key, user and address go after some weeks: there are as many of them as requests where nobody asks twice in an
hour, and charts of longer times show days. What names an address goes with the ledger's rows, since those are often
deleted for its sake. From when on each is there is noted, so that neither a chart nor a check takes a gap for nothing.
"""

from collections.abc import Callable, Collection
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
)

from tokenrouter.store.activity_sums import (
    DAY_S,
    DIMENSIONS,
    FINE_DIMENSIONS,
    ActivitySums,
    Amounts,
    Dimension,
    Slot,
    add_activity,
    month_of,
)
from tokenrouter.store.engine import Store
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.schema import ACTIVITY_KEY, ACTIVITY_SUMS, SPEED_SUMS, tr_activity, tr_speeds

FINE_HOURS_DAYS: Final = 35
"""How long hours by key, user and address are kept: the longest time that charts show by hours is 30 days."""
FINE_HOURS_SINCE: Final = "activity_fine_hours_since_s"
ADDRESSES_SINCE: Final = "activity_addresses_since_s"

_columns: Final = tr_activity.c
_LAST_S: Final = 2**62


def fine_hours_since(connection: Connection) -> int:
    """Return from when on there are hours by key, user and address, in seconds since the epoch."""
    return int(read_fact(connection, FINE_HOURS_SINCE) or "0")


def addresses_since(connection: Connection) -> int:
    """Return from when on sums by address are there as a whole, in seconds since the epoch."""
    return int(read_fact(connection, ADDRESSES_SINCE) or "0")


def trim_activity(store: Store, *, now_s: float, rows_since_s: int = 0) -> None:
    """Delete hours that are no longer wanted, and what names addresses of requests before `rows_since_s`."""
    with store.write() as connection:
        _note_later(connection, FINE_HOURS_SINCE, (int(now_s) // DAY_S - FINE_HOURS_DAYS) * DAY_S)
        _note_later(connection, ADDRESSES_SINCE, -(-rows_since_s // DAY_S) * DAY_S)
        old = (_columns.dimension.in_(FINE_DIMENSIONS), _columns.slot_s < fine_hours_since(connection))
        connection.execute(delete(tr_activity).where(_columns.step == "hour", *old))
        named = (_columns.dimension == "ip", _columns.slot_s < addresses_since(connection))
        connection.execute(delete(tr_activity).where(_columns.step.in_(("hour", "day", "month")), *named))


def is_kept(connection: Connection) -> Callable[[Slot], bool]:
    """Return what says of a slot whether its sums are there, or are kept no longer."""
    fine_s, addresses_s = fine_hours_since(connection), addresses_since(connection)

    def kept(slot: Slot) -> bool:
        step, dimension, slot_s, _ = slot
        if dimension == "ip" and slot_s < addresses_s:
            return False
        return step != "hour" or dimension not in FINE_DIMENSIONS or slot_s >= fine_s

    return kept


def kept_days(connection: Connection, since_s: int, until_s: int | None) -> list[int]:
    """Return when the days began that have sums, oldest first; `until_s` is exclusive."""
    in_time = _columns.slot_s.between(since_s, (until_s or _LAST_S) - 1)
    days = select(_columns.slot_s).distinct()
    days = days.where(_columns.step == "day", _columns.dimension.in_(DIMENSIONS), in_time)
    return sorted(connection.execute(days).scalars())


def kept_of_day(connection: Connection, day_s: int) -> dict[Slot, Amounts]:
    """Return the sums of a day and of its hours."""
    columns = (_columns[name] for name in (*ACTIVITY_KEY, *ACTIVITY_SUMS))
    return _read(connection, select(*columns).where(*_of_day(tr_activity, day_s)))


def speeds_of_day(connection: Connection, day_s: int) -> dict[Slot, Amounts]:
    """Return how many requests were how fast on a day and in its hours, in the order of `SPEED_SUMS`."""
    columns = (tr_speeds.c[name] for name in (*ACTIVITY_KEY, *SPEED_SUMS))
    return _read(connection, select(*columns).where(*_of_day(tr_speeds, day_s)))


def replace_day(connection: Connection, day_s: int, found: ActivitySums) -> None:
    """Make `found`, which has no months, the sums of a day and of its hours, and the month's those of its days."""
    for table in (tr_activity, tr_speeds):
        connection.execute(delete(table).where(*_of_day(table, day_s)))
    add_activity(connection, found)
    remake_month(connection, month_of(day_s))


def kept_months(connection: Connection) -> list[int]:
    """Return when the months began of which there are sums, by month or by day."""
    months = select(_columns.slot_s).distinct().where(_columns.step == "month", _columns.dimension.in_(DIMENSIONS))
    return sorted({*connection.execute(months).scalars(), *map(month_of, kept_days(connection, 0, None))})


def month_and_its_days(connection: Connection, month_s: int) -> tuple[dict[Slot, Amounts], dict[Slot, Amounts]]:
    """Return the sums of a month as they are kept, and those of its days together."""
    dimensions = _whole_in(connection, month_s)
    columns = (_columns[name] for name in (*ACTIVITY_KEY, *ACTIVITY_SUMS))
    of_month = (_columns.step == "month", _columns.dimension.in_(dimensions), _columns.slot_s == month_s)
    kept = _read(connection, select(*columns).where(*of_month))
    return kept, _read(connection, select(*_days_together(month_s, dimensions).subquery().c[:-1]))


def remake_month(connection: Connection, month_s: int) -> None:
    """Make the sums of a month those of its days."""
    days = _days_together(month_s, _whole_in(connection, month_s))
    of_month = (_columns.step == "month", _columns.dimension.in_(DIMENSIONS), _columns.slot_s == month_s)
    connection.execute(delete(tr_activity).where(*of_month))
    connection.execute(insert(tr_activity).from_select([*ACTIVITY_KEY, *ACTIVITY_SUMS, "label"], days))


def next_month(month_s: int) -> int:
    """Return when the month after this one begins."""
    return month_of(month_s + 32 * DAY_S)


def _days_together(month_s: int, dimensions: Collection[str]) -> Select[Any]:
    """Return the sums of the days of a month in the order of a row, its label last."""
    days = (_columns.step == "day", _columns.dimension.in_(dimensions))
    in_time = _columns.slot_s.between(month_s, next_month(month_s) - 1)
    key = (literal("month", Text).label("step"), _columns.dimension, literal(month_s, BigInteger).label("slot_s"))
    sums = (cast(func.sum(_columns[name]), BigInteger).label(name) for name in ACTIVITY_SUMS)
    query = select(*key, _columns.name, *sums, func.max(_columns.label).label("label"))
    return query.where(*days, in_time).group_by(_columns.dimension, _columns.name)


def _whole_in(connection: Connection, month_s: int) -> tuple[Dimension, ...]:
    """Return the dimensions that a month has from its first day on."""
    return tuple(one for one in DIMENSIONS if one != "ip" or month_s >= addresses_since(connection))


def _of_day(table: Table, day_s: int) -> tuple[ColumnElement[bool], ...]:
    columns = table.c
    in_time = columns.slot_s.between(day_s, day_s + DAY_S - 1)
    return columns.step.in_(("hour", "day")), columns.dimension.in_(DIMENSIONS), in_time


def _read(connection: Connection, query: Select[Any]) -> dict[Slot, Amounts]:
    rows = connection.execute(query)
    return {(step, dimension, slot_s, name): tuple(map(int, sums)) for step, dimension, slot_s, name, *sums in rows}


def _note_later(connection: Connection, fact: str, since_s: int) -> None:
    if since_s > int(read_fact(connection, fact) or "0"):
        write_fact(connection, fact, str(since_s))
