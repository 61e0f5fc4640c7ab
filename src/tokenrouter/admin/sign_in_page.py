"""`/admin/login`: the way in, by e-mail address and password, by an administrator's key, or at an identity provider."""

from collections.abc import Mapping
from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
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
from tokenrouter.domain.errors import Overloaded
from tokenrouter.store.sessions import end_session

router: Final = APIRouter(include_in_schema=False)

_EMAIL_FIELD: Final = (
    '<label for="email">E-mail address</label>'
    '<input id="email" name="email" type="email" autocomplete="username" required>'
)
Secret = Annotated[str, Form(max_length=MAX_SECRET_CHARS)]


@router.post("/admin/login")
def sign_in(request: Request, state: State, secret: Secret = "", email: Secret = "", password: Secret = "") -> Response:
    """Begin a session, and show the pages."""
    refuse_foreign(request)
    visitor = visitor_of(request)
    try:
        if email:
            user = person_with_password(state, visitor, email, password)
            cookie = sign_in_person(state, visitor, user, way="password")
        else:
            cookie = sign_in_with_secret(state, visitor, secret, only_admins=True)
    except Problem as problem:
        # 403, and not 401: a browser would ask for another kind of sign-in.
        return sign_in_page(state, problem.detail, 403 if problem.status == 401 else problem.status, problem.headers)
    except Overloaded as error:
        return sign_in_page(state, error.message, error.status)
    return signed_in_answer(visitor, cookie)


@router.post("/admin/logout")
def sign_out(request: Request, state: State, csrf: Annotated[str, Form()] = "") -> Response:
    """End the session."""
    refuse_foreign(request)
    visitor = visitor_of(request)
    found = find_signed_in(state, visitor)
    if found is not None:
        check_csrf(found.session, csrf)
        end_session(state.store.acting(found.actor(visitor.address)), found.session.id, found.session.owner)
    answer = RedirectResponse("/admin", 303)
    take_cookie(answer, visitor)
    return answer


def signed_in_answer(visitor: Visitor, cookie: str) -> Response:
    """Return what sends a browser that has just signed in to the pages."""
    answer = RedirectResponse("/admin", 303)
    give_cookie(answer, visitor, cookie)
    return answer


def sign_in_page(
    state: ControlState, wrong: str = "", status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """Return the way in; `wrong` says why the last attempt was none."""
    told = f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
    by_password = html.form(
        "/admin/login",
        "Sign in",
        _EMAIL_FIELD + secret_field("password", "Password"),
    )
    key = secret_field("secret", "Administrator’s key or password")
    by_key = html.form("/admin/login", "Sign in with the key", key)
    hint = '<p class="soft">No key yet? On the server, run <code>torod admin setup-link</code>.</p>'
    body = html.section("Sign in", told + _elsewhere(state) + by_password) + html.section(
        "Or with a key", by_key + hint
    )
    page = html.page("TokenRouter: sign in", "<h1>TokenRouter</h1>" + body, status)
    page.headers.update(headers or {})
    return page


def _elsewhere(state: ControlState) -> str:
    """Return the ways to the identity providers; links and no forms, since a form may not lead to another site here."""
    offered = state.oidc.offered() if state.oidc is not None else ()
    links = ((f"/admin/oidc/{one.name}/start", f"Sign in with {one.title or one.name}") for one in offered)
    return "".join(f'<p><a class="button" href="{escape(path)}">{escape(words)}</a></p>' for path, words in links)


def secret_field(name: str, label: str, remembered: str = "current-password") -> str:
    """Return a field for something that nobody should read over one's shoulder."""
    return (
        f'<label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" type="password" autocomplete="{remembered}" required>'
    )
