"""`/api/v1/teams/{name}/reset`: what a team and the people and keys in it have used is given back, all at once.

A new term begins: nobody wants to reset thirty limits one by one. An admin gives back what the team, its members and
its keys have used; a team admin only of the limits that they made themselves, since the others hold them too.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel

from tokenrouter.admin.amounts import amount_of
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.key_rules import key_reader
from tokenrouter.admin.limit_bodies import Note, ShownAmount, Strict
from tokenrouter.admin.paging import all_pages
from tokenrouter.admin.people_rules import find_team_for, require_administration
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.limit_text import limit_handle, window_text
from tokenrouter.domain.limits import LimitTable, Metric
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.key_pages import KeyFilter
from tokenrouter.store.limits import limits_of
from tokenrouter.store.teams import members_of

router: Final = APIRouter(prefix="/api/v1/teams", tags=["teams"])


class NewTeamReset(Strict):
    """Why; a note in the books."""

    reason: Note = ""


class TeamGivenBack(BaseModel):
    """What was given back of one limit to one scope."""

    limit_id: str
    scope: str
    metric: Metric
    window: str
    amount: ShownAmount


class TeamReset(BaseModel):
    """Everything that was given back."""

    data: list[TeamGivenBack]


@router.post("/{name_or_id}/reset")
def reset_team(
    state: State,
    grant: Annotated[Grant, needs("limits.reset")],
    name_or_id: str,
    wanted: Annotated[NewTeamReset, Body()] = NewTeamReset(),  # noqa: B008 - FastAPI copies it
) -> TeamReset:
    """Give back what was used of every limit of a team, in the windows of now; what requests hold stays held."""
    team = find_team_for(state, grant, name_or_id).name
    require_administration(grant, team)
    state.drain_now()
    table, given_back = LimitTable(state.catalog().limits), []
    with grant.store.write() as connection:
        joined = JoinedStore(grant.store, connection)
        for scope in _scopes(state, team):
            own = {one.limit.id for one in limits_of(connection, scope) if one.made_by == grant.caller.id}
            for limit in (one for one in table.of(scope) if grant.is_for_all or one.id in own):
                back = reset_limit(
                    joined,
                    limit,
                    scope,
                    made_by=grant.caller.actor.name,
                    reason=wanted.reason,
                    now_s=state.clock(),
                )
                given_back += [
                    TeamGivenBack(
                        limit_id=limit_handle(limit.id),
                        scope=one,
                        metric=limit.metric,
                        window=window_text(limit.window),
                        amount=amount_of(limit.metric, used),
                    )
                    for one, used in back.items()
                ]
    state.keys_changed()
    return TeamReset(data=given_back)


def _scopes(state: ControlState, team: str) -> list[str]:
    """Return whose limits are meant."""
    reader = key_reader(state, KeyFilter(team=team))
    keys = [f"key:{key.name}" for page in all_pages(reader) for key in page]
    people = [f"user:{member.user}" for member in members_of(state.store, team)]
    return [f"team:{team}", *people, *keys]
