"""What is summed up beside the ledger: daily sums and use of limits, to be compared with others and set right.

What compares them with the ledger's rows works inside the transaction that it is given, so that rows and sums are of
one moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Connection, Text, cast, delete, func, insert, literal, select

from tokenrouter.domain.ledger import NanoUsd
from tokenrouter.store.bulk import insert_rows
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import DAILY_KEY, DAILY_SUMS, MONTHLY_KEY
from tokenrouter.store.limit_use import LimitCharge, add_limit_use
from tokenrouter.store.schema import tr_limit_use, tr_usage_daily, tr_usage_monthly

Group = tuple[str, str, str, str, str]
"""Key id, user, team, provider, model: what a day is split by."""
DaySums = Mapping[Group, tuple[int, ...]]
"""The sums of one day, in the order of `DAILY_SUMS`."""

_columns: Final = tr_usage_daily.c
_IN_ORDER: Final = (*(_columns[name] for name in DAILY_KEY[1:]), *(_columns[name] for name in DAILY_SUMS))


def kept_days(connection: Connection, since_day: str, until_day: str) -> list[str]:
    """Return the days (`2026-02-28`) that have sums, oldest first; empty bounds do not restrict, both are included."""
    days = select(_columns.day).distinct().order_by(_columns.day)
    if since_day:
        days = days.where(_columns.day >= since_day)
    if until_day:
        days = days.where(_columns.day <= until_day)
    return list(connection.execute(days).scalars())


def kept_sums(connection: Connection, day: str) -> dict[Group, tuple[int, ...]]:
    """Return the sums of one day."""
    rows = connection.execute(select(*_IN_ORDER).where(_columns.day == day))
    return {
        (key, user, team, provider, model): tuple(map(int, sums)) for key, user, team, provider, model, *sums in rows
    }


def kept_months(connection: Connection, last_day: str) -> dict[tuple[str, Group], tuple[int, ...]]:
    """Return the sums of each UTC month (`2026-02`), of its days up to `last_day`."""
    month = func.substr(_columns.day, 1, 7)
    group = [_columns[name] for name in DAILY_KEY[1:]]
    query = select(month, *group, *(func.sum(_columns[name]) for name in DAILY_SUMS)).where(_columns.day <= last_day)
    rows = connection.execute(query.group_by(month, *group))
    return {
        (of, (key, user, team, provider, model)): tuple(map(int, sums))
        for of, key, user, team, provider, model, *sums in rows
    }


def monthly_sums(connection: Connection) -> dict[tuple[str, Group], tuple[int, ...]]:
    """Return the sums that are kept of each month."""
    query = select(*(tr_usage_monthly.c[name] for name in (*MONTHLY_KEY, *DAILY_SUMS)))
    return {
        (month, (key, user, team, provider, model)): tuple(map(int, sums))
        for month, key, user, team, provider, model, *sums in connection.execute(query)
    }


def replace_sums(connection: Connection, day: str, sums: DaySums, key_names: Mapping[Group, str]) -> None:
    """Make `sums` those of the day, in the place of all that were kept."""
    connection.execute(delete(tr_usage_daily).where(_columns.day == day))
    rows = [(day, *group, *amounts, key_names.get(group, "")) for group, amounts in sums.items()]
    insert_rows(connection, tr_usage_daily, (*DAILY_KEY, *DAILY_SUMS, "key_name"), rows)
    remake_month(connection, day[:7])


def remake_month(connection: Connection, month: str) -> None:
    """Make the sums of a month those of its days."""
    groups = [_columns[name] for name in DAILY_KEY[1:]]
    sums = [cast(func.sum(_columns[name]), BigInteger) for name in DAILY_SUMS]
    days = select(literal(month, Text), *groups, *sums, func.max(_columns.key_name))
    days = days.where(_columns.day.between(f"{month}-01", f"{month}-31")).group_by(*groups)
    connection.execute(delete(tr_usage_monthly).where(tr_usage_monthly.c.month == month))
    connection.execute(insert(tr_usage_monthly).from_select([*MONTHLY_KEY, *DAILY_SUMS, "key_name"], days))


@dataclass(frozen=True, slots=True)
class ModelDay:
    """What one model of a provider used on one UTC day; `unpriced_requests` are not in the cost."""

    day: str
    model: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost_nano_usd: NanoUsd
    unpriced_requests: int


_MODEL_SUMS: Final = ("requests", "input_tokens", "output_tokens", "cost_nano_usd", "unpriced_requests")


def model_days(store: Store, provider: str, since_day: str, until_day: str) -> list[ModelDay]:
    """Return what each model of `provider` used on each day, in order; both days are included."""
    wanted = (_columns.provider == provider, _columns.day >= since_day, _columns.day <= until_day)
    group = (_columns.day, _columns.model)
    query = select(*group, *(func.sum(_columns[name]) for name in _MODEL_SUMS)).where(*wanted)
    with store.read() as connection:
        rows = connection.execute(query.group_by(*group).order_by(*group)).all()
    return [ModelDay(day, model, *map(int, sums)) for day, model, *sums in rows]


def replace_limit_use(connection: Connection, counters: Sequence[LimitCharge]) -> None:
    """Make the use of each of `counters` what it says, whatever was kept; no use at all is no row."""
    columns = tr_limit_use.c
    for one in counters:
        connection.execute(
            delete(tr_limit_use).where(
                columns.limit_id == one.limit_id,
                columns.scope == one.scope,
                columns.window_start_us == one.window_start_us,
            )
        )
    add_limit_use(connection, [one for one in counters if one.amount])
