"""The activity of some people, or of one model, in a long time: by day, from the sums that know whom and what together.

Those know neither hours nor addresses nor programs, so an answer from them has days for slots, and no such tables.
"""

from collections.abc import Mapping
from typing import Final, cast

from tokenrouter.domain.speeds import Speeds
from tokenrouter.store.activity_figures import (
    MAX_TABLE_ROWS,
    Figures,
    Part,
    Question,
    Series,
    amounts_of,
    others_of,
    tokens_of,
)
from tokenrouter.store.activity_rollups import speeds_between, speeds_of
from tokenrouter.store.activity_sums import DAY_S, TIMED_DIMENSIONS, Amounts, Dimension
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter
from tokenrouter.store.usage import Grouping, UsageFilter, UsageGroup
from tokenrouter.store.usage_days import ByDay, day_start, day_text, one_dimension, series_by_day, sums_by_day
from tokenrouter.store.usage_names import groups_of, sums_of_all

KNOWN: Final[tuple[Dimension, ...]] = ("key", "user", "team", "provider", "model")
"""What the daily sums can be split by."""


def figures_of_days(store: Store, question: Question) -> Figures:
    """Return the activity that is asked for, by UTC day; addresses and programs among its filters do not count."""
    question = question.by(DAY_S)
    wanted = usage_filter(question.wanted, question.since_s, question.until_s)
    days = sums_by_day(store, wanted)
    tables = {one: top_of_days(store, wanted, one) for one in question.tables if one in KNOWN}
    series = _series(store, wanted, question.group, tables.get(question.group, [])[: question.top], days)
    slots = _by_start(days)
    before = usage_filter(question.wanted, question.before_s // DAY_S * DAY_S, question.since_s)
    speeds, speeds_before = _speeds(store, wanted, question)
    return Figures(
        question,
        question.since_s,
        amounts_of(sums_of_all(store, before)),
        slots,
        series,
        others_of(slots, series) if series else {},
        tables,
        None,
        speeds,
        speeds_before,
    )


def usage_filter(wanted: LedgerFilter, since_s: int, until_s: int) -> UsageFilter:
    """Return the same as a filter of daily sums; both times are UTC midnights."""
    return UsageFilter(
        since_day=day_text(since_s),
        until_day=day_text(until_s - 1),
        key_ids=wanted.key_ids,
        user=wanted.user,
        team=wanted.team,
        provider=wanted.provider,
        model=wanted.model,
        within=wanted.within,
    )


def top_of_days(store: Store, wanted: UsageFilter, dimension: Dimension) -> list[Part]:
    """Return the names that used the most tokens, and what they used."""
    parts = [_part(group) for group in groups_of(store, wanted, cast(Grouping, dimension))]
    parts.sort(key=lambda part: (-tokens_of(part.amounts), -part.amounts[0], part.name))
    return parts[:MAX_TABLE_ROWS]


def _part(group: UsageGroup) -> Part:
    name = "" if group.name == "/" else group.name
    return Part(group.key_id or name, group.name if group.key_id else "", amounts_of(group.sums))


def stacked_days(
    store: Store, wanted: UsageFilter, dimension: Dimension, top: int
) -> tuple[list[int], list[Series], dict[int, Amounts]]:
    """Return the days on which anything was used, the `top` names that used the most of it, and what the others did."""
    days = sums_by_day(store, wanted)
    series = _series(store, wanted, dimension, top_of_days(store, wanted, dimension)[:top], days)
    slots = _by_start(days)
    return list(slots), series, others_of(slots, series)


def _series(store: Store, wanted: UsageFilter, dimension: Dimension, top: list[Part], days: ByDay) -> list[Series]:
    if not top:
        return []
    found = series_by_day(store, wanted, dimension, [one.name for one in top], days.keys())
    return [Series(one, _by_start(found.get(one.name, {}))) for one in top]


def _by_start(days: ByDay) -> dict[int, Amounts]:
    return {day_start(day): sums for day, sums in days.items()}


def _speeds(store: Store, wanted: UsageFilter, question: Question) -> tuple[Mapping[int, Speeds] | None, Speeds | None]:
    """Return how fast a provider or a model was, if one is all that is asked for, and how fast before."""
    one = one_dimension(wanted)
    if one is None or one[0] not in TIMED_DIMENSIONS:
        return None, None
    dimension, (name, *_) = one[0], tuple(one[1])
    before_s = question.before_s // DAY_S * DAY_S
    with store.read() as connection:
        now = speeds_of(connection, question, dimension, name)
        return now, speeds_between(connection, dimension, name, before_s, question.since_s)
