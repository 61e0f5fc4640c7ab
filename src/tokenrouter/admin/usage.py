"""`/api/v1/usage`: who used what, by key, user, team, provider, model or day; compared, stacked by day, as a file."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from tokenrouter.admin.activity_bodies import ShownSeries, others_of, series_of
from tokenrouter.admin.amounts import Day, Sums, sums_of
from tokenrouter.admin.callers import Grant, needs, within
from tokenrouter.admin.keys import ids_of
from tokenrouter.admin.paging import CSV, cells, csv_file
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.csv_text import csv_text
from tokenrouter.store.activity_days import stacked_days
from tokenrouter.store.usage import MAX_GROUPS, Grouping, UsageFilter, added_up
from tokenrouter.store.usage_names import groups_of, sums_of_all

router: Final = APIRouter(prefix="/api/v1/usage", tags=["usage"])

TOP: Final = 8
"""Series of a stacked chart; what is in none is one more."""

Part = Literal["model", "provider", "team", "user", "key"]


class Group(Sums):
    """The sums of one group; `key_id` only when grouped by key."""

    name: str
    key_id: str = ""


class Stack(BaseModel):
    """Days, and what each part used on each of them; `others` is what is in no series."""

    start_s: list[int]
    series: list[ShownSeries]
    others: ShownSeries | None


class Usage(BaseModel):
    """The total, and its parts: the most expensive first, days the oldest first.

    `previous` is the total of the time before, just as long; `stack` are the days by part. Both only when asked for.
    """

    by: Grouping
    total: Sums
    groups: list[Group]
    previous: Sums | None = None
    stack: Stack | None = None


@router.get("", response_model=Usage, responses=CSV)
def read_usage(
    state: State,
    grant: Annotated[Grant, needs("usage.read")],
    by: Grouping = "key",
    then: Annotated[Part | None, Query(description="What the days of `stack` are split by.")] = None,
    from_day: Annotated[Day | None, Query(alias="from", description="First UTC day, such as 2026-02-28.")] = None,
    to_day: Annotated[Day | None, Query(alias="to", description="Last UTC day, included.")] = None,
    key: Annotated[Text, Query(description="Name or id of a key.")] = "",
    user: Text = "",
    team: Text = "",
    provider: Text = "",
    model: Text = "",
    compare: Annotated[Literal["previous"] | None, Query(description="Needs `from`.")] = None,
    form: Annotated[Literal["json", "csv"], Query(alias="format", description="`csv`: the groups as a file.")] = "json",
) -> Usage | StreamingResponse:
    """Return what was used; empty filters do not restrict."""
    wanted = UsageFilter(
        within=within(state, grant),
        since_day=from_day.isoformat() if from_day else "",
        until_day=to_day.isoformat() if to_day else "",
        key_ids=ids_of(state, key) if key else None,
        user=user,
        team=team,
        provider=provider,
        model=model,
    )
    found = groups_of(state.store, wanted, by)
    groups = [Group(name=group.name, key_id=group.key_id, **sums_of(group.sums).model_dump()) for group in found]
    if form == "csv":
        return csv_file(f"usage-by-{by}", csv_text(list(Group.model_fields), [[cells(group) for group in groups]]))
    total = sums_of_all(state.store, wanted) if len(found) == MAX_GROUPS else added_up(group.sums for group in found)
    return Usage(
        by=by,
        total=sums_of(total),
        groups=groups,
        previous=_previous(state, wanted, from_day, to_day) if compare else None,
        stack=_stack(state, wanted, then) if then else None,
    )


def _previous(state: ControlState, wanted: UsageFilter, from_day: date | None, to_day: date | None) -> Sums:
    """Return what was used in the time before, which is as long as this one is until today."""
    if from_day is None:
        raise Problem(422, "invalid_field", "compare: say from when on, so that it is known what was before.")
    today = datetime.fromtimestamp(state.clock(), UTC).date()
    days = (min(to_day or today, today) - from_day).days + 1
    if days < 1:
        raise Problem(422, "invalid_field", "from: it is after the last day.")
    since = max(date.min, from_day - timedelta(days)) if days < from_day.toordinal() else date.min
    before = replace(wanted, since_day=since.isoformat(), until_day=(from_day - timedelta(1)).isoformat())
    return sums_of(sums_of_all(state.store, before))


def _stack(state: ControlState, wanted: UsageFilter, part: Part) -> Stack:
    days, series, others = stacked_days(state.store, wanted, part, TOP)
    return Stack(start_s=days, series=[series_of(one, days) for one in series], others=others_of(others, days))
