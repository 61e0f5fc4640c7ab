"""What lists show beside keys, teams and people: how many belong to each, what they used this month, when last.

Each figure is one question for all rows of a page, through an index, and no question reads more than the page is about.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Column, ColumnElement, Text, column, func, select, values

from tokenrouter.domain.ledger import NanoUsd
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.people import Membership
from tokenrouter.store.engine import Store
from tokenrouter.store.key_pages import KeySight
from tokenrouter.store.limits import read_stored_limit
from tokenrouter.store.schema import tr_keys, tr_ledger, tr_limits, tr_members, tr_usage_monthly
from tokenrouter.store.within import Within

Subject = Literal["key_id", "user", "team"]


@dataclass(frozen=True, slots=True)
class MonthSums:
    """What was used in a UTC month; `tokens` are input and output together."""

    requests: int = 0
    tokens: int = 0
    cost_nano_usd: NanoUsd = 0


NOTHING_USED: Final = MonthSums()


def month_sums(
    store: Store, subject: Subject, names: Collection[str], month: str, *, whose: Within | None = None
) -> dict[str, MonthSums]:
    """Return what each of `names` used in a month (`2026-02`), as far as it is `whose`; None is everybody's."""
    of = tr_usage_monthly.c
    named = of[subject]
    sums = (of.requests, of.input_tokens + of.output_tokens, of.cost_nano_usd)
    query = select(named, *(func.sum(one) for one in sums)).where(named.in_(sorted(names)), of.month == month)
    if whose is not None:
        query = query.where(whose.condition(of))
    with store.read() as connection:
        rows = connection.execute(query.group_by(named)).all()
    return {row[0]: MonthSums(*map(int, row[1:])) for row in rows}


def last_uses(store: Store, key_ids: Collection[str]) -> dict[str, int]:
    """Return when the newest request of each key began, in microseconds, as far as the ledger reaches."""
    if not key_ids:
        return {}
    asked = values(column("id", Text), name="asked").data([(one,) for one in sorted(key_ids)]).cte("asked")
    started, key_id = tr_ledger.c.started_us, tr_ledger.c.key_id
    newest = select(started).where(key_id == asked.c.id).order_by(started.desc()).limit(1).scalar_subquery()
    with store.read() as connection:
        rows = connection.execute(select(asked.c.id, newest)).all()
    return {one: started_us for one, started_us in rows if started_us is not None}


def key_names(store: Store, key_ids: Collection[str]) -> dict[str, str]:
    """Return what keys of the database are called."""
    query = select(tr_keys.c.id, tr_keys.c.name).where(tr_keys.c.id.in_(sorted(key_ids)))
    with store.read() as connection:
        return {row.id: row.name for row in connection.execute(query)}


def key_counts(
    store: Store,
    by: Literal["parent_id", "team", "user"],
    names: Collection[str],
    *,
    seen: KeySight | None = None,
) -> dict[str, int]:
    """Return how many keys of the database belong to each of `names`, of those that may be `seen`; None is all."""
    conditions = [] if seen is None else [seen.condition()]
    return _counts(store, tr_keys.c[by], names, conditions)


def member_counts(store: Store, teams: Collection[str]) -> dict[str, int]:
    """Return how many people are in each team."""
    return _counts(store, tr_members.c.team, teams)


def limits_on(store: Store, scopes: Collection[str]) -> dict[str, list[Limit]]:
    """Return the database's limits of each scope, the oldest first."""
    of, found = tr_limits.c, dict[str, list[Limit]]()
    query = select(tr_limits).where(of.scope.in_(sorted(scopes))).order_by(of.scope, of.created_at_s, of.id)
    with store.read() as connection:
        for row in connection.execute(query).mappings():
            found.setdefault(row["scope"], []).append(read_stored_limit(row).limit)
    return found


def memberships_of_all(store: Store, users: Collection[str]) -> dict[str, list[Membership]]:
    """Return the teams of each user, by name."""
    of = tr_members.c
    found: dict[str, list[Membership]] = {}
    with store.read() as connection:
        query = select(tr_members).where(of.user.in_(sorted(users))).order_by(of.user, of.team)
        for row in connection.execute(query).mappings():
            found.setdefault(row["user"], []).append(Membership(**row))
    return found


def _counts(
    store: Store, by: Column[Any], names: Collection[str], conditions: Iterable[ColumnElement[bool]] = ()
) -> dict[str, int]:
    query = select(by, func.count()).where(by.in_(sorted(names)), *conditions).group_by(by)
    with store.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
