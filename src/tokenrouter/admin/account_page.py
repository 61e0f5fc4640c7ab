"""`/admin/account`: who one is, where one is signed in, and another password."""

from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tokenrouter.admin import html
from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.csrf import check_csrf, refuse_foreign
from tokenrouter.admin.own_sessions import change_own_password
from tokenrouter.admin.page_head import page_head
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import SignedIn, find_signed_in, visitor_of
from tokenrouter.admin.sign_in_page import secret_field
from tokenrouter.admin.signing_in import MAX_SECRET_CHARS
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.errors import Overloaded
from tokenrouter.signin.passwords import UnfitPassword
from tokenrouter.store.sessions import end_session, end_sessions, list_sessions

router: Final = APIRouter(include_in_schema=False)

PATH: Final = "/admin/account"
Secret = Annotated[str, Form(max_length=MAX_SECRET_CHARS)]


@router.get(PATH)
def account_page(request: Request, state: State) -> Response:
    """Show who is signed in, and where."""
    found = find_signed_in(state, visitor_of(request))
    return _page(state, found) if found is not None else RedirectResponse("/admin", 302)


@router.post(f"{PATH}/sessions")
def end(request: Request, state: State, csrf: Secret = "", session: Secret = "") -> Response:
    """End one session; without its id all of them, this one too."""
    found = _require(request, state, csrf)
    store = state.store.acting(found.actor(visitor_of(request).address))
    if session:
        end_session(store, session, found.session.owner)
    else:
        end_sessions(store, found.session.owner)
    return RedirectResponse(PATH, 303)


@router.post(f"{PATH}/password")
def change(request: Request, state: State, csrf: Secret = "", old: Secret = "", new: Secret = "") -> Response:
    """Change the password; every other session ends."""
    found = _require(request, state, csrf)
    if found.user is None:
        raise Problem(409, "no_password", "Only people have a password.")
    store = state.store.acting(found.actor(visitor_of(request).address))
    try:
        change_own_password(state, request, store, found.user, old, new)
    except Problem as problem:
        return _page(state, found, problem.detail, 403 if problem.status == 401 else problem.status)
    except UnfitPassword as error:
        return _page(state, found, f"The new password cannot be used: {error}.", 422)
    except Overloaded as error:
        return _page(state, found, error.message, error.status)
    return RedirectResponse(PATH, 303)


def _require(request: Request, state: ControlState, csrf: str) -> SignedIn:
    """Return who sent a form of their session's.

    Raises:
        Problem: 403.
    """
    refuse_foreign(request)
    found = find_signed_in(state, visitor_of(request))
    if found is None:
        raise Problem(403, "stale_form", "This session is over; sign in again.")
    check_csrf(found.session, csrf)
    return found


def _page(state: ControlState, found: SignedIn, wrong: str = "", status: int = 200) -> HTMLResponse:
    told = f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
    body = page_head(state, found.session, PATH) + told + _about(found) + _sessions(state, found)
    return html.page("TokenRouter: account", body + (_password(found) if _has_password(found) else ""), status)


def _about(found: SignedIn) -> str:
    words = f"<p>You are signed in as <b>{escape(found.name)}</b>.</p>"
    teams = ", ".join(f"{one.team}{' (admin)' if one.admin else ''}" for one in found.memberships)
    return html.section("Account", words + (f"<p>Teams: {escape(teams)}</p>" if teams else ""))


def _sessions(state: ControlState, found: SignedIn) -> str:
    carried = {"csrf": found.session.csrf}
    blocks = []
    for one in list_sessions(state.store, found.session.owner, now_s=state.clock()):
        here = " (this browser)" if one.id == found.session.id else ""
        words = f"{one.agent or 'unknown program'} at {one.address or 'an unknown address'}{here}"
        since = f"since {time_text(one.created_at_s)}, by {one.way}"
        button = html.form(f"{PATH}/sessions", "End", hidden={**carried, "session": one.id}, kind="inline")
        blocks.append(f'<p>{escape(words)}<br><span class="soft">{escape(since)}</span></p>{button}')
    everywhere = html.form(f"{PATH}/sessions", "Sign out everywhere", hidden=carried)
    return html.section("Signed in at", "".join(blocks) + everywhere)


def _has_password(found: SignedIn) -> bool:
    return found.user is not None and bool(found.user.password_hash)


def _password(found: SignedIn) -> str:
    fields = secret_field("old", "Present password") + secret_field("new", "New password", "new-password")
    return html.section(
        "Password", html.form(f"{PATH}/password", "Change the password", fields, {"csrf": found.session.csrf})
    )
