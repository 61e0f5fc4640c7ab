"""`/api/v1/session`: signing in and out for programs and for pages that are programs, and who one is.

The cookie is out of the reach of scripts; the token in the answer goes into the header `x-csrf-token` of whatever
changes anything.
"""

from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Caller, Grant, caller_signed_in, needs
from tokenrouter.admin.csrf import refuse_foreign
from tokenrouter.admin.permissions import PERMISSIONS, Reach, Role
from tokenrouter.admin.sessions import SignedIn, Visitor, find_signed_in, give_cookie, take_cookie, visitor_of
from tokenrouter.admin.signing_in import (
    MAX_SECRET_CHARS,
    person_with_password,
    sign_in_person,
    sign_in_with_secret,
)
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.errors import MissingKey
from tokenrouter.store.sessions import end_session

router: Final = APIRouter(prefix="/api/v1/session", tags=["signing in"])

Typed = Annotated[str, Field(max_length=MAX_SECRET_CHARS)]


class SignInBody(BaseModel):
    """Either `secret` (an API key, or `ADMIN_PASSWORD`), or `email` and `password`."""

    model_config = ConfigDict(extra="forbid")

    secret: Typed | None = None
    email: Typed | None = None
    password: Typed | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_password = self.email is not None and self.password is not None
        if (self.secret is not None) == by_password or (self.email is None) != (self.password is None):
            raise ValueError("send either secret, or email and password")
        return self


class ShownSession(BaseModel):
    """Who one is, and what one may: `may` says of every action how far it reaches (`admin/permissions.py`).

    `csrf`, `way` and `expires_at` are of a session, and empty where a key was shown instead.
    """

    kind: Literal["person", "key", "password"]
    id: str
    name: str
    email: str | None
    role: Role
    teams: list[str]
    administers: list[str]
    way: str
    csrf: str
    expires_at: str | None
    may: dict[str, Reach]


@router.post("", status_code=201)
def sign_in(request: Request, response: Response, state: State, wanted: Annotated[SignInBody, Body()]) -> ShownSession:
    """Begin a session; its cookie is set. 401: wrong; 429: too many attempts."""
    refuse_foreign(request)
    visitor = visitor_of(request)
    if wanted.secret is not None:
        cookie = sign_in_with_secret(state, visitor, wanted.secret)
    else:
        user = person_with_password(state, visitor, wanted.email or "", wanted.password or "")
        cookie = sign_in_person(state, visitor, user, way="password")
    give_cookie(response, visitor, cookie)
    found = find_signed_in(state, Visitor(visitor.address, cookie=cookie))
    if found is None:
        raise MissingKey("The session was ended at once; sign in again.")
    return _shown(caller_signed_in(found, visitor.address), found)


@router.get("")
def who_am_i(request: Request, state: State, grant: Annotated[Grant, needs("me.read")]) -> ShownSession:
    """Return who asks, by session or by key."""
    return _shown(grant.caller, _session_of(state, request, grant))


@router.delete("", status_code=204)
def sign_out(
    request: Request, response: Response, state: State, grant: Annotated[Grant, needs("sessions.own")]
) -> None:
    """End the session. Nothing happens where a key was shown instead."""
    found = _session_of(state, request, grant)
    if found is not None:
        end_session(grant.store, found.session.id, found.session.owner)
        take_cookie(response, visitor_of(request))


def _session_of(state: ControlState, request: Request, grant: Grant) -> SignedIn | None:
    """Return the session that the caller is in; None when a key was shown as bearer."""
    if request.headers.get("authorization"):
        return None
    return find_signed_in(state, visitor_of(request))


def _shown(caller: Caller, found: SignedIn | None) -> ShownSession:
    kind = caller.actor.kind
    return ShownSession(
        kind=kind if kind in ("person", "key") else "password",
        id=caller.actor.id,
        name=caller.actor.name,
        email=found.user.email if found is not None and found.user is not None else None,
        role=caller.role,
        teams=sorted(caller.member_of),
        administers=sorted(caller.teams),
        way=found.session.way if found is not None else "",
        csrf=found.session.csrf if found is not None else "",
        expires_at=time_text(found.session.expires_at_s) if found is not None else None,
        may={action: reaches[caller.role] for action, reaches in PERMISSIONS.items()},
    )
