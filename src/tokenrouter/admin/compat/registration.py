"""`/register`: who has an access code gets a key and a quota by themselves, as in the Classroom system.

Nobody may while no code is set. Good are the codes of the environment, and those that administrators make for signing
up, with the team, quota and models that they give. Guesses are counted together with those at the sign-in page. Whoever
registers is a team of their own there, and so here unless the code names one; see `classroom_teams.py`.
"""

import hmac
import re
from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Body, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from tokenrouter.admin import html
from tokenrouter.admin.compat.classroom_teams import Terms, join_team, make_team
from tokenrouter.admin.csrf import refuse_foreign
from tokenrouter.admin.key_rules import key_reader, keys_named
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.roster import base_url, example_model
from tokenrouter.admin.sessions import visitor_of
from tokenrouter.admin.signing_in import count_attempt, refuse
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.actors import Actor
from tokenrouter.store.access_codes import AccessCode, use_access_code
from tokenrouter.store.errors import InvalidField, KeyRefused, TeamTaken, UserTaken
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.key_pages import KeyFilter, KeySight
from tokenrouter.store.keys import NewKey
from tokenrouter.store.names import normal_email
from tokenrouter.store.sign_in_waits import Guesser, attempt_succeeded

router: Final = APIRouter(include_in_schema=False)

USUAL_RATE: Final = 60
"""Requests a minute of who registers: what the Classroom system gave."""
_USERNAME: Final = re.compile(r"[A-Za-z0-9_]{5,50}")
_WARNING: Final = "Save this API key now: it is shown only this once."


class Registration(BaseModel):
    """Who wants a key."""

    username: Annotated[Text, Field(min_length=5, max_length=50, pattern=_USERNAME.pattern)]
    email: Annotated[Text, Field(max_length=254)]
    access_code: Annotated[Text, Field(max_length=200)]


class Registered(BaseModel):
    """A key just made; it is shown this once."""

    message: str
    username: str
    email: str
    api_key: str
    api_base_url: str
    quota_tokens: int
    warning: str
    usage_example: str


@router.get("/register", include_in_schema=False)
def offer(state: State) -> HTMLResponse:
    """Show the form."""
    return _page(_form() if _is_open(state) else "<p>Registration is closed. Ask your teacher for a key.</p>")


@router.post("/register", status_code=201)
def register(request: Request, state: State, wanted: Annotated[Registration, Body()]) -> Registered:
    """Make a key for whoever has an access code."""
    return _register(request, state, wanted)


@router.post("/register/form", include_in_schema=False)
def register_by_form(
    request: Request,
    state: State,
    username: Annotated[str, Form(max_length=200)] = "",
    email: Annotated[str, Form(max_length=300)] = "",
    access_code: Annotated[str, Form(max_length=200)] = "",
) -> HTMLResponse:
    """The same for the form, whose answers are pages."""
    refuse_foreign(request)
    if not _USERNAME.fullmatch(username):
        words = "A user name has 5 to 50 letters, digits or underscores."
        return _page(f'<p class="wrong">{words}</p>{_form(username, email)}', 422)
    try:
        made = _register(request, state, Registration(username=username, email=email, access_code=access_code))
    except Problem as problem:
        return _page(f'<p class="wrong">{escape(problem.detail)}</p>{_form(username, email)}', problem.status)
    return _page(
        f"<p><b>{escape(made.username)}</b>, this is your key. {escape(made.warning)}</p>"
        f"<pre>{escape(made.api_key)}</pre>"
        f"<p>You may use {made.quota_tokens:,} tokens, at <code>{escape(made.api_base_url)}</code>:</p>"
        f"<pre>{escape(made.usage_example)}</pre>",
        201,
    )


class _WrongCode(Exception):
    """Whoever wants to register has none that is good."""


def _register(request: Request, state: ControlState, wanted: Registration) -> Registered:
    if not _is_open(state):
        raise Problem(403, "registration_closed", "Registration is disabled")
    visitor = visitor_of(request)
    guesser = Guesser(visitor.address)
    count_attempt(state, guesser)
    try:
        made, email, quota = _make(state, wanted, visitor.address)
    except _WrongCode:
        refuse(state, visitor, way="register", account="", reason="wrong access code")
        raise Problem(401, "wrong_code", "Invalid access code") from None
    except UserTaken as error:
        raise Problem(400, "taken", "Username or email already taken") from error
    except (TeamTaken, KeyRefused) as error:
        raise Problem(400, "taken", "Username already taken") from error
    attempt_succeeded(state.store, guesser)
    state.keys_changed()
    return Registered(
        message="Registration successful",
        username=wanted.username,
        email=email,
        api_key=made.key,
        api_base_url=base_url(state),
        quota_tokens=quota,
        warning=_WARNING,
        usage_example=_example(state, made.key),
    )


