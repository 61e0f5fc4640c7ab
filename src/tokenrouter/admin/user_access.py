"""`/api/v1/users/{user}/…`: what an administrator does about how somebody signs in.

An administrator never sets anybody's password; they hand out a link with which its owner does. An owner's is made by
owners only, or every administrator could become one.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, Needs, needs
from tokenrouter.admin.own_sessions import EndedSessions, SessionList, shown_sessions
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.people import User
from tokenrouter.store.password_links import LIFETIME_S, LinkKind, create_password_link
from tokenrouter.store.sessions import SessionOwner, end_sessions, list_sessions
from tokenrouter.store.users import find_user

router: Final = APIRouter(prefix="/api/v1/users/{user}", tags=["users"])

Managing = Annotated[Grant, needs("users.access")]


class ShownLink(BaseModel):
    """A link for one person, shown this once. `url` is at the address that this request came to."""

    url: str
    path: str
    expires_at: str | None


@router.post("/invitation", status_code=201)
def invite(request: Request, state: State, grant: Managing, user: Text) -> ShownLink:
    """Make a link with which somebody who has no password yet sets one; it works once, for seven days.

    Whoever is invited may also sign in at an identity provider that knows their e-mail address.
    """
    invited = _user(state, grant, user)
    if invited.password_hash:
        raise Problem(409, "has_password", f"{invited.name!r} has a password already; make a password-link instead.")
    return _link(request, state, grant, invited, "invitation")


@router.post("/password-link", status_code=201)
def make_password_link(request: Request, state: State, grant: Managing, user: Text) -> ShownLink:
    """Make a link with which somebody sets a new password; it works once, for a day."""
    return _link(request, state, grant, _user(state, grant, user), "reset")


@router.get("/sessions")
def list_of(state: State, grant: Managing, user: Text) -> SessionList:
    """Return where somebody is signed in."""
    owner = SessionOwner("person", _user(state, grant, user).id)
    return shown_sessions(list_sessions(state.store, owner, now_s=state.clock()))


@router.delete("/sessions")
def end_of(state: State, grant: Managing, user: Text) -> EndedSessions:
    """Sign somebody out everywhere."""
    return EndedSessions(ended=end_sessions(grant.store, SessionOwner("person", _user(state, grant, user).id)))


def _user(state: ControlState, grant: Grant, name: str) -> User:
    """Return who is meant; owners are for owners."""
    found = find_user(state.store, name)
    if found.role == "owner":
        Needs("owners.write").grant(state, grant.caller)
    return found


def _link(request: Request, state: ControlState, grant: Grant, user: User, kind: LinkKind) -> ShownLink:
    if not user.enabled:
        raise Problem(409, "user_disabled", f"{user.name!r} is disabled; a link would not work.")
    now_s = state.clock()
    path = create_password_link(grant.store, user.id, user.name, kind, now_s=now_s)
    base = f"{request.headers.get('x-forwarded-proto', 'http')}://{request.headers.get('host', '')}"
    return ShownLink(url=base + path, path=path, expires_at=time_text(now_s + LIFETIME_S[kind]))
