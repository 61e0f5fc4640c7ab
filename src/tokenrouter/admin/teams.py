"""`/api/v1/teams`: teams listed, made, changed and removed, and who is in them.

A team that is disabled refuses the requests of all its keys at once; its allowed models bound what its keys may use.
The name is what keys, limits and the ledger know, so it stays.
"""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict
from starlette.responses import StreamingResponse

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.etags import IfMatch, tagged
from tokenrouter.admin.figure_bodies import TeamFigures, WithFigures
from tokenrouter.admin.paging import (
    CSV,
    Page,
    Place,
    Reader,
    WantedPage,
    beside,
    checked,
    declared_first,
    listing,
    nothing_beside,
)
from tokenrouter.admin.people_rules import find_team_for, require_administration, teams_of
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.subject_figures import figures_of_teams
from tokenrouter.admin.texts import Text, Words
from tokenrouter.domain.catalog import Origin
from tokenrouter.domain.people import Membership, Team
from tokenrouter.store.people_pages import PeopleFilter, team_page
from tokenrouter.store.teams import (
    TeamChanges,
    create_team,
    members_of,
    put_member,
    remove_member,
    remove_team,
    update_team,
)
from tokenrouter.store.users import find_user

router: Final = APIRouter(prefix="/api/v1/teams", tags=["teams"])

Reading = Annotated[Grant, needs("teams.read")]
Writing = Annotated[Grant, needs("teams.write")]
Managing = Annotated[Grant, needs("members.write")]


class ShownTeam(BaseModel):
    """A team. `declared_at` says where one of the file is to be changed."""

    id: str
    name: str
    enabled: bool
    comment: str
    allowed_models: list[str]
    created_at: str | None
    origin: Origin
    declared_at: str


class ListedTeam(ShownTeam):
    """A team; `figures` where they were asked for, and are the caller's to know."""

    figures: TeamFigures | None = None


class NewTeam(BaseModel):
    """A team to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Text
    comment: Text = ""
    allowed_models: list[Text] = []


class ChangedTeam(BaseModel):
    """What is to change; a field that is absent stays."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = None
    comment: Text | None = None
    allowed_models: list[Text] | None = None


class ShownMember(BaseModel):
    """Who is in a team; `given_by` names the identity provider whose groups decide, or is empty."""

    user: str
    admin: bool
    given_by: str


class Members(BaseModel):
    """Everybody in a team, by name."""

    data: list[ShownMember]


class NewMember(BaseModel):
    """How somebody is to be in a team."""

    model_config = ConfigDict(extra="forbid")

    admin: bool = False


@router.get("", response_model=Page[ListedTeam], responses=CSV)
def list_all(
    state: State,
    grant: Reading,
    page: WantedPage,
    q: Words = "",
    enabled: bool | None = None,
    figures: WithFigures = False,
) -> Page[ListedTeam] | StreamingResponse:
    """Return the teams by name, those of the file first; `q` stands in the name or the comment."""
    wanted = PeopleFilter(words=q, enabled=enabled, names=teams_of(grant))
    look = partial(figures_of_teams, state, grant) if figures else nothing_beside
    return listing("teams", page, ListedTeam, beside(_reader(state, wanted), look), partial(_listed, state))


@router.post("", status_code=201)
def create(state: State, grant: Writing, wanted: Annotated[NewTeam, Body()]) -> ShownTeam:
    """Make a team."""
    _refuse_declared(state, wanted.name)
    made = create_team(
        grant.store,
        wanted.name,
        comment=wanted.comment,
        allowed_models=wanted.allowed_models,
        now_s=state.clock(),
    )
    state.keys_changed()
    return _shown(state, made)


@router.get("/{name_or_id}")
def read_one(state: State, grant: Reading, name_or_id: str, response: Response) -> ShownTeam:
    """Return one team, by name or id."""
    return tagged(response, _shown(state, find_team_for(state, grant, name_or_id)))