def _make(state: ControlState, wanted: Registration, address: str) -> tuple[NewKey, str, int]:
    """Use the code and make everything, in one transaction; return the key, the address and the quota.

    Raises:
        _WrongCode, UserTaken, TeamTaken, KeyRefused
        Problem: the address cannot be used, or the name is taken.
    """
    now_s, is_of_environment = state.clock(), _is_of_environment(state, wanted.access_code)
    store = state.store.acting(Actor("system", name=f"/register: {wanted.username}", address=address))
    with store.write() as connection:
        code = AccessCode("", b"")
        if not is_of_environment:
            found = use_access_code(connection, wanted.access_code, pepper=state.pepper, now_s=now_s)
            if found is None:
                raise _WrongCode
            code = found
        email = _allowed_email(state, wanted.email)
        if _is_mentioned(state, wanted.username):
            raise Problem(400, "taken", "Username already taken")
        quota = code.quota_tokens or state.settings.registration.quota_tokens
        made = _make_by(JoinedStore(store, connection), wanted.username, email, code, quota, state.pepper, now_s)
    return made, email, quota


def _make_by(
    joined: JoinedStore, name: str, email: str, code: AccessCode, quota: int, pepper: bytes, now_s: float
) -> NewKey:
    terms, models = Terms(quota, USUAL_RATE), code.allowed_models
    if code.team:
        return join_team(joined, name, code.team, terms, email=email, allowed_models=models, pepper=pepper, now_s=now_s)
    return make_team(joined, name, terms, email=email, allowed_models=models, pepper=pepper, now_s=now_s)[1]


def _is_mentioned(state: ControlState, name: str) -> bool:
    """Whether a name means somebody already: whoever had it would see and be charged for that one's use."""
    settings = state.settings
    if name in settings.teams or name in settings.users or any(keys_named(state, name)):
        return True
    if any(limit.scope.partition(":")[2] == name for limit in state.catalog().limits):
        return True
    charged = KeyFilter(sight=KeySight(teams=frozenset({name}), users=frozenset({name})))
    return bool(key_reader(state, charged)((), 1))


def _is_open(state: ControlState) -> bool:
    registration, sign_up = state.settings.registration, state.settings.sign_up
    return registration.enabled and (bool(registration.access_codes) or (sign_up.enabled and sign_up.by_code))


def _is_of_environment(state: ControlState, sent: str) -> bool:
    """Whether a code is one of `REGISTRATION_ACCESS_CODES`, in constant time."""
    said = sent.encode()
    matches = [hmac.compare_digest(code.encode(), said) for code in state.settings.registration.access_codes]
    return any(matches)


def _allowed_email(state: ControlState, sent: str) -> str:
    """Return the address as it is kept.

    Raises:
        Problem: it is none, or of a domain that may not register.
    """
    try:
        email = normal_email(sent)
    except InvalidField as error:
        raise Problem(400, "invalid_field", "This is no e-mail address") from error
    domains = state.settings.registration.email_domains or state.settings.sign_up.email_domains
    if domains and email.rpartition("@")[2] not in domains:
        raise Problem(403, "domain_not_allowed", f"Only addresses of {', '.join(domains)} may register")
    return email


def _example(state: ControlState, key: str) -> str:
    body = f'{{"model": "{example_model(state.catalog())}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    return (
        f'curl {base_url(state)}/chat/completions -H "Authorization: Bearer {key}" '
        f"-H \"Content-Type: application/json\" -d '{body}'"
    )


def _form(username: str = "", email: str = "") -> str:
    def field(name: str, label: str, value: str, more: str) -> str:
        return (
            f'<p><label for="{name}">{label}</label>'
            f'<input id="{name}" name="{name}" value="{escape(value)}" required {more}></p>'
        )

    fields = (
        field("username", "User name", username, 'minlength="5" maxlength="50" pattern="[A-Za-z0-9_]+"')
        + field("email", "E-mail address", email, 'type="email" maxlength="254"')
        + field("access_code", "Access code", "", 'maxlength="200" autocomplete="off"')
    )
    return html.form("/register/form", "Get a key", fields)


def _page(body: str, status: int = 200) -> HTMLResponse:
    return html.page("TokenRouter: register", html.card("Register", body), status)
