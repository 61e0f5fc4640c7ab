"""The activity of a short time, from the ledger's rows themselves: in any slots, and for any filters together.

Rows are read once, by the index of their time or of what they are filtered by, and summed up by the database in every
way that is asked for. What that costs grows with the rows, so `store/activity.py` sees to it that there are few.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import CTE, BigInteger, ColumnElement, Select, and_, case, cast, func, literal, select, union_all

from tokenrouter.domain.ledger import DELIVERED
from tokenrouter.domain.speeds import Speeds
from tokenrouter.store.activity_figures import (
    MAX_TABLE_ROWS,
    NOTHING,
    Figures,
    Part,
    Question,
    Series,
    added,
    amounts_in,
    others_of,
    speeds_in,
    tokens_of,
)
from tokenrouter.store.activity_sums import HOUR_S, Amounts, Dimension, count_speed
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import row_conditions
from tokenrouter.store.schema import ACTIVITY_SUMS, tr_ledger

BEFORE: Final = -1
"""The slot of everything in the time before."""
_US: Final = 1_000_000
_columns: Final = tr_ledger.c
_NAMES: Final[dict[Dimension, ColumnElement[str]]] = {
    "provider": _columns.provider,
    "model": case((_columns.provider + _columns.model == "", ""), else_=_columns.provider + "/" + _columns.model),
    "key": _columns.key_id,
    "user": _columns.user,
    "team": _columns.team,
    "ip": _columns.client_ip,
    "tool": _columns.client_tool,
}


def figures_of_rows(store: Store, question: Question, *, whole_since_s: int | None = None) -> Figures:
    """Return the activity that is asked for; from `whole_since_s` on, where older rows are not to be read."""
    since_s = question.before_s if whole_since_s is None else whole_since_s
    rows = _rows(question, since_s)
    with store.read() as connection:
        found = connection.execute(_sums_query(rows, question)).all()
        timed = connection.execute(_timed_query(question, since_s)).all()
    by_kind: dict[str, list[tuple[int, str, str, Amounts]]] = {}
    for kind, slot, name, label, *amounts in found:
        by_kind.setdefault(kind, []).append((slot, name, label, amounts_in(amounts)))
    slots = {slot: amounts for slot, _, _, amounts in by_kind.get("slot", ())}
    before = slots.pop(BEFORE, NOTHING)
    speeds = _speeds(timed)
    speeds_before = speeds.pop(BEFORE, Speeds())
    series = _series(by_kind.get("series", ()), question)
    hours = ((slot, one) for slot, _, _, one in by_kind.get("hour", ()))
    return Figures(
        question,
        max(question.since_s, since_s),
        before,
        slots,
        series,
        others_of(slots, series) if series else {},
        {kind: _table(kind, by_kind.get(kind, ())) for kind in question.tables},
        {slot: (one[0], tokens_of(one), one[6]) for slot, one in hours},
        speeds,
        speeds_before,
    )


def _rows(question: Question, since_s: int) -> CTE:
    """Return the rows as they are needed, each read once; PostgreSQL and SQLite keep them aside."""
    hour_us = HOUR_S * _US
    names = {*question.tables, question.group} - {"all"}
    query = select(
        _slot(question),
        (_columns.started_us // hour_us * HOUR_S).label("hour"),
        *(_NAMES[name].label(f"of_{name}") for name in sorted(names)),
        _columns.key_name,
        *(amount.label(name) for name, amount in zip(ACTIVITY_SUMS, _amounts(), strict=True)),
    )
    return query.where(*_conditions(question, since_s)).cte("rows_of_time").prefix_with("MATERIALIZED")


def _slot(question: Question) -> ColumnElement[int]:
    is_before = _columns.started_us < question.since_s * _US
    slot_s = _columns.started_us // (question.slot_s * _US) * question.slot_s
    return case((is_before, BEFORE), else_=slot_s).label("slot")


def _conditions(question: Question, since_s: int) -> list[ColumnElement[bool]]:
    return row_conditions(
        replace(question.wanted, since_us=since_s * _US, until_us=question.until_s * _US, before=None)
    )


def _amounts() -> Iterable[ColumnElement[int]]:
    """Return what a row counts for, in the order of `ACTIVITY_SUMS`."""
    count, tokens = _columns["count"], _columns.input_tokens + _columns.output_tokens
    failed = case((_is_delivered(), 0), else_=count)
    unpriced = case((and_(_columns.cost_nano_usd.is_(None), tokens > 0), count), else_=0)
    kinds = (_columns[name] for name in ACTIVITY_SUMS[2:6])
    return (count, failed, *kinds, func.coalesce(_columns.cost_nano_usd, 0), unpriced)


def _is_delivered() -> ColumnElement[bool]:
    return and_(_columns.end_reason.in_(sorted(DELIVERED)), _columns.status < 400)


def _sums_query(rows: CTE, question: Question) -> Select[Any]:
    """Return all sums in one query, so that the rows are read once; `kind` says of what a sum is."""
    in_time = rows.c.slot != BEFORE
    parts = [
        _grouped(rows, "slot", slot=rows.c.slot),
        _grouped(rows, "hour", slot=rows.c.hour).where(in_time),
    ]
    if question.group != "all":
        parts.append(_grouped(rows, "series", slot=rows.c.slot, name=rows.c[f"of_{question.group}"]).where(in_time))
    for dimension in question.tables:
        table = _grouped(rows, dimension, name=rows.c[f"of_{dimension}"]).where(in_time)
        tokens = func.sum(rows.c.input_tokens) + func.sum(rows.c.output_tokens)
        top = table.order_by(tokens.desc(), func.sum(rows.c.requests).desc()).limit(MAX_TABLE_ROWS).subquery()
        parts.append(select(*top.c))
    return select(*union_all(*parts).subquery().c)


def _grouped(
    rows: CTE, kind: str, *, slot: ColumnElement[int] | None = None, name: ColumnElement[str] | None = None
) -> Select[Any]:
    """Return the sums by slot, by name, or by both."""
    parts = [
        (literal(0) if slot is None else slot).label("slot"),
        (literal("") if name is None else name).label("name"),
        func.max(rows.c.key_name).label("label"),
    ]
    sums = (cast(func.sum(rows.c[amount]), BigInteger).label(amount) for amount in ACTIVITY_SUMS)
    return select(literal(kind).label("kind"), *parts, *sums).group_by(
        *(one for one in (slot, name) if one is not None)
    )


def _timed_query(question: Question, since_s: int) -> Select[Any]:
    """Return how fast each row was answered that says something of it (`activity_sums.py` counts the same)."""
    is_timed = (_is_delivered(), _columns["count"] == 1, _columns.latency_us > 0, _columns.answered_by == "")
    durations = (_columns.latency_us, _columns.first_token_us, _columns.input_tokens, _columns.output_tokens)
    return select(_slot(question), *durations).where(*_conditions(question, since_s), *is_timed)


def _speeds(rows: Iterable[Any]) -> dict[int, Speeds]:
    """Return speeds by slot."""
    counts: dict[int, list[int]] = {}
    for slot, *durations in rows:
        count_speed(counts.setdefault(slot, []), *durations)
    return {slot: speeds_in(one) for slot, one in counts.items()}


def _series(rows: Iterable[tuple[int, str, str, Amounts]], question: Question) -> list[Series]:
    by_name: dict[str, dict[int, Amounts]] = {}
    labels: dict[str, str] = {}
    for slot, name, label, amounts in rows:
        by_name.setdefault(name, {})[slot] = amounts
        labels[name] = _label(question.group, label)
    parts = [Part(name, labels[name], added(slots.values())) for name, slots in by_name.items()]
    parts.sort(key=lambda part: (-tokens_of(part.amounts), -part.amounts[0], part.name))
    return [Series(part, by_name[part.name]) for part in parts[: question.top]]


def _table(kind: str, rows: Iterable[tuple[int, str, str, Amounts]]) -> list[Part]:
    return [Part(name, _label(kind, label), amounts) for _, name, label, amounts in rows]


def _label(kind: str, key_name: str) -> str:
    """Return what a name of this kind is called, where that is something else."""
    return key_name if kind == "key" else ""
