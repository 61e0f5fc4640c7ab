"""`/admin`: what runs, and how to use it.

Plain HTML that the server renders, with no script: it works in every browser, and there is nothing that
could be injected. The pages to come replace it, not its sessions.
"""

from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tokenrouter import __version__
from tokenrouter.admin import html
from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.key_rules import key_reader
from tokenrouter.admin.page_head import page_head
from tokenrouter.admin.paging import MAX_CURSOR_CHARS, Wanted, one_page, place_of
from tokenrouter.admin.provider_views import shown_providers
from tokenrouter.admin.sessions import find_signed_in, visitor_of
from tokenrouter.admin.sign_in_page import sign_in_page
from tokenrouter.admin.state import ControlState, State
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.store.key_pages import KeyFilter
from tokenrouter.store.sessions import Session

router: Final = APIRouter(include_in_schema=False)


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
def admin_page(
    request: Request, state: State, after: Annotated[str, Query(max_length=MAX_CURSOR_CHARS)] = ""
) -> Response:
    """Show what runs, or the way in; people who are no admins are shown what is theirs."""
    found = find_signed_in(state, visitor_of(request))
    if found is None:
        return sign_in_page(state)
    wanted = Wanted(after=place_of(after))
    return _overview(state, found.session, wanted) if found.is_admin else RedirectResponse("/admin/account", 302)


def current_session(state: ControlState, request: Request) -> Session | None:
    """Return the session that `request` belongs to where it is an administrator's."""
    found = find_signed_in(state, visitor_of(request))
    return found.session if found is not None and found.is_admin else None


def _overview(state: ControlState, session: Session, keys: Wanted) -> HTMLResponse:
    body = (
        page_head(state, session, "/admin")
        + html.section("Providers", _providers_table(state))
        + html.section("Keys", _keys_table(state, keys))
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


def _keys_table(state: ControlState, wanted: Wanted) -> str:
    keys, after = one_page(key_reader(state, KeyFilter()), wanted)
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
        for key in keys
    ]
    if not rows:
        return "<p>None yet.</p>"
    more = f'<p><a href="/admin?after={escape(after)}">More keys</a></p>' if after else ""
    return html.table(("Name", "Role", "Key", "State", "Team", "Expires", "From"), rows) + more


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
