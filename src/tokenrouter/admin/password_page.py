"""`/admin/password`: sets a password for whoever holds an invitation, or a link for a lost password.

Opening the link uses nothing up, because mail scanners and previews open links; setting the password does, and signs
in.
"""

from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from tokenrouter.admin import html
from tokenrouter.admin.csrf import refuse_foreign
from tokenrouter.admin.sessions import visitor_of
from tokenrouter.admin.sign_in_page import secret_field, signed_in_answer
from tokenrouter.admin.signing_in import MAX_SECRET_CHARS, count_attempt, sign_in_person
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.people import User
from tokenrouter.signin.passwords import MIN_PASSWORD_CHARS, UnfitPassword, check_password
from tokenrouter.store.accounts import use_password_link, user_with_id
from tokenrouter.store.password_links import PASSWORD_PATH, find_password_link
from tokenrouter.store.sign_in_waits import Guesser, attempt_succeeded

router: Final = APIRouter(include_in_schema=False)

MAX_TOKEN_CHARS: Final = 200
Token = Annotated[str, Query(max_length=MAX_TOKEN_CHARS)]


@router.get(PASSWORD_PATH)
def offer(state: State, token: Token = "") -> HTMLResponse:
    """Ask for a new password."""
    user = _user(state, token)
    return _form(user, token) if user is not None else _not_good()


@router.post(PASSWORD_PATH)
def set_one(
    request: Request,
    state: State,
    token: Annotated[str, Form(max_length=MAX_TOKEN_CHARS)] = "",
    password: Annotated[str, Form(max_length=MAX_SECRET_CHARS)] = "",
) -> Response:
    """Set the password, use the link up, and sign in."""
    refuse_foreign(request)
    visitor = visitor_of(request)
    count_attempt(state, Guesser(visitor.address))
    user = _user(state, token)
    if user is None:
        return _not_good()
    try:
        check_password(password, user.email or "")
    except UnfitPassword as error:
        return _form(user, token, str(error))
    acting = state.store.acting(visitor.actor_for(user))
    changed = use_password_link(acting, token, state.passwords.hash(password), now_s=state.clock())
    if changed is None:
        return _not_good()
    attempt_succeeded(state.store, Guesser(visitor.address, user.email or ""))
    return signed_in_answer(visitor, sign_in_person(state, visitor, changed, way="link"))


def _user(state: ControlState, token: str) -> User | None:
    with state.store.read() as connection:
        link = find_password_link(connection, token, now_s=state.clock())
        user = user_with_id(connection, link.user_id) if link is not None else None
    return user if user is not None and user.enabled else None


def _form(user: User, token: str, wrong: str = "") -> HTMLResponse:
    whose = escape(user.email or user.name)
    words = f"<p>For <b>{whose}</b>. At least {MIN_PASSWORD_CHARS} characters, and no other rule.</p>"
    form = html.form(
        PASSWORD_PATH, "Set the password", secret_field("password", "New password", "new-password"), {"token": token}
    )
    return _page("Set a password", html.wrong(wrong) + words + form, 422 if wrong else 200)


def _not_good() -> HTMLResponse:
    return _page(
        "This link is not good any more",
        "<p>It was used already, or is too old. Ask an administrator for another.</p>",
        410,
    )


def _page(title: str, body: str, status: int) -> HTMLResponse:
    return html.page(f"TokenRouter: {title}", html.card(title, body), status)
