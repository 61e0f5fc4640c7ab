"""`/api/v1/me/sessions` and `/api/v1/me/password`: one's own sessions and password."""

from typing import Annotated, Final

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import find_signed_in, password_owner, visitor_of
from tokenrouter.admin.signing_in import MAX_SECRET_CHARS, person_with_password
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.people import User
from tokenrouter.signin.passwords import check_password
from tokenrouter.store.accounts import set_password
from tokenrouter.store.engine import Store
from tokenrouter.store.sessions import Session, SessionOwner, end_session, end_sessions, list_sessions
from tokenrouter.store.users import find_user

router: Final = APIRouter(prefix="/api/v1/me", tags=["signing in"])

Own = Annotated[Grant, needs("sessions.own")]


class OneSession(BaseModel):
    """A browser that is signed in. `current`: the one that asks."""

    id: str
    way: str
    address: str
    agent: str
    created_at: str | None
    seen_at: str | None
    expires_at: str | None
    current: bool


class SessionList(BaseModel):
    """Every session of somebody."""

    data: list[OneSession]


class EndedSessions(BaseModel):
    """How many sessions were ended."""

    ended: int


class NewPassword(BaseModel):
    """A change of one's own password."""

    model_config = ConfigDict(extra="forbid")

    old_password: Annotated[str, Field(max_length=MAX_SECRET_CHARS)]
    new_password: Annotated[str, Field(max_length=MAX_SECRET_CHARS)]


@router.get("/sessions")
def list_own(request: Request, state: State, grant: Own) -> SessionList:
    """Return where one is signed in."""
    owner = owner_of(state, grant)
    return shown_sessions(list_sessions(state.store, owner, now_s=state.clock()), _current(state, request))


@router.delete("/sessions")
def end_own(request: Request, state: State, grant: Own, but_this: bool = False) -> EndedSessions:
    """Sign out everywhere; with `but_this` not here."""
    kept = _current(state, request) if but_this else ""
    return EndedSessions(ended=end_sessions(grant.store, owner_of(state, grant), but=kept))


@router.delete("/sessions/{session_id}", status_code=204)
def end_one(state: State, grant: Own, session_id: Text) -> None:
    """End one of one's own sessions."""
    if not end_session(grant.store, session_id, owner_of(state, grant)):
        raise Problem(404, "session_not_found", "You have no such session; GET /api/v1/me/sessions lists them.")


@router.post("/password", status_code=204, responses={429: {}})
def change_password(
    request: Request,
    state: State,
    grant: Annotated[Grant, needs("password.own")],
    wanted: Annotated[NewPassword, Body()],
) -> None:
    """Change one's own password; every other session ends."""
    if not grant.caller.user:
        raise Problem(409, "no_password", "Only people have a password; a key is rotated instead.")
    change_own_password(
        state, request, grant.store, find_user(state.store, grant.caller.id), wanted.old_password, wanted.new_password
    )


def change_own_password(
    state: ControlState, request: Request, store: Store, user: User, old_password: str, new_password: str
) -> None:
    """Change the password of whoever is signed in; attempts with a wrong old one are counted like those to sign in.

    Raises:
        Problem: 401, the old one is wrong; 409, there is none; 429.
        UnfitPassword: the new one cannot be one.
    """
    if not user.password_hash or user.email is None:
        raise Problem(
            409, "no_password", "This account has no password; an administrator can make a link that sets one."
        )
    check_password(new_password, user.email)
    person_with_password(state, visitor_of(request), user.email, old_password)
    set_password(store, user, state.passwords.hash(new_password), but=_current(state, request))


def owner_of(state: ControlState, grant: Grant) -> SessionOwner:
    """Return as whom the caller's sessions are kept."""
    caller = grant.caller
    if caller.key is not None:
        return SessionOwner("key", key_digest=caller.key.digest)
    return SessionOwner("person", caller.id) if caller.user else password_owner(state)


def shown_sessions(sessions: tuple[Session, ...], current: str = "") -> SessionList:
    """Return sessions as they are shown."""
    rows = [
        OneSession(
            id=one.id,
            way=one.way,
            address=one.address,
            agent=one.agent,
            created_at=time_text(one.created_at_s),
            seen_at=time_text(one.seen_at_s),
            expires_at=time_text(one.expires_at_s),
            current=one.id == current,
        )
        for one in sessions
    ]
    return SessionList(data=rows)


def _current(state: ControlState, request: Request) -> str:
    found = find_signed_in(state, visitor_of(request))
    return found.session.id if found is not None else ""
