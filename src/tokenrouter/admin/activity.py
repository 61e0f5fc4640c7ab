"""`/api/v1/activity`: all that a page of figures shows, in one answer: sums, charts, tables, speeds, hours of the week.

A page that asks once is whole or not there, and never shows figures of two moments.
"""

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel

from tokenrouter.admin.activity_bodies import (
    Heat,
    ShownSeries,
    ShownSlots,
    Tables,
    Total,
    before_of,
    heat_of,
    others_of,
    series_of,
    slots_of,
    tables_of,
    total_of,
)
from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs, within
from tokenrouter.admin.keys import ids_of
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Words
from tokenrouter.domain.limit_text import parse_zone
from tokenrouter.domain.periods import parse_period
from tokenrouter.store.activity import activity
from tokenrouter.store.activity_figures import Figures, Question
from tokenrouter.store.activity_periods import SLOTS_S, usual_slot
from tokenrouter.store.activity_sums import Dimension
from tokenrouter.store.ledger import LedgerFilter

router: Final = APIRouter(prefix="/api/v1/activity", tags=["usage"])

HOUR_S: Final = 3600
USUAL_RANGE_S: Final = 8 * HOUR_S
MAX_RANGE_S: Final = 366 * 86_400
MAX_SLOTS: Final = 750
"""A month of hours, and some."""
MAX_SERIES: Final = 20

Group = Literal["model", "provider", "key", "user", "team", "ip", "tool", "none"]


class Providers(BaseModel):
    """How many providers are switched on, and how many of them are known to answer."""

    available: int
    online: int


class Activity(BaseModel):
    """What went on in some time.

    `slot_s` may be wider than was asked for, and `since` a little earlier, where rows are too many to be read.
    `whole_since` is from when on everything is counted: later than `since` only where an address or a program is asked
    for that has used too much to be read. `before` is the time before, just as long; `others` is what is in no series.
    """

    since: str
    until: str
    whole_since: str
    slot_s: int
    group: Group
    total: Total
    before: Total | None
    slots: ShownSlots
    series: list[ShownSeries]
    others: ShownSeries | None
    tables: Tables
    heat: list[Heat] | None
    providers: Providers | None


@router.get("")
def read_activity(
    state: State,
    grant: Annotated[Grant, needs("usage.read")],
    range_s: Annotated[int, Query(alias="range", ge=HOUR_S, le=MAX_RANGE_S, description="Seconds back.")] = (
        USUAL_RANGE_S
    ),
    since: Annotated[Words, Query(alias="from", description="Instead: a day, or 2026-02-28T12:00.")] = "",
    until: Annotated[Words, Query(alias="to", description="A day, included, or a time; now, when left out.")] = "",
    slot: Annotated[int, Query(description=f"Seconds of a slot: {', '.join(map(str, SLOTS_S))}; 0 as fits.")] = 0,
    group: Annotated[Group, Query(description="What the chart is split by.")] = "model",
    top: Annotated[int, Query(ge=1, le=MAX_SERIES, description="How many series.")] = 8,
    tz: Annotated[Words, Query(description="The time zone of the heat map and of `from` and `to`.")] = "UTC",
    key: Annotated[Words, Query(description="Name or id of a key.")] = "",
    user: Words = "",
    team: Words = "",
    provider: Words = "",
    model: Annotated[Words, Query(description="As it is called at its provider.")] = "",
    ip: Words = "",
    tool: Words = "",
) -> Activity:
    """Return what went on; empty filters do not restrict. Providers are told to who may see everything."""
    now_s = int(state.clock())
    since_s, until_s = _time(since, until, tz, range_s, now_s)
    wanted = LedgerFilter(
        within=within(state, grant),
        key_ids=ids_of(state, key) if key else None,
        user=user,
        team=team,
        provider=provider,
        model=model,
        client_ip=ip,
        client_tool=tool,
    )
    dimension: Dimension = "all" if group == "none" else group
    slot_s = _slot(slot, until_s - since_s)
    question = Question(wanted, since_s, until_s, slot_s, now_s, dimension, top).by(slot_s)
    return _shown(activity(state.store, question), group, tz, _providers(state) if grant.is_for_all else None)


def _time(since: str, until: str, tz: str, range_s: int, now_s: int) -> tuple[int, int]:
    """Return when the time begins and ends that is asked for, in seconds since the epoch.

    Raises:
        Problem: it is none, too long, or still to come.
    """
    try:
        period = parse_period(since, until, tz=tz)
    except ValueError as error:
        raise Problem(422, "invalid_field", f"from, to, tz: {error}.") from None
    until_s = now_s + 1 if period.until_us is None else min(period.until_us // 1_000_000, now_s + 1)
    since_s = period.since_us // 1_000_000 if since else until_s - range_s
    if since_s >= until_s:
        raise Problem(422, "invalid_field", "from: it has not come yet.")
    if since_s < 0 or until_s - since_s > MAX_RANGE_S + 86_400:
        raise Problem(422, "invalid_field", "from: at most 366 days are told at once.")
    return since_s, until_s


def _slot(slot_s: int, length_s: int) -> int:
    if not slot_s:
        return usual_slot(length_s)
    if slot_s not in SLOTS_S:
        raise Problem(422, "invalid_field", f"slot: it is one of {', '.join(map(str, SLOTS_S))} seconds.")
    if length_s > slot_s * MAX_SLOTS:
        raise Problem(422, "invalid_field", f"slot: that would be more than {MAX_SLOTS} slots; take wider ones.")
    return slot_s


def _providers(state: ControlState) -> Providers:
    statuses = [row.status for row in state.provider_statuses() if row.status != "disabled"]
    return Providers(available=len(statuses), online=statuses.count("online"))


def _shown(figures: Figures, group: Group, tz: str, providers: Providers | None) -> Activity:
    question = figures.question
    return Activity(
        since=time_text(question.since_s) or "",
        until=time_text(min(question.until_s, question.now_s)) or "",
        whole_since=time_text(figures.whole_since_s) or "",
        slot_s=question.slot_s,
        group=group,
        total=total_of(figures),
        before=before_of(figures),
        slots=slots_of(figures),
        series=[series_of(one, question.slots) for one in figures.series],
        others=others_of(figures.others, question.slots),
        tables=tables_of(figures),
        heat=heat_of(figures.hours, ZoneInfo(parse_zone(tz))),
        providers=providers,
    )
