"""The activity of everybody in a long time, from the sums by hour, day and month.

What it costs depends on how many slots and names there are, and not on the number of requests.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, FromClause, Select, func, literal, select, union_all

from tokenrouter.domain.speeds import Speeds
from tokenrouter.store.activity_books import addresses_since, fine_hours_since
from tokenrouter.store.activity_figures import (
    MAX_TABLE_ROWS,
    NOTHING,
    Figures,
    Hour,
    Part,
    Question,
    Series,
    amounts_in,
    others_of,
    speeds_in,
)
from tokenrouter.store.activity_periods import Stretch, cover
from tokenrouter.store.activity_sums import DAY_S, HOUR_S, Amounts, Dimension, Step
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import ACTIVITY_SUMS, SPEED_SUMS, tr_activity, tr_speeds

_columns: Final = tr_activity.c
_ALL: Final = ("",)
_SUMMED: Final = tuple(func.sum(_columns[name]) for name in ACTIVITY_SUMS)
_SPEEDS: Final = tuple(func.sum(tr_speeds.c[name]) for name in SPEED_SUMS)
_HOUR: Final = tuple(
    _columns[name] for name in ("slot_s", "requests", "input_tokens", "output_tokens", "cost_nano_usd")
)


def figures_of_rollups(store: Store, question: Question) -> Figures:
    """Return the activity that is asked for, whose filters do not count; slots are hours at least."""
    with store.read() as connection:
        question = question.by(max(question.slot_s, HOUR_S))
        if question.since_s < fine_hours_since(connection):
            question = question.by(DAY_S)
        slots = series_of(connection, question, "all", _ALL).get("", {})
        tables = {one: top_of(connection, one, question.since_s, question.until_s) for one in question.tables}
        series = _series(connection, question, tables.get(question.group, ()))
        before_s = question.before_s // HOUR_S * HOUR_S
        return Figures(
            question,
            question.since_s,
            total_of(connection, "all", _ALL, before_s, question.since_s),
            slots,
            series,
            others_of(slots, series) if series else {},
            tables,
            _hours(connection, question),
            speeds_of(connection, question, "all", ""),
            speeds_between(connection, "all", "", before_s, question.since_s),
        )


def series_of(
    connection: Connection, question: Question, dimension: Dimension, names: Collection[str]
) -> dict[str, dict[int, Amounts]]:
    """Return what each of `names` used, by slot."""
    step: Step = "day" if question.slot_s % DAY_S == 0 else "hour"
    steps = list(range(question.since_s, question.until_s, DAY_S if step == "day" else HOUR_S))
    slot = (_columns.slot_s // question.slot_s * question.slot_s).label("slot")
    query = select(slot, _columns.name, *_SUMMED).where(
        _columns.step == step,
        _columns.dimension == dimension,
        _columns.slot_s.in_(steps),
        _columns.name.in_(sorted(names)),
    )
    found: dict[str, dict[int, Amounts]] = {}
    for slot_s, name, *amounts in connection.execute(query.group_by(slot, _columns.name)):
        found.setdefault(name, {})[slot_s] = amounts_in(amounts)
    return found


def total_of(
    connection: Connection, dimension: Dimension, names: Collection[str], since_s: int, until_s: int
) -> Amounts:
    """Return what `names` used together; both times are whole hours."""
    stretches = cover(since_s, until_s)
    if not stretches or not names:
        return NOTHING
    source = _together(dimension, stretches, names)
    return amounts_in(connection.execute(select(*_summed(source.c))).one())


def top_of(connection: Connection, dimension: Dimension, since_s: int, until_s: int) -> list[Part]:
    """Return the names that used the most tokens, and what they used; both times are whole hours."""
    if dimension == "ip":
        since_s = max(since_s, addresses_since(connection))
    return _most_of(connection, dimension, since_s, until_s, ("input_tokens", "output_tokens"), MAX_TABLE_ROWS)


def costliest_of(
    connection: Connection,
    dimension: Dimension,
    since_s: int,
    until_s: int,
    names: Collection[str] | None,
    limit: int,
) -> list[Part]:
    """Return what names cost, the most expensive first: all, or those of `names`; both times are UTC midnights."""
    return _most_of(connection, dimension, since_s, until_s, ("cost_nano_usd",), limit, names)


def _most_of(
    connection: Connection,
    dimension: Dimension,
    since_s: int,
    until_s: int,
    what: Iterable[str],
    limit: int,
    names: Collection[str] | None = None,
) -> list[Part]:
    """Return the names that used the most of `what` together, and what they used."""
    stretches = cover(since_s, until_s)
    if not stretches:
        return []
    source = _together(dimension, stretches, names).c
    most = sum((func.sum(source[one]) for one in what), start=literal(0))
    query = select(source.name, func.max(source.label).label("label"), *_summed(source)).group_by(source.name)
    query = query.order_by(most.desc(), func.sum(source.requests).desc(), source.name).limit(limit)
    return [Part(name, label, amounts_in(amounts)) for name, label, *amounts in connection.execute(query)]


def speeds_of(connection: Connection, question: Question, dimension: Dimension, name: str) -> dict[int, Speeds]:
    """Return how fast one name was, by slot."""
    step: Step = "day" if question.slot_s % DAY_S == 0 else "hour"
    stretch = Stretch(step, question.since_s, question.until_s)
    slot = (tr_speeds.c.slot_s // question.slot_s * question.slot_s).label("slot")
    query = _speeds_query(dimension, name, stretch).add_columns(slot).group_by(slot)
    return {slot_s: speeds_in(counts) for *counts, slot_s in connection.execute(query)}


def speeds_between(connection: Connection, dimension: Dimension, name: str, since_s: int, until_s: int) -> Speeds:
    """Return how fast one name was in a time; of months there are only days."""
    found = Speeds()
    for one in cover(since_s, until_s):
        stretch = Stretch("hour" if one.step == "hour" else "day", one.since_s, one.until_s)
        found += speeds_in(connection.execute(_speeds_query(dimension, name, stretch)).one())
    return found


def _speeds_query(dimension: Dimension, name: str, stretch: Stretch) -> Select[Any]:
    columns = tr_speeds.c
    return select(*_SPEEDS).where(
        columns.step == stretch.step,
        columns.dimension == dimension,
        columns.slot_s.between(stretch.since_s, stretch.until_s - 1),
        columns.name == name,
    )


def _series(connection: Connection, question: Question, parts: Sequence[Part]) -> list[Series]:
    top = parts[: question.top]
    if not top:
        return []
    found = series_of(connection, question, question.group, [one.name for one in top])
    return [Series(one, found.get(one.name, {})) for one in top]


def _hours(connection: Connection, question: Question) -> Mapping[int, Hour]:
    query = select(*_HOUR).where(
        _columns.step == "hour",
        _columns.dimension == "all",
        _columns.slot_s.between(question.since_s, question.until_s - 1),
    )
    rows = connection.execute(query)
    return {slot_s: (requests, read + written, cost) for slot_s, requests, read, written, cost in rows}


def _together(dimension: Dimension, stretches: Iterable[Stretch], names: Collection[str] | None = None) -> FromClause:
    """Return the rows that make up a time, to be added up."""
    columns = [_columns[name] for name in ("name", "label", *ACTIVITY_SUMS)]
    parts = [
        select(*columns).where(
            _columns.step == one.step,
            _columns.dimension == dimension,
            _columns.slot_s.between(one.since_s, one.until_s - 1),
            *(() if names is None else (_columns.name.in_(sorted(names)),)),
        )
        for one in stretches
    ]
    return union_all(*parts).subquery()


def _summed(columns: Any) -> list[Any]:
    return [func.sum(columns[name]).label(name) for name in ACTIVITY_SUMS]
