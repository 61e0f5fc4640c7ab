"""What was used: sums of the ledger by key, user, team, provider, model or day.

Everything here reads the daily sums, so it costs the same after a million requests as after ten.
"""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import Row, Select, func, select

from tokenrouter.domain.ledger import NanoUsd, Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import TOKEN_KINDS, tr_usage_daily

Grouping = Literal["key", "user", "team", "provider", "model", "day"]

_columns = tr_usage_daily.c
GROUPS: Final[dict[Grouping, tuple[Any, ...]]] = {
    "key": (_columns.key_id,),
    "user": (_columns.user,),
    "team": (_columns.team,),
    "provider": (_columns.provider,),
    "model": (_columns.provider, _columns.model),
    "day": (_columns.day,),
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
    with store.read() as connection:
        return _sums(connection.execute(_filtered(select(*_sum_columns()), wanted)).one())


def usage_groups(store: Store, wanted: UsageFilter, by: Grouping) -> list[UsageGroup]:
    """Return the sums of each group, the most expensive first (days: the oldest first); at most `MAX_GROUPS`."""
    group = GROUPS[by]
    order = group if by == "day" else (func.sum(_columns.cost_nano_usd).desc(), func.sum(_columns.requests).desc())
    query = (
        select(*group, func.max(_columns.key_name).label("shown"), *_sum_columns()).group_by(*group).order_by(*order)
    )
    with store.read() as connection:
        rows = connection.execute(_filtered(query, wanted).limit(MAX_GROUPS)).all()
    return [_group(row, by) for row in rows]


def _sum_columns() -> list[Any]:
    return [func.coalesce(func.sum(_columns[name]), 0).label(f"sum_{name}") for name in _SUMS]


def _filtered(query: Select[Any], wanted: UsageFilter) -> Select[Any]:
    for name in ("user", "team", "provider", "model"):
        if value := getattr(wanted, name):
            query = query.where(_columns[name] == value)
    if wanted.key_ids is not None:
        query = query.where(_columns.key_id.in_(wanted.key_ids))
    if wanted.since_day:
        query = query.where(_columns.day >= wanted.since_day)
    if wanted.until_day:
        query = query.where(_columns.day <= wanted.until_day)
    return query


def _sums(row: Row[Any]) -> UsageSums:
    figures = {name: int(getattr(row, f"sum_{name}")) for name in _SUMS}
    usage = Usage(**{kind: figures.pop(kind) for kind in TOKEN_KINDS})
    return UsageSums(usage=usage, **figures)


def _group(row: Row[Any], by: Grouping) -> UsageGroup:
    if by == "key":
        return UsageGroup(row.shown, _sums(row), key_id=row.key_id)
    name = f"{row.provider}/{row.model}" if by == "model" else str(row[0])
    return UsageGroup(name, _sums(row))
