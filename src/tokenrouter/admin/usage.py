"""`/api/v1/usage`: who used what, by key, user, team, provider, model or day."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel

from tokenrouter.admin.amounts import Day, Sums, sums_of
from tokenrouter.admin.callers import Grant, needs, within
from tokenrouter.admin.keys import ids_of
from tokenrouter.admin.state import State
from tokenrouter.store.usage import MAX_GROUPS, Grouping, UsageFilter, added_up, usage_groups, usage_sums

router: Final = APIRouter(prefix="/api/v1/usage", tags=["usage"])


class Group(Sums):
    """The sums of one group; `key_id` only when grouped by key."""

    name: str
    key_id: str = ""


class Usage(BaseModel):
    """The total, and its parts: the most expensive first, days the oldest first."""

    by: Grouping
    total: Sums
    groups: list[Group]


@router.get("")
def read_usage(
    state: State,
    grant: Annotated[Grant, needs("usage.read")],
    by: Grouping = "key",
    from_day: Annotated[Day | None, Query(alias="from", description="First UTC day, such as 2026-02-28.")] = None,
    to_day: Annotated[Day | None, Query(alias="to", description="Last UTC day, included.")] = None,
    key: Annotated[str, Query(description="Name or id of a key.")] = "",
    user: str = "",
    team: str = "",
    provider: str = "",
    model: str = "",
) -> Usage:
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
    found = usage_groups(state.store, wanted, by)
    total = usage_sums(state.store, wanted) if len(found) == MAX_GROUPS else added_up(group.sums for group in found)
    groups = [Group(name=group.name, key_id=group.key_id, **sums_of(group.sums).model_dump()) for group in found]
    return Usage(by=by, total=sums_of(total), groups=groups)
