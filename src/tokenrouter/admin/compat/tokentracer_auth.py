"""TokenTracer's `/auth`: sign up, sign in for a token, and make API keys with it.

A key that is made here is one of ours, listed and revocable, where TokenTracer's were tokens that nothing could end.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, Field

from tokenrouter.admin import keys
from tokenrouter.admin.callers import Grant
from tokenrouter.admin.compat.tokentracer_people import give_token, person_needs, person_of
from tokenrouter.admin.key_bodies import NewKey
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import visitor_of
from tokenrouter.admin.signing_in import MAX_SECRET_CHARS, person_with_password
from tokenrouter.admin.signing_up import sign_up_person
from tokenrouter.admin.state import State
from tokenrouter.admin.texts import Text

router: Final = APIRouter(prefix="/auth", include_in_schema=False)

KEY_LIFETIME: Final = timedelta(days=365)
"""As long as its keys were good."""


class Credentials(BaseModel):
    """An account. `access_code` is ours, for where signing up needs one."""

    email: Annotated[Text, Field(max_length=254)]
    password: Annotated[Text, Field(max_length=MAX_SECRET_CHARS)]
    access_code: Text | None = None


class Told(BaseModel):
    """A message."""

    message: str


class Token(BaseModel):
    """A token, or a key; it is shown this once."""

    token: str


class Me(BaseModel):
    """Whose token it is."""

    email: str


@router.post("/signup", status_code=201)
def sign_up(request: Request, state: State, wanted: Annotated[Credentials, Body()]) -> Told:
    """Make an account, where `[sign_up]` lets people."""
    sign_up_person(state, visitor_of(request), wanted.email, wanted.password, wanted.access_code)
    return Told(message="User created")


@router.post("/login")
def log_in(request: Request, state: State, wanted: Annotated[Credentials, Body()]) -> Token:
    """Return a token that is good for 24 hours."""
    visitor = visitor_of(request)
    try:
        user = person_with_password(state, visitor, wanted.email, wanted.password)
    except Problem as problem:
        if problem.status != 401:
            raise
        raise Problem(401, problem.code, "Invalid credentials") from problem
    return Token(token=give_token(state, visitor, user))


@router.get("/me")
def me(request: Request, state: State, _grant: Annotated[Grant, person_needs("me.read")]) -> Me:
    """Return whose token it is."""
    user = person_of(state, request).user
    if user is None or not user.email:
        raise Problem(404, "user_not_found", "User not found")
    return Me(email=user.email)


@router.post("/key")
def make_key(state: State, grant: Annotated[Grant, person_needs("keys.create")]) -> Token:
    """Make an API key for the person."""
    now = datetime.fromtimestamp(state.clock(), UTC)
    name = f"api-key-{now:%Y%m%d%H%M%S}-{secrets.token_hex(3)}"
    wanted = NewKey(name=name, user=grant.caller.user, expires_at=now + KEY_LIFETIME)
    return Token(token=keys.create(state, grant, wanted).key)
