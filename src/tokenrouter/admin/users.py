"""`/api/v1/users`: people listed, made, changed and removed.

A person who is disabled can neither sign in nor use their keys, at once. Only owners make, change or remove owners.
How people sign in is not here: passwords are set by themselves, by links that work once.
"""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict
from starlette.responses import StreamingResponse

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, Needs, needs
from tokenrouter.admin.etags import IfMatch, tagged
from tokenrouter.admin.figure_bodies import ShownTeamOfUser, UserFigures, WithFigures
from tokenrouter.admin.paging import CSV, Page, Place, WantedPage, beside, checked, listing, nothing_beside
from tokenrouter.admin.people_rules import find_user_for, require_administration, teams_of, users_of
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.subject_figures import figures_of_users
from tokenrouter.admin.texts import Text, Words
from tokenrouter.domain.people import PersonRole, User
from tokenrouter.store.people_pages import PeopleFilter, user_page
from tokenrouter.store.teams import memberships_of
from tokenrouter.store.users import NewUser, UserChanges, create_user, find_user, remove_user, update_user

router: Final = APIRouter(prefix="/api/v1/users", tags=["users"])

Reading = Annotated[Grant, needs("users.read")]
Writing = Annotated[Grant, needs("users.write")]
_OWNERS: Final = Needs("owners.write")


class ShownUser(BaseModel):
    """A person. `signs_in_with`: how they can sign in; empty when they only have keys."""

    id: str
    name: str
    email: str | None
    role: PersonRole
    enabled: bool
    comment: str
    created_at: str | None
    signed_in_at: str | None
    signs_in_with: list[str]


class UserWithTeams(ShownUser):
    """A person with the teams that they are in."""

    teams: list[ShownTeamOfUser]


class ListedUser(ShownUser):
    """A person; `figures` where they were asked for."""

    figures: UserFigures | None = None


class NewPerson(BaseModel):
    """A person to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Text
    email: Text | None = None
    role: PersonRole = "member"
    comment: Text = ""


class ChangedPerson(BaseModel):
    """What is to change; a field that is absent stays, and an empty e-mail address is taken away."""

    model_config = ConfigDict(extra="forbid")

    email: Text | None = None
    role: PersonRole | None = None
    enabled: bool | None = None
    comment: Text | None = None


@router.get("", response_model=Page[ListedUser], responses=CSV)
def list_all(
    state: State,
    grant: Reading,
    page: WantedPage,
    q: Words = "",
    role: PersonRole | None = None,
    team: Words = "",
    enabled: bool | None = None,
    figures: WithFigures = False,
) -> Page[ListedUser] | StreamingResponse:
    """Return people by name; `q` stands in the name, the e-mail address or the comment."""
    if team:
        require_administration(grant, team)
    wanted = PeopleFilter(words=q, enabled=enabled, role=role, team=team, names=users_of(state, grant))

    def read(after: Place, rows: int) -> list[tuple[tuple[str], User]]:
        return user_page(state.store, wanted, checked(after, str)[0] if after else None, rows)

    look = partial(figures_of_users, state, grant) if figures else nothing_beside
    return listing("users", page, ListedUser, beside(read, look), _listed)


@router.post("", status_code=201)
def create(state: State, grant: Writing, wanted: Annotated[NewPerson, Body()]) -> UserWithTeams:
    """Make a person, who can sign in once they have a password or an account elsewhere."""
    _require_owner(state, grant, wanted.role)
    said = NewUser(wanted.name, wanted.email, wanted.role, wanted.comment)
    made = create_user(grant.store, said, now_s=state.clock())
    state.keys_changed()
    return _with_teams(state, made)


@router.get("/{name_or_id}")
def read_one(state: State, grant: Reading, name_or_id: str, response: Response) -> UserWithTeams:
    """Return one person, by name, id or e-mail address."""
    return tagged(response, _with_teams(state, find_user_for(state, grant, name_or_id), teams_of(grant)))


@router.patch("/{name_or_id}")
def change(
    state: State,
    grant: Writing,
    name_or_id: str,
    wanted: Annotated[ChangedPerson, Body()],
    if_match: IfMatch,
    response: Response,
) -> UserWithTeams:
    """Change a person; takes effect at once."""
    _require_owner(state, grant, wanted.role, find_user(state.store, name_or_id).role)
    changes = UserChanges(email=wanted.email, role=wanted.role, enabled=wanted.enabled, comment=wanted.comment)
    changed = update_user(grant.store, name_or_id, changes, check=if_match.check(partial(_with_teams, state)))
    state.keys_changed()
    return tagged(response, _with_teams(state, changed))


@router.delete("/{name_or_id}")
def remove(state: State, grant: Writing, name_or_id: str, if_match: IfMatch) -> UserWithTeams:
    """Remove a person with their memberships and sessions; their keys stay, unless they are revoked."""
    _require_owner(state, grant, find_user(state.store, name_or_id).role)
    shown = _with_teams(state, find_user(state.store, name_or_id))
    remove_user(grant.store, name_or_id, check=if_match.check(partial(_with_teams, state)))
    state.keys_changed()
    return shown


def _require_owner(state: ControlState, grant: Grant, *roles: PersonRole | None) -> None:
    """Refuse whatever is about owners to whoever is none.

    Raises:
        RoleNotAllowed
    """
    if "owner" in roles:
        _OWNERS.grant(state, grant.caller)


def _with_teams(state: ControlState, user: User, seen: frozenset[str] | None = None) -> UserWithTeams:
    """Return what is shown of a person, with their teams as far as these may be `seen`; None is all."""
    teams = [
        ShownTeamOfUser(team=one.team, admin=one.admin)
        for one in memberships_of(state.store, user.name)
        if seen is None or one.team in seen
    ]
    return UserWithTeams(teams=teams, **_shown(user).model_dump())


def _listed(row: tuple[User, UserFigures | None]) -> ListedUser:
    user, figures = row
    return ListedUser(figures=figures, **dict(_shown(user)))


def _shown(user: User) -> ShownUser:
    ways = ["password"] if user.password_hash else []
    return ShownUser(
        id=user.id,
        name=user.name,
        email=user.email,
        role=user.role,
        enabled=user.enabled,
        comment=user.comment,
        created_at=time_text(user.created_at_s or None),
        signed_in_at=time_text(user.signed_in_at_s),
        signs_in_with=[*ways, *([user.oidc_issuer] if user.oidc_issuer else [])],
    )
