"""`/admin/setup`: makes the owner's account, an administrator's key, or both, for whoever holds a set-up link.

Opening the link uses nothing up, because mail scanners and previews open links; pressing the button does, and only when
everything that was typed can be used.
"""

from html import escape
from itertools import count
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from tokenrouter.admin import html
from tokenrouter.admin.csrf import refuse_foreign
from tokenrouter.admin.key_rules import keys_named
from tokenrouter.admin.sessions import Visitor, give_cookie, visitor_of
from tokenrouter.admin.sign_in_page import signed_in_answer
from tokenrouter.admin.signing_in import MAX_SECRET_CHARS, sign_in_person
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.wanted_page import HOME, WELCOME
from tokenrouter.domain.actors import Actor
from tokenrouter.domain.people import User
from tokenrouter.signin.passwords import UnfitPassword, check_password
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import InvalidField, UserTaken
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.names import normal_email
from tokenrouter.store.setup_links import SETUP_PATH, is_good_setup_token, use_setup_token_in
from tokenrouter.store.users import NewUser, add_user

router: Final = APIRouter(include_in_schema=False)

MAX_TOKEN_CHARS: Final = 200
Typed = Annotated[str, Form(max_length=MAX_SECRET_CHARS)]
_FIELDS: Final = (
    '<label for="name">Name</label><input id="name" name="name" autocomplete="name">'
    '<label for="email">E-mail address</label><input id="email" name="email" type="email" autocomplete="username">'
    '<label for="password">Password</label>'
    '<input id="password" name="password" type="password" autocomplete="new-password">'
)


@router.get(SETUP_PATH)
def offer(state: State, token: Annotated[str, Query(max_length=MAX_TOKEN_CHARS)] = "") -> HTMLResponse:
    """Offer to make the owner's account, or a key, where the link is good still."""
    return _offer(token) if is_good_setup_token(state.store, token, now_s=state.clock()) else _not_good()


@router.post(SETUP_PATH)
def set_up(
    request: Request,
    state: State,
    token: Annotated[str, Form(max_length=MAX_TOKEN_CHARS)] = "",
    name: Typed = "",
    email: Typed = "",
    password: Typed = "",
    key: Typed = "",
) -> Response:
    """Use the link up; show the key, if one was wanted, and sign the owner in, if there is one now.

    A key is made when it was wanted, or when no owner was.
    """
    refuse_foreign(request)
    visitor = visitor_of(request)
    if not is_good_setup_token(state.store, token, now_s=state.clock()):
        return _not_good()
    store = state.store.acting(Actor("setup-link", address=visitor.address))
    try:
        owner = _owner(state, name, email, password) if email or password else None
        made = _use_link(state, store, token, owner, with_key=bool(key) or owner is None)
    except (InvalidField, UnfitPassword, UserTaken) as error:
        return _offer(token, str(error))
    if made is None:
        return _not_good()
    state.keys_changed()
    return _done(state, visitor, *made)


def _owner(state: ControlState, name: str, email: str, password: str) -> NewUser:
    """Return the owner that was described.

    Raises:
        InvalidField, UnfitPassword
    """
    address = normal_email(email)
    check_password(password, address)
    return NewUser(
        name.strip() or address, address, "owner", "made by a set-up link", password_hash=state.passwords.hash(password)
    )


def _use_link(
    state: ControlState, store: Store, token: str, owner: NewUser | None, *, with_key: bool
) -> tuple[User | None, str] | None:
    """Use the link up, and make the owner and the key, all or nothing; return them, the key as HTML.

    None when somebody else has used the link meanwhile.
    """
    now_s = state.clock()
    with store.write() as connection:
        if not use_setup_token_in(connection, token, now_s=now_s):
            return None
        made = add_user(store, connection, owner, now_s=now_s) if owner is not None else None
        return made, _make_key(state, JoinedStore(store, connection)) if with_key else ""


def _make_key(state: ControlState, store: Store) -> str:
    """Return what shows a new administrator's key, as HTML."""
    wanted = KeyRequest(name=_free_name(state), role="admin", comment="made by a set-up link")
    made = create_key(store, wanted, pepper=state.pepper, now_s=state.clock())
    return (
        f"<p>The key <b>{escape(made.stored.name)}</b> is shown only now. Keep it in a password manager.</p>"
        f"<pre>{escape(made.key)}</pre>"
    )


def _done(state: ControlState, visitor: Visitor, owner: User | None, shown_key: str) -> Response:
    if owner is None:
        return _page("Your administrator’s key", shown_key + f'<p><a class="button" href="{HOME}">Sign in</a></p>')
    cookie = sign_in_person(state, visitor, owner, way="setup-link")
    if not shown_key:
        return signed_in_answer(visitor, cookie, WELCOME)
    told = f"<p><b>{escape(owner.name)}</b> owns this installation now, and is signed in.</p>"
    answer = _page("Your account", told + shown_key + f'<p><a class="button" href="{WELCOME}">Go on</a></p>')
    give_cookie(answer, visitor, cookie)
    return answer


def _free_name(state: ControlState) -> str:
    """Return `admin`, or `admin-2`, … when that is taken."""
    candidates = ("admin" if number == 1 else f"admin-{number}" for number in count(1))
    return next(name for name in candidates if not any(keys_named(state, name)))


def _offer(token: str, wrong: str = "") -> HTMLResponse:
    hidden = {"token": token}
    account = html.form(SETUP_PATH, "Make my account", _FIELDS + _KEY_TOO, hidden)
    key = html.form(SETUP_PATH, "Make only a key", hidden=hidden, kind="second")
    return _page(
        "Set up",
        f"{html.wrong(wrong)}"
        f"<p>This makes your account, which owns this installation. The link works a single time.</p>{account}"
        f'<p class="or">or</p>'
        f"<p>For programs, or without an account: an administrator’s key, shown once.</p>{key}",
        422 if wrong else 200,
    )


_KEY_TOO: Final = '<p><label><input type="checkbox" name="key" value="yes"> and an administrator’s key</label></p>'


def _not_good() -> HTMLResponse:
    return _page(
        "This link is not good any more",
        "<p>It was used already, or is older than 30 minutes. Make another on the server:</p>"
        "<pre>torod admin setup-link</pre>",
        410,
    )


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    return html.page(f"TokenRouter: {title}", html.card(title, body), status)
