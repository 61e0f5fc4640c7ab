"""`/api/v1/sign-up`: an account that somebody makes without an invitation, where `[sign_up]` lets them.

Nobody has shown that the e-mail address is theirs, so it opens nothing at an identity provider, and the name that is
charged is the address itself. A taken address, one of a domain that may not, and a wrong code get one and the same
answer (409) after the same work; each such attempt is counted like a wrong password.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field

from tokenrouter.admin.csrf import refuse_foreign
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import Visitor, visitor_of
from tokenrouter.admin.signing_in import MAX_SECRET_CHARS, count_attempt, refuse
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.people import User
from tokenrouter.signin.passwords import check_password
from tokenrouter.store.access_codes import AccessCode
from tokenrouter.store.errors import SignUpRefused
from tokenrouter.store.names import normal_email
from tokenrouter.store.sign_in_waits import Guesser, attempt_succeeded
from tokenrouter.store.sign_ups import SignUp, sign_up

router: Final = APIRouter(prefix="/api/v1/sign-up", tags=["signing in"])


class SignUpBody(BaseModel):
    """Who wants an account. `access_code`: where one is needed."""

    model_config = ConfigDict(extra="forbid")

    email: Text
    password: Annotated[Text, Field(max_length=MAX_SECRET_CHARS)]
    access_code: Text | None = None


class SignedUp(BaseModel):
    """An account just made; sign in with it."""

    name: str
    email: str | None
    team: str


@router.post("", status_code=201)
def make_account(request: Request, state: State, wanted: Annotated[SignUpBody, Body()]) -> SignedUp:
    """Make an account. 403: signing up is off; 409: not with this address and this code."""
    refuse_foreign(request)
    user, code = sign_up_person(state, visitor_of(request), wanted.email, wanted.password, wanted.access_code)
    return SignedUp(name=user.name, email=user.email, team=code.team if code is not None else "")


def sign_up_person(
    state: ControlState, visitor: Visitor, email: str, password: str, code: str | None, *, name: str = ""
) -> tuple[User, AccessCode | None]:
    """Make an account and return it with the code that it was made by; the name is the address where none is given.

    Raises:
        Problem: 403 when nobody may sign up, 429 when somebody has tried too often.
        InvalidField, UnfitPassword: a field cannot be used.
        SignUpRefused: not with this address and this code.
    """
    allowed = state.settings.sign_up
    if not allowed.enabled:
        raise Problem(403, "sign_up_off", "Nobody can sign up here; ask an administrator for an invitation.")
    address = normal_email(email)
    check_password(password, address)
    guesser = Guesser(visitor.address)
    count_attempt(state, guesser)
    password_hash = state.passwords.hash(password)
    wanted = SignUp(name or address, address, password_hash, (code or "") if allowed.by_code else None)
    try:
        if allowed.email_domains and address.rpartition("@")[2] not in allowed.email_domains:
            raise SignUpRefused
        made = sign_up(state.store, wanted, reserved=reserved_names(state), pepper=state.pepper, now_s=state.clock())
    except SignUpRefused:
        refuse(state, visitor, way="sign-up", account=address, reason="address or code")
        raise
    attempt_succeeded(state.store, guesser)
    state.keys_changed()
    return made


def reserved_names(state: ControlState) -> frozenset[str]:
    """Return the names that the file charges to."""
    settings = state.settings
    limited = {limit.scope.removeprefix("user:") for limit in settings.limits if limit.scope.startswith("user:")}
    return frozenset({*settings.users, *(key.user for key in settings.keys), *limited})
