"""`/admin` and the pages below it: the UI for whoever is signed in, and the way in for everybody else.

The UI is one page that looks at the address itself, so it is served wherever a browser asks below `/admin` and no
route is: the predecessors' APIs there keep answering as they did, and programs are told of a path that is not there.
"""

from html import escape
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from tokenrouter.admin import html
from tokenrouter.admin.network_move import visitors_url
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import find_signed_in, visitor_of
from tokenrouter.admin.sign_in_page import sign_in_page
from tokenrouter.admin.state import ControlState, State, control_state
from tokenrouter.admin.wanted_page import HOME, asked_page

router: Final = APIRouter(include_in_schema=False)

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "connect-src 'self'{beside}; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Styles that the UI's components write while they run carry the nonce; no script has one. `beside` is the address to
which a listener is being moved: the page looks whether it is reached."""
_FOREVER: Final = "public, max-age=31536000, immutable"
"""The name of a file changes with its contents (RFC 8246)."""
_BELOW: Final = "/admin/"
_API: Final = "/admin/api/"
_READING: Final = frozenset({"GET", "HEAD"})
_NOT_BUILT: Final = (
    "<p>This installation has no admin UI: it runs from sources that were not built. In the folder of the sources, "
    "say</p><pre>make ui</pre><p>and load this page again. It takes npm’s registry; a released package has the UI in "
    'it. Everything the UI does can be done with <code>torod</code> and the <a href="/docs">API</a> as well.</p>'
)


@router.api_route("/admin", methods=["GET", "HEAD"])
@router.api_route("/admin/", methods=["GET", "HEAD"])
def admin_page(request: Request, state: State) -> Response:
    """Show the UI, or the way in."""
    return _page(state, request)


@router.api_route("/admin/assets/{name}", methods=["GET", "HEAD"])
def asset(request: Request, state: State, name: str) -> Response:
    """Return a file of the UI. There is nothing of anybody's in it, so it is for everybody."""
    found = state.ui.asset(name, request.headers.get("accept-encoding", ""))
    if found is None:
        raise Problem(404, "path_not_found", "The UI has no such file; load the page again.")
    headers = {"cache-control": _FOREVER, "vary": "accept-encoding"}
    if found.coding:
        headers["content-encoding"] = found.coding
    return Response(found.body, media_type=found.media_type, headers=headers)


def serve_deep_links(app: FastAPI) -> None:
    """Have `app` answer browsers with the UI wherever it has no route below `/admin`."""
    nothing_there = app.router.default

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_deep_link(Request(scope)):
            await nothing_there(scope, receive, send)
            return
        request = Request(scope, receive)
        page = await run_in_threadpool(_page, control_state(request), request)
        await page(scope, receive, send)

    app.router.default = answer


def _is_deep_link(request: Request) -> bool:
    path = request.scope["path"]
    if request.method not in _READING or not path.startswith(_BELOW) or path.startswith(_API):
        return False
    return "text/html" in request.headers.get("accept", "")


def _page(state: ControlState, request: Request) -> Response:
    visitor = visitor_of(request)
    found = find_signed_in(state, visitor)
    if found is not None:
        start = "status" if found.is_admin else "me"  # as `startOf` in ui/src/router.tsx
        return _ui(state, request, request.scope["path"].removeprefix(_BELOW).removeprefix(HOME) or start)
    if not visitor.cookie and request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return _once_more(asked_page(request))
    return sign_in_page(state, asked_page(request))


def _ui(state: ControlState, request: Request, path: str) -> HTMLResponse:
    """Return the UI for a visitor who will see what is at `path`, below `/admin/`."""
    page = state.ui.page(path.partition("/")[0])
    if page is None:
        return html.page("TokenRouter: not built", html.card("The UI is not built", _NOT_BUILT))
    policy = _POLICY.format(nonce=page.nonce, beside=_beside(state, request))
    return HTMLResponse(page.text, headers={"content-security-policy": policy})


def _beside(state: ControlState, request: Request) -> str:
    """Return the address to which a listener is being moved; policies have no words for IPv6 (CSP 3, host-source)."""
    pending = state.listeners.pending
    url = "" if pending is None else visitors_url(request, pending)
    return f" {url}" if url and "[" not in url else ""


def _once_more(path: str) -> HTMLResponse:
    """Return a page that asks again, from here: a link on another site brings no cookie along (SameSite=Strict)."""
    answer = html.page("TokenRouter", html.card("", f'<p><a href="{escape(path)}">Go on</a></p>'))
    answer.headers["refresh"] = f"0; url={path}"
    return answer
