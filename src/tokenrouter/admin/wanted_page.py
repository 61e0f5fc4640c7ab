"""Where somebody wanted to go who has to sign in first.

It travels in addresses, forms and a sealed cookie, so anybody may have written it: only a page of ours is followed.
"""

import re
from typing import Final

from fastapi import Request

HOME: Final = "/admin"
WELCOME: Final = "/admin/welcome"
"""Where an owner begins who has just set this installation up."""
MAX_WANTED_CHARS: Final = 1500
"""A deep link with all its filters is shorter, and the sealed cookie has to keep it (`signin/oidc/sealing.py`)."""
_PAGE: Final = re.compile(r"/admin(?:[/?][!#-;=?-\[\]-~]*)?")
"""Printable ASCII without what browsers write in percent (`"<>`), and without a backslash, which they read as a slash
(WHATWG URL, special schemes)."""
_NOT_PAGES: Final = ("/admin/api", "/admin/login", "/admin/logout", "/admin/oidc", "/admin/password", "/admin/setup")


def wanted_page(path: str) -> str:
    """Return `path` when it is one of our pages, with its question; else where everybody begins."""
    if len(path) > MAX_WANTED_CHARS or not _PAGE.fullmatch(path):
        return HOME
    place = path.partition("?")[0].lower().replace("%2e", ".")
    is_elsewhere = "/.." in place or any(place == one or place.startswith(f"{one}/") for one in _NOT_PAGES)
    return HOME if is_elsewhere else path


def asked_page(request: Request) -> str:
    """Return the page that `request` asks for, as it stands in the browser's address line."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    query = request.scope["query_string"]
    return wanted_page((raw + (b"?" + query if query else b"")).decode("latin-1"))
