"""`/admin`: sign in with an admin key, see what runs, and read how to use it.

Plain HTML that the server renders, with no script: it works in every browser, and there is nothing that
could be injected. The pages to come replace it, not its sessions.
"""

import hmac
from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tokenrouter import __version__
from tokenrouter.admin import html
from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.key_rules import all_keys
from tokenrouter.admin.overview import shown_providers
from tokenrouter.admin.page_head import page_head
from tokenrouter.admin.sessions import COOKIE, SESSION_S, Session
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.errors import InvalidKey
from tokenrouter.domain.keys import key_digest
from tokenrouter.jobs.provider_status import ProviderStatus

router: Final = APIRouter(include_in_schema=False)

MAX_SECRET_CHARS: Final = 1000
SessionCookie = Annotated[str, Cookie(alias=COOKIE)]


@router.api_route("/", methods=["GET", "HEAD"])
def root(request: Request) -> Response:
    """Send browsers to the pages; tell programs what this is."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/admin", 302)
    card = {"object": "tokenrouter", "service": "tokenrouter", "version": __version__, "api": "/v1", "docs": "/docs"}
    return JSONResponse(card)


@router.get("/dashboard")
def dashboard() -> Response:
    """Where the predecessors' pages were."""
    return RedirectResponse("/admin", 302)


@router.get("/admin/style.css")
def style() -> Response:
    """The pages' style sheet."""
    return Response(html.style_sheet(), media_type="text/css", headers={"cache-control": "max-age=3600"})


@router.get("/admin")
@router.get("/admin/")
def admin_page(state: State, cookie: SessionCookie = "") -> HTMLResponse:
    """Show what runs, or the way in."""
    session = current_session(state, cookie)
    return _sign_in_page() if session is None else _overview(state, session)


@router.post("/admin/login")
def sign_in(request: Request, state: State, secret: Annotated[str, Form(max_length=MAX_SECRET_CHARS)] = "") -> Response:
    """Begin a session for an administrator."""
    html.refuse_foreign_form(request)
    address, now_s = request.headers.get("x-forwarded-for", ""), state.clock()
    wait_s = state.throttle.wait_s(address, now_s=now_s)
    if wait_s > 0:
        return _sign_in_page(f"Too many attempts; try again in {wait_s:.0f} seconds.", 429)
    if not _is_administrator(state, secret):
        state.throttle.failed(address, now_s=now_s)
        return _sign_in_page("This is not an administrator’s key or password.", 403)
    state.throttle.succeeded(address)
    answer = RedirectResponse("/admin", 303)
    cookie = state.sessions.begin(_digest_unless_password(state, secret), now_s=now_s)
    answer.set_cookie(COOKIE, cookie, max_age=int(SESSION_S), httponly=True, samesite="strict", path="/admin")
    return answer


@router.post("/admin/logout")
def sign_out(request: Request, state: State, cookie: SessionCookie = "", csrf: Annotated[str, Form()] = "") -> Response:
    """End the session."""
    html.refuse_foreign_form(request)
    session = current_session(state, cookie)
    if session is not None:
        html.check_csrf(session, csrf)
        state.sessions.end(cookie)
    answer = RedirectResponse("/admin", 303)
    answer.delete_cookie(COOKIE, path="/admin", httponly=True, samesite="strict")
    return answer


def current_session(state: ControlState, cookie: str) -> Session | None:
    """Return the session of `cookie`; one whose key is no longer an administrator's is over."""
    now_s = state.clock()
    session = state.sessions.find(cookie, now_s=now_s)
    if session is None or session.key_digest is None:
        return session
    try:
        is_admin = state.directory().principal(session.key_digest, now_s, "").role == "admin"
    except InvalidKey:
        is_admin = False
    if is_admin:
        return session
    state.sessions.end(cookie)
    return None


