"""Refusing what another site's page makes a browser send.

A cookie alone proves only that the browser is signed in. So what changes anything needs the session's token as well,
which no other site can read; and where the browser says which site has sent the request, that is believed first.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from tokenrouter.admin.problems import Problem
from tokenrouter.store.sessions import Session

CSRF_HEADER: Final = "x-csrf-token"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({"same-origin", "none"})
"""`Sec-Fetch-Site` of a form on our own page, or of an address that was typed (W3C Fetch Metadata)."""


def refuse_foreign(request: Request) -> None:
    """Refuse what another site's page has sent; browsers say so, other programs say nothing.

    A browser too old for `Sec-Fetch-Site` sends `Origin`, which is `null` for forms on our own pages too, since they
    send no referrer (WHATWG Fetch, "append a request Origin header"); then only the token tells.

    Raises:
        Problem: 403.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "null")
    is_ours = site in _OURS if site is not None else origin == "null" or _is_host(request, origin)
    if not is_ours:
        raise Problem(403, "foreign_form", "This form was sent by another site.")


def check_csrf(session: Session, csrf: str) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        Problem: 403.
    """
    if not _fits(session, csrf):
        raise Problem(403, "stale_form", "This form is from another session; load the page again.")


def check_unsafe(request: Request, session: Session) -> None:
    """Refuse a request by cookie that changes something and does not carry the session's token.

    Raises:
        Problem: 403.
    """
    if request.method in _SAFE:
        return
    refuse_foreign(request)
    if not _fits(session, request.headers.get(CSRF_HEADER, "")):
        raise Problem(403, "csrf", f"This needs the session's token in the header {CSRF_HEADER}.")


def _fits(session: Session, csrf: str) -> bool:
    return bool(session.csrf) and hmac.compare_digest(csrf.encode("utf-8", "replace"), session.csrf.encode())


def _is_host(request: Request, origin: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    except ValueError:
        return False
