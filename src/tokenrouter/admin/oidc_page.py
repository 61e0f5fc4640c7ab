"""`/admin/oidc/{name}/…`: to an identity provider and back.

The way back ends on a page of ours that goes on by itself, and not in a redirect: the browser came from another site,
and would not send a SameSite=Strict cookie to where that site's redirect leads.
"""

import asyncio
from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tokenrouter.admin import html
from tokenrouter.admin.sessions import Visitor, give_cookie, visitor_of
from tokenrouter.admin.signing_in import count_attempt, refuse, sign_in_person
from tokenrouter.admin.signing_up import reserved_names
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.wanted_page import MAX_WANTED_CHARS, wanted_page
from tokenrouter.signin.oidc.client import Identity, OidcClient
from tokenrouter.signin.oidc.errors import OidcError, ProviderAway, SignInRefused
from tokenrouter.signin.oidc.people import person_of
from tokenrouter.signin.oidc.sealing import LIFETIME_S, new_errand, seal, unseal
from tokenrouter.store.sign_in_waits import Guesser, attempt_succeeded

router: Final = APIRouter(include_in_schema=False, prefix="/admin/oidc/{name}")

ERRAND_COOKIE: Final = "tokenrouter_oidc"
_COOKIE_PATH: Final = "/admin/oidc"
ErrandCookie = Annotated[str, Cookie(alias=ERRAND_COOKIE)]


@router.get("/start")
async def start(
    request: Request,
    state: State,
    name: str,
    following: Annotated[str, Query(alias="next", max_length=MAX_WANTED_CHARS)] = "",
) -> Response:
    """Send the browser to the identity provider."""
    client = _client(state, name)
    if client is None or state.oidc is None:
        return _problem("There is no such identity provider here.", 404)
    came_to = client.setting.redirect_uri or _came_to(request, name)
    errand = new_errand(name, came_to, state.clock(), wanted=wanted_page(following))
    try:
        answer = RedirectResponse(await client.way_there(errand), 302)
    except ProviderAway as error:
        return _problem(str(error), 502)
    # Lax, and not Strict: it must come along when the other site sends the browser back.
    answer.set_cookie(
        ERRAND_COOKIE,
        seal(errand, state.oidc.key),
        max_age=int(LIFETIME_S),
        path=_COOKIE_PATH,
        httponly=True,
        samesite="lax",
        secure=visitor_of(request).is_https,
    )
    return answer


@router.get("/callback")
async def callback(request: Request, state: State, name: str, cookie: ErrandCookie = "") -> Response:
    """Begin a session for whoever the identity provider says it is."""
    visitor, client = visitor_of(request), _client(state, name)
    if client is None or state.oidc is None:
        return _problem("There is no such identity provider here.", 404)
    try:
        errand = unseal(cookie, state.oidc.key, state.clock())
        if errand is None or errand.provider != name:
            raise SignInRefused("this sign-in was not begun in this browser, or took longer than ten minutes")
        await asyncio.to_thread(count_attempt, state, Guesser(visitor.address))
        identity = await client.identity(errand, dict(request.query_params))
        session = await asyncio.to_thread(_begin, state, visitor, client, identity)
    except OidcError as error:
        await asyncio.to_thread(refuse, state, visitor, way=f"oidc:{name}", account="", reason=str(error))
        answer = _problem(str(error), 502 if isinstance(error, ProviderAway) else 403)
        answer.delete_cookie(ERRAND_COOKIE, path=_COOKIE_PATH, httponly=True, samesite="lax", secure=visitor.is_https)
        return answer
    # The errand's cookie is left to its ten minutes: its code is used up, and the data process passes one cookie on.
    wanted = wanted_page(errand.wanted)
    going_on = f'<p>Signed in. <a href="{escape(wanted)}">Go on</a></p>'
    answer = html.page("TokenRouter: signed in", html.card("Welcome", going_on))
    answer.headers["refresh"] = f"0; url={wanted}"
    give_cookie(answer, visitor, session, longest_s=client.setting.session_s)
    return answer


def _begin(state: ControlState, visitor: Visitor, client: OidcClient, identity: Identity) -> str:
    """Return the cookie of a session for whoever signed in elsewhere."""
    setting = client.setting
    user = person_of(state.store, setting, identity, reserved=reserved_names(state), now_s=state.clock())
    attempt_succeeded(state.store, Guesser(visitor.address))
    return sign_in_person(state, visitor, user, way=f"oidc:{setting.name}", longest_s=setting.session_s)


def _client(state: ControlState, name: str) -> OidcClient | None:
    return state.oidc.find(name) if state.oidc is not None else None


def _came_to(request: Request, name: str) -> str:
    """Return the address of `callback` as this browser would write it; the provider knows which ones are ours."""
    scheme = "https" if visitor_of(request).is_https else "http"
    return f"{scheme}://{request.headers.get('host', 'localhost')}/admin/oidc/{name}/callback"


def _problem(words: str, status: int) -> HTMLResponse:
    body = html.wrong(words) + '<p><a href="/admin">Sign in another way, or again</a></p>'
    return html.page("TokenRouter: not signed in", html.card("Not signed in", body), status)