def _is_administrator(state: ControlState, secret: str) -> bool:
    """Whether `secret` is an administrator's key, or `ADMIN_PASSWORD`."""
    if _is_password(state, secret):
        return True
    try:
        keys = (secret.strip().encode("utf-8", "replace"),)
        return state.directory().authenticate(keys, state.clock(), "").role == "admin"
    except InvalidKey:
        return False


def _is_password(state: ControlState, secret: str) -> bool:
    password = state.settings.admin_password
    return bool(password) and hmac.compare_digest(secret.encode("utf-8", "replace"), password.encode())


def _digest_unless_password(state: ControlState, secret: str) -> bytes | None:
    """Return the digest of the key that signs in, so that its revocation ends the session too."""
    return None if _is_password(state, secret) else key_digest(secret.strip(), state.pepper)


def _sign_in_page(wrong: str = "", status: int = 200) -> HTMLResponse:
    told = f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
    field = (
        '<label for="secret">Administrator’s key or password</label>'
        '<input id="secret" name="secret" type="password" autocomplete="current-password" required autofocus>'
    )
    hint = '<p class="soft">No key yet? On the server, run <code>torod admin setup-link</code>.</p>'
    body = "<h1>TokenRouter</h1>" + html.section("Sign in", told + html.form("/admin/login", "Sign in", field) + hint)
    return html.page("TokenRouter: sign in", body, status)


def _overview(state: ControlState, session: Session) -> HTMLResponse:
    body = (
        page_head(state, session, "/admin")
        + html.section("Providers", _providers_table(state))
        + html.section("Keys", _keys_table(state))
        + html.section("Use it", _how_to(state.address))
    )
    return html.page("TokenRouter", body)


def _providers_table(state: ControlState) -> str:
    statuses = {row.name: row for row in state.provider_statuses()}
    now_s = state.clock()
    rows = [
        (
            one.name,
            one.kind,
            one.base_url,
            *_status_cells(statuses.get(one.name), now_s),
            len(one.models),
            one.problem or "–",
        )
        for one in shown_providers(state)
    ]
    if not rows:
        return "<p>No provider yet: put one into the configuration file, or its key into the environment.</p>"
    return html.table(("Name", "Type", "Base URL", "Status", "Checked", "Models", "Problem"), rows)


def _status_cells(row: ProviderStatus | None, now_s: float) -> tuple[str, str]:
    """Return how a provider is with how many of its models are left alone, and when that was found out."""
    if row is None:
        return "unknown", "never"
    cooling = f"; {len(row.cooling)} of its models left alone" if row.cooling else ""
    took = f" ({row.response_ms:.0f} ms)" if row.response_ms and row.status == "online" else ""
    age_s = max(0.0, now_s - row.checked_at_s)
    age = f"{age_s:.0f} s" if age_s < 120 else f"{age_s / 60:.0f} min"
    return f"{row.status}{cooling}", f"{age} ago{took}" if row.checked_at_s else "never"


def _keys_table(state: ControlState) -> str:
    rows = [
        (
            key.name,
            key.role,
            key.hint,
            "on" if key.enabled else "off",
            key.team or "–",
            time_text(key.expires_at_s) or "never",
            state.declared_at(f"incoming_tokens.{key.name}") or key.origin,
        )
        for key in all_keys(state)
    ]
    return html.table(("Name", "Role", "Key", "State", "Team", "Expires", "From"), rows) if rows else "<p>None yet.</p>"


def _how_to(address: str) -> str:
    python = (
        "from openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{address}/v1", api_key="<key>")\n'
        "print([model.id for model in client.models.list()])"
    )
    curl = (
        f'curl {address}/api/v1/keys -H "Authorization: Bearer <admin key>" \\\n'
        "  -H 'Content-Type: application/json' -d '{\"name\": \"alice\"}'"
    )
    return (
        "<p>Make a key, on the server or from anywhere:</p>"
        f"<pre>torod keys create alice</pre><pre>{escape(curl)}</pre>"
        f"<p>Point any OpenAI client at it:</p><pre>{escape(python)}</pre>"
        '<p>The whole API is described at <a href="/docs">/docs</a>.</p>'
    )
