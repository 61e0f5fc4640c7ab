"""`/admin/login`: the way in, by e-mail address and password, by a key, or at an identity provider.

It stands in the place of the page that was asked for, and leads there.
"""

from collections.abc import Mapping
from html import escape
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tokenrouter.admin import html
from tokenrouter.admin.csrf import check_csrf, refuse_foreign
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import Visitor, find_signed_in, give_cookie, take_cookie, visitor_of
from tokenrouter.admin.signing_in import (
    MAX_SECRET_CHARS,
    person_with_password,
    sign_in_person,
    sign_in_with_secret,
)
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.wanted_page import HOME, MAX_WANTED_CHARS, wanted_page
from tokenrouter.domain.errors import Overloaded
from tokenrouter.store.sessions import end_session

router: Final = APIRouter(include_in_schema=False)

_EMAIL_FIELD: Final = (
    '<label for="email">E-mail address</label>'
    '<input id="email" name="email" type="email" autocomplete="username" required>'
)
Secret = Annotated[str, Form(max_length=MAX_SECRET_CHARS)]
_MAX_NEXT_CHARS: Final = 4 * MAX_WANTED_CHARS
"""Longer than any that is followed; one that is not is no reason to refuse a sign-in."""


@router.get("/admin/login")
def way_in(
    request: Request, state: State, following: Annotated[str, Query(alias="next", max_length=_MAX_NEXT_CHARS)] = ""
) -> Response:
    """Ask who it is; whoever is signed in goes on."""
    wanted = wanted_page(following)
    if find_signed_in(state, visitor_of(request)) is not None:
        return RedirectResponse(wanted, 303)
    return sign_in_page(state, wanted)


@router.post("/admin/login")
def sign_in(
    request: Request,
    state: State,
    secret: Secret = "",
    email: Secret = "",
    password: Secret = "",
    following: Annotated[str, Form(alias="next", max_length=_MAX_NEXT_CHARS)] = "",
) -> Response:
    """Begin a session, and show the page that was wanted."""
    refuse_foreign(request)
    visitor, wanted = visitor_of(request), wanted_page(following)
    try:
        if email:
            user = person_with_password(state, visitor, email, password)
            cookie = sign_in_person(state, visitor, user, way="password")
        else:
            cookie = sign_in_with_secret(state, visitor, secret)
    except Problem as problem:
        # 403, and not 401: a browser would ask for another kind of sign-in.
        status = 403 if problem.status == 401 else problem.status
        return sign_in_page(state, wanted, problem.detail, status, problem.headers)
    except Overloaded as error:
        return sign_in_page(state, wanted, error.message, error.status)
    return signed_in_answer(visitor, cookie, wanted)


@router.post("/admin/logout")
def sign_out(request: Request, state: State, csrf: Annotated[str, Form()] = "") -> Response:
    """End the session."""
    refuse_foreign(request)
    visitor = visitor_of(request)
    found = find_signed_in(state, visitor)
    if found is not None:
        check_csrf(found.session, csrf)
        end_session(state.store.acting(found.actor(visitor.address)), found.session.id, found.session.owner)
    answer = RedirectResponse(HOME, 303)
    take_cookie(answer, visitor)
    return answer


def signed_in_answer(visitor: Visitor, cookie: str, wanted: str = HOME) -> Response:
    """Return what sends a browser that has just signed in to the page that it wanted."""
    answer = RedirectResponse(wanted, 303)
    give_cookie(answer, visitor, cookie)
    return answer


def sign_in_page(
    state: ControlState,
    wanted: str = HOME,
    wrong: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return the way in to the page `wanted`; `wrong` says why the last attempt was none."""
    carried = {"next": wanted} if wanted != HOME else {}
    fields = _EMAIL_FIELD + secret_field("password", "Password")
    by_password = html.form("/admin/login", "Sign in", fields, carried)
    key = secret_field("secret", "API key, or ADMIN_PASSWORD", "off")
    by_key = html.form("/admin/login", "Sign in with a key", key, carried, "second")
    below = '<p class="soft">No account and no key yet? On the server, run <code>torod admin setup-link</code>.</p>'
    body = html.wrong(wrong) + _elsewhere(state, wanted) + by_password + '<p class="or">or</p>' + by_key
    page = html.page("TokenRouter: sign in", html.card("Sign in", body, below), status)
    page.headers.update(headers or {})
    return page


def _elsewhere(state: ControlState, wanted: str) -> str:
    """Return the ways to the identity providers; links and no forms, since a form may not lead to another site here."""
    offered = state.oidc.offered() if state.oidc is not None else ()
    question = "?" + urlencode({"next": wanted}) if wanted != HOME else ""
    links = ((f"/admin/oidc/{one.name}/start{question}", f"Sign in with {one.title or one.name}") for one in offered)
    return "".join(f'<p><a class="button" href="{escape(path)}">{escape(words)}</a></p>' for path, words in links)


def secret_field(name: str, label: str, remembered: str = "current-password") -> str:
    """Return a field for something that nobody should read over one's shoulder."""
    return (
        f'<label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" type="password" autocomplete="{remembered}" required>'
    )
