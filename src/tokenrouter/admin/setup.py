"""`/admin/setup`: makes the first administrator's key for whoever holds a set-up link.

Opening the link uses nothing up, because mail scanners and previews open links; pressing the button does.
"""

from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse

from tokenrouter.admin import html
from tokenrouter.admin.key_rules import all_keys
from tokenrouter.admin.state import ControlState, State
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.setup_links import SETUP_PATH, use_setup_token

router: Final = APIRouter(include_in_schema=False)

MAX_TOKEN_CHARS: Final = 200


@router.get(SETUP_PATH)
def offer(token: Annotated[str, Query(max_length=MAX_TOKEN_CHARS)] = "") -> HTMLResponse:
    """Offer to make the administrator's key."""
    words = "<p>This makes an administrator’s key and shows it once. The link works a single time.</p>"
    form = html.form(SETUP_PATH, "Make the administrator’s key", hidden={"token": token})
    return _page("Set up", words + form)


@router.post(SETUP_PATH)
def set_up(
    request: Request, state: State, token: Annotated[str, Form(max_length=MAX_TOKEN_CHARS)] = ""
) -> HTMLResponse:
    """Use the link up and show the key."""
    html.refuse_foreign_form(request)
    now_s = state.clock()
    if not use_setup_token(state.store, token, now_s=now_s):
        return _page(
            "This link is not good any more",
            "<p>It was used already, or is older than 30 minutes. Make another on the server:</p>"
            "<pre>torod admin setup-link</pre>",
            410,
        )
    wanted = KeyRequest(name=_free_name(state), role="admin", comment="made by a set-up link")
    made = create_key(state.store, wanted, pepper=state.pepper, now_s=now_s)
    state.keys_changed()
    return _page(
        "Your administrator’s key",
        f"<p>The key <b>{escape(made.stored.name)}</b> is shown only now. Keep it in a password manager.</p>"
        f'<pre>{escape(made.key)}</pre><p><a href="/admin">Sign in</a></p>',
    )


def _free_name(state: ControlState) -> str:
    """Return `admin`, or `admin-2`, … when that is taken."""
    taken = {name for key in all_keys(state) for name in (key.name, key.id)}
    candidates = ("admin" if number == 1 else f"admin-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in candidates if name not in taken)


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    return html.page(f"TokenRouter: {title}", f"<h1>TokenRouter</h1>{html.section(title, body)}", status)