@router.patch("/{name_or_id}")
def change(
    state: State,
    grant: Writing,
    name_or_id: str,
    wanted: Annotated[ChangedTeam, Body()],
    if_match: IfMatch,
    response: Response,
) -> ShownTeam:
    """Change a team; takes effect at once, for all its keys."""
    _refuse_declared(state, name_or_id)
    models = None if wanted.allowed_models is None else tuple(wanted.allowed_models)
    changes = TeamChanges(enabled=wanted.enabled, comment=wanted.comment, allowed_models=models)
    changed = update_team(grant.store, name_or_id, changes, check=if_match.check(partial(_shown, state)))
    state.keys_changed()
    return tagged(response, _shown(state, changed))


@router.delete("/{name_or_id}")
def remove(state: State, grant: Writing, name_or_id: str, if_match: IfMatch) -> ShownTeam:
    """Remove a team and return it; its keys go on and are charged to its name, unless they are revoked."""
    _refuse_declared(state, name_or_id)
    gone = remove_team(grant.store, name_or_id, check=if_match.check(partial(_shown, state)))
    state.keys_changed()
    return _shown(state, gone)


@router.get("/{name_or_id}/members")
def list_members(state: State, grant: Annotated[Grant, needs("members.read")], name_or_id: str) -> Members:
    """Return who is in a team; for its admins."""
    team = _team_name(state, grant, name_or_id)
    require_administration(grant, team)
    return _members(state, team)


@router.put("/{name_or_id}/members/{user}")
def put(state: State, grant: Managing, name_or_id: str, user: str, wanted: Annotated[NewMember, Body()]) -> Members:
    """Let a user (name, id or e-mail address) be in a team, as its admin or not."""
    team = _team_name(state, grant, name_or_id)
    require_administration(grant, team)
    put_member(grant.store, Membership(team, find_user(state.store, user).name, wanted.admin))
    return _members(state, team)


@router.delete("/{name_or_id}/members/{user}")
def take_out(state: State, grant: Managing, name_or_id: str, user: str) -> Members:
    """Take a user out of a team; the keys that they have stay."""
    team = _team_name(state, grant, name_or_id)
    require_administration(grant, team)
    if not remove_member(grant.store, team, find_user(state.store, user).name):
        raise Problem(404, "user_not_found", "This user is not in the team.")
    return _members(state, team)


def _team_name(state: ControlState, grant: Grant, name_or_id: str) -> str:
    """Return the name of a team of the file or the database that the caller may see."""
    seen = teams_of(grant)
    if name_or_id in state.settings.teams and (seen is None or name_or_id in seen):
        return name_or_id
    return find_team_for(state, grant, name_or_id).name


def _members(state: ControlState, team: str) -> Members:
    members = members_of(state.store, team)
    return Members(data=[ShownMember(user=one.user, admin=one.admin, given_by=one.given_by) for one in members])


def _reader(state: ControlState, wanted: PeopleFilter) -> Reader[Team]:
    declared = [Team(name, name) for name in state.settings.teams if _fits(name, wanted)]

    def stored(after: Place, rows: int) -> list[tuple[tuple[str], Team]]:
        return team_page(state.store, wanted, checked(after, str)[0] if after else None, rows)

    return declared_first(declared, stored)


def _fits(name: str, wanted: PeopleFilter) -> bool:
    may_be_seen = wanted.names is None or name in wanted.names
    return may_be_seen and wanted.words.lower() in name.lower() and wanted.enabled is not False


def _refuse_declared(state: ControlState, name: str) -> None:
    if name in state.settings.teams:
        where = state.declared_at(f"teams.{name}") or "the configuration"
        raise Problem(409, "declared_elsewhere", f"The team {name!r} is declared at {where}; change it there.")


def _listed(state: ControlState, row: tuple[Team, TeamFigures | None]) -> ListedTeam:
    team, figures = row
    return ListedTeam(figures=figures, **dict(_shown(state, team)))


def _shown(state: ControlState, team: Team) -> ShownTeam:
    is_declared = team.name in state.settings.teams
    return ShownTeam(
        id=team.id,
        name=team.name,
        enabled=team.enabled,
        comment=team.comment,
        allowed_models=list(team.allowed_models),
        created_at=time_text(team.created_at_s or None),
        origin="file" if is_declared else "database",
        declared_at=state.declared_at(f"teams.{team.name}"),
    )
