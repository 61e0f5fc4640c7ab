"""What was used: sums of the ledger by key, user, team, provider, model or day.

Everything here reads sums by month and, at the edges of a time and where days are asked for, by day. So it costs the
same after a million requests as after ten, and a year costs little more than a month.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, FromClause, Row, Select, Table, func, select, union_all

from tokenrouter.domain.ledger import NanoUsd, Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import TOKEN_KINDS, tr_usage_daily, tr_usage_monthly
from tokenrouter.store.within import Within

Grouping = Literal["key", "user", "team", "provider", "model", "day"]

GROUPS: Final[dict[Grouping, tuple[str, ...]]] = {
    "key": ("key_id",),
    "user": ("user",),
    "team": ("team",),
    "provider": ("provider",),
    "model": ("provider", "model"),
    "day": ("day",),
}
MAX_GROUPS: Final = 10_000
"""Most groups in one answer: more is a job for the ledger's pages."""

_SUMS: Final = ("requests", "failed", "cost_nano_usd", "unpriced_requests", *TOKEN_KINDS)


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which days and whose; empty fields do not restrict. Days are UTC, `2026-02-28`, both inclusive."""

    since_day: str = ""
    until_day: str = ""
    key_ids: frozenset[str] | None = None
    user: str = ""
    team: str = ""
    provider: str = ""
    model: str = ""
    within: Within | None = None
    """Whose at most, whatever else is wanted."""


@dataclass(frozen=True, slots=True)
class UsageSums:
    """What a number of requests used together.

    Attributes:
        unpriced_requests: requests that used tokens for which no price was known; not in the cost.
    """

    requests: int = 0
    failed: int = 0
    cost_nano_usd: NanoUsd = 0
    unpriced_requests: int = 0
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """The sums of one group.

    Attributes:
        name: what the group is called: the key's name, `provider/model`, the day, …
        key_id: of the key, when grouped by key.
    """

    name: str
    sums: UsageSums
    key_id: str = ""


def usage_sums(store: Store, wanted: UsageFilter) -> UsageSums:
    """Return what all that `wanted` selects used together."""
    source = _source(wanted, ())
    query = select(*(func.coalesce(func.sum(source.c[name]), 0).label(name) for name in _SUMS))
    with store.read() as connection:
        return _sums(connection.execute(query).one())


def usage_groups(store: Store, wanted: UsageFilter, by: Grouping) -> list[UsageGroup]:
    """Return the sums of each group, the most expensive first (days: the oldest first); at most `MAX_GROUPS`."""
    source = _source(wanted, GROUPS[by])
    group = [source.c[name] for name in GROUPS[by]]
    sums = [func.sum(source.c[name]).label(name) for name in _SUMS]
    order = group if by == "day" else [func.sum(source.c[name]).desc() for name in ("cost_nano_usd", "requests")]
    columns: list[Any] = [*group, func.max(source.c.key_name).label("key_name"), *sums]
    query = select(*columns).group_by(*group).order_by(*order).limit(MAX_GROUPS)
    with store.read() as connection:
        return [_group(row, by) for row in connection.execute(query)]


def added_up(parts: Iterable[UsageSums]) -> UsageSums:
    """Return what `parts` are together: of all groups, without asking for it again, what nothing was left out of."""
    found = list(parts)
    counts = {kind: sum(getattr(one.usage, kind) for one in found) for kind in TOKEN_KINDS}
    return UsageSums(
        requests=sum(one.requests for one in found),
        failed=sum(one.failed for one in found),
        cost_nano_usd=sum(one.cost_nano_usd for one in found),
        unpriced_requests=sum(one.unpriced_requests for one in found),
        usage=Usage(**counts),
    )


def whole_months(since_day: str, until_day: str) -> tuple[str, str] | None:
    """Return the first and last UTC month that lie in a time as a whole, "" where it has no bound; None without any."""
    first = since_day[:7] if since_day.endswith("-01") or not since_day else _next_month(since_day)
    last = until_day[:7] if not until_day or _is_last_of_month(until_day) else _month_before(until_day)
    return None if first and last and first > last else (first, last)


def _next_month(day: str) -> str:
    first = date.fromisoformat(day).replace(day=1)
    return (first + timedelta(days=31)).isoformat()[:7]


def _month_before(day: str) -> str:
    first = date.fromisoformat(day).replace(day=1)
    return (first - timedelta(days=1)).isoformat()[:7]


def _is_last_of_month(day: str) -> bool:
    return (date.fromisoformat(day) + timedelta(days=1)).day == 1


def _source(wanted: UsageFilter, group: tuple[str, ...]) -> FromClause:
    """Return sums by `group`, of whole months and of the days before and after them, to be added up."""
    since, until = wanted.since_day, wanted.until_day
    months = None if "day" in group else whole_months(since, until)
    if months is None:
        return _part(tr_usage_daily, "day", wanted, group, since, until).subquery()
    parts = [_part(tr_usage_monthly, "month", wanted, group, *months)]
    if since and not since.endswith("-01"):
        parts.append(_part(tr_usage_daily, "day", wanted, group, since, f"{since[:7]}-31"))
    if until and not _is_last_of_month(until):
        parts.append(_part(tr_usage_daily, "day", wanted, group, f"{until[:7]}-01", until))
    return union_all(*parts).subquery()


def _part(table: Table, period: str, wanted: UsageFilter, group: tuple[str, ...], first: str, last: str) -> Select[Any]:
    """Return the sums by `group` from `first` to `last`, where "" does not restrict."""
    columns = table.c
    parts = [columns[name] for name in group]
    sums = [func.sum(columns[name]).label(name) for name in _SUMS]
    query = select(*parts, func.max(columns.key_name).label("key_name"), *sums).group_by(*parts)
    query = query.where(*_whose(table, wanted))
    if first:
        query = query.where(columns[period] >= first)
    if last:
        query = query.where(columns[period] <= last)
    return query


def daily_conditions(wanted: UsageFilter) -> list[ColumnElement[bool]]:
    """Return what rows of `tr_usage_daily` must be like to be `wanted`."""
    day = tr_usage_daily.c.day
    conditions = _whose(tr_usage_daily, wanted)
    conditions += [day >= wanted.since_day] if wanted.since_day else []
    return conditions + ([day <= wanted.until_day] if wanted.until_day else [])


def _whose(table: Table, wanted: UsageFilter) -> list[ColumnElement[bool]]:
    columns = table.c
    said = (name for name in ("user", "team", "provider", "model") if getattr(wanted, name))
    conditions = [columns[name] == getattr(wanted, name) for name in said]
    if wanted.key_ids is not None:
        conditions.append(columns.key_id.in_(wanted.key_ids))
    if wanted.within is not None:
        conditions.append(wanted.within.condition(columns))
    return conditions


def _sums(row: Row[Any]) -> UsageSums:
    figures: dict[str, Any] = {name: int(getattr(row, name)) for name in _SUMS}
    usage = Usage(**{kind: figures.pop(kind) for kind in TOKEN_KINDS})
    return UsageSums(usage=usage, **figures)


def _group(row: Row[Any], by: Grouping) -> UsageGroup:
    if by == "key":
        return UsageGroup(row.key_name, _sums(row), key_id=row.key_id)
    if by == "model":
        return UsageGroup(f"{row.provider}/{row.model}" if row.provider or row.model else "", _sums(row))
    return UsageGroup(str(row[0]), _sums(row))
