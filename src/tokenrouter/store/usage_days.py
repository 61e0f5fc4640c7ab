"""What was used day by day, of all and of the parts that charts stack: a year of it too.

Where one dimension says whose use is meant (everybody's, one team's, …), the sums of that dimension are read: a row a
day. What is asked of two together is read from the daily sums, of which there is an index for each of whom.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select

from tokenrouter.store.activity_figures import amounts_in
from tokenrouter.store.activity_sums import DAY_S, Amounts, Dimension, model_name
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import ACTIVITY_SUMS, tr_activity, tr_usage_daily
from tokenrouter.store.usage import UsageFilter, daily_conditions

_days: Final = tr_usage_daily.c
_slots: Final = tr_activity.c
_NAMES: Final[Mapping[Dimension, ColumnElement[str]]] = {
    "key": _days.key_id,
    "user": _days.user,
    "team": _days.team,
    "provider": _days.provider,
    "model": case((_days.provider + _days.model == "", ""), else_=_days.provider + "/" + _days.model),
}

ByDay = dict[str, Amounts]
"""What was used by UTC day (`2026-02-28`), in the order of `ACTIVITY_SUMS`."""


def sums_by_day(store: Store, wanted: UsageFilter) -> ByDay:
    """Return what was used on each day, in order."""
    one = one_dimension(wanted)
    if one is None:
        query = _of_daily(wanted)
    else:
        dimension, names = one
        query = _of_activity(dimension).where(_slots.name.in_(sorted(names)), *_in_days(wanted))
    return _read(store, query).get("", {})


def series_by_day(
    store: Store, wanted: UsageFilter, dimension: Dimension, names: Collection[str], days: Collection[str]
) -> dict[str, ByDay]:
    """Return what each of `names` used on each of `days`, which are those of `wanted` that have anything."""
    if _is_said_by_name(wanted, dimension):
        slots = [day_start(day) for day in days]
        query = _of_activity(dimension, _slots.name)
        return _read(store, query.where(_slots.name.in_(sorted(names)), _slots.slot_s.in_(slots)))
    named = _models_named(names) if dimension == "model" else _NAMES[dimension].in_(sorted(names))
    return _read(store, _of_daily(wanted, _NAMES[dimension]).where(named))


def _is_said_by_name(wanted: UsageFilter, dimension: Dimension) -> bool:
    """Whether all that a name of `dimension` has used is wanted, where anything of it is."""
    one = one_dimension(wanted)
    return one is not None and one[0] in ("all", dimension, *(("provider",) if dimension == "model" else ()))


def _models_named(names: Collection[str]) -> ColumnElement[bool]:
    """Return that a model is one of `names`, in the words of its index."""
    pairs = (name.partition("/") for name in sorted(names))
    return or_(*(and_(_days.provider == provider, _days.model == model) for provider, _, model in pairs))


def one_dimension(wanted: UsageFilter) -> tuple[Dimension, frozenset[str]] | None:
    """Return the one dimension and its names that say whose use is meant; "all" is everybody's. None: several do."""
    said: list[tuple[Dimension, frozenset[str]]] = []
    if wanted.within is not None:
        reach: list[tuple[Dimension, frozenset[str]]] = [
            ("team", wanted.within.teams),
            ("user", wanted.within.users),
            ("key", wanted.within.key_ids),
        ]
        kinds = [one for one in reach if one[1]]
        if len(kinds) != 1:
            return None
        said += kinds
    if wanted.key_ids is not None:
        said.append(("key", wanted.key_ids))
    if wanted.model and not wanted.provider:
        return None
    if wanted.provider and wanted.model:
        said.append(("model", frozenset({model_name(wanted.provider, wanted.model)})))
    elif wanted.provider:
        said.append(("provider", frozenset({wanted.provider})))
    said += [("user", frozenset({wanted.user}))] if wanted.user else []
    said += [("team", frozenset({wanted.team}))] if wanted.team else []
    if len(said) > 1:
        return None
    return said[0] if said else ("all", frozenset({""}))


def day_start(day: str) -> int:
    """Return when a UTC day began, in seconds since the epoch."""
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * DAY_S


def day_text(time_s: int) -> str:
    """Return the UTC day of a time."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d")


def _of_daily(wanted: UsageFilter, name: ColumnElement[str] | None = None) -> Select[Any]:
    sums = (func.sum(_days[one]).label(one) for one in ACTIVITY_SUMS)
    query = select(_days.day.label("day"), (literal("") if name is None else name).label("name"), *sums).where(
        *daily_conditions(wanted)
    )
    return query.group_by(_days.day, *(() if name is None else (name,))).order_by(_days.day)


def _of_activity(dimension: Dimension, name: ColumnElement[str] | None = None) -> Select[Any]:
    sums = (func.sum(_slots[one]).label(one) for one in ACTIVITY_SUMS)
    query = select(_slots.slot_s, (literal("") if name is None else name).label("name"), *sums)
    query = query.where(_slots.step == "day", _slots.dimension == dimension)
    return query.group_by(_slots.slot_s, *(() if name is None else (name,))).order_by(_slots.slot_s)


def _in_days(wanted: UsageFilter) -> list[ColumnElement[bool]]:
    since = [_slots.slot_s >= day_start(wanted.since_day)] if wanted.since_day else []
    return since + ([_slots.slot_s <= day_start(wanted.until_day)] if wanted.until_day else [])


def _read(store: Store, query: Select[Any]) -> dict[str, ByDay]:
    found: dict[str, ByDay] = {}
    with store.read() as connection:
        for at, name, *amounts in connection.execute(query):
            found.setdefault(name, {})[at if isinstance(at, str) else day_text(at)] = amounts_in(amounts)
    return found
