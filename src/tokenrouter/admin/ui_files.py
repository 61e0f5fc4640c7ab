"""The admin UI as it was built: its page, and the files that the page loads.

The build (`ui/`) leaves `index.html` and `assets/`, whose names change with their contents, and beside larger files
copies that are compressed already, so that nothing is compressed while somebody waits. A name is looked up as one name
in one folder: no name leads out of it.
"""

import json
import re
import secrets
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}")
_NONCE: Final = "__CSP_NONCE__"
"""The word in whose place every answer has a nonce of its own (ui/vite.config.ts)."""
_NONCE_BYTES: Final = 16
"""CSP Level 3, 7.1 asks for 128 bits at least."""
_MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
_COPIES: Final = (("br", ".br"), ("gzip", ".gz"))
"""Codings and the ends of the names of such copies, the smallest first."""


@dataclass(frozen=True, slots=True)
class UiPage:
    """The page, and the nonce that its policy has to name."""

    text: str
    nonce: str


@dataclass(frozen=True, slots=True)
class UiAsset:
    """One file as it goes over the wire; `coding` is its `content-encoding`, "" for none."""

    body: bytes
    media_type: str
    coding: str = ""


class UiFiles:
    """What lies in one folder; it is read anew every time, so that a new build is seen at once."""

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder

    def page(self, name: str = "") -> UiPage | None:
        """Return the page with a fresh nonce; None where nothing was built.

        It names all files that the UI will load where `name` is the first part of the address, so that a browser asks
        for them at once: each would otherwise be found only in the one before it.
        """
        index = self._folder / "index.html"
        if not index.is_file():
            return None
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        text = index.read_text("utf-8").replace(_NONCE, nonce)
        return UiPage(text.replace("</head>", f"{self._links(name)}</head>", 1), nonce)

    def asset(self, name: str, accept_encoding: str = "") -> UiAsset | None:
        """Return the file of that name, compressed in a way that the header `accept-encoding` allows; None for none."""
        media_type = _MEDIA_TYPES.get(name.rpartition(".")[2])
        if media_type is None or not _NAME.fullmatch(name):
            return None
        assets = self._folder / "assets"
        wanted = _codings(accept_encoding)
        for coding, end in _COPIES:
            copy = assets / f"{name}{end}"
            if coding in wanted and copy.is_file():
                return UiAsset(copy.read_bytes(), media_type, coding)
        plain = assets / name
        return UiAsset(plain.read_bytes(), media_type) if plain.is_file() else None

    def _links(self, name: str) -> str:
        """Return the links to what a page loads, as the build has written it down (ui/preloads.ts)."""
        told = self._folder / "preloads.json"
        if not told.is_file():
            return ""
        files_of: dict[str, list[str]] = json.loads(told.read_text("utf-8"))
        return "".join(_link(one) for one in files_of.get(name, files_of.get("", [])) if _NAME.fullmatch(one))


def built_ui() -> UiFiles:
    """Return the UI that is part of this package."""
    return UiFiles(files("tokenrouter.admin") / "ui")


def _link(file: str) -> str:
    kind = "stylesheet" if file.endswith(".css") else "modulepreload"
    return f'<link rel="{kind}" crossorigin href="/admin/assets/{file}">'


def _codings(accept_encoding: str) -> frozenset[str]:
    """Return the codings that a client takes; those with a weight of 0 it does not (RFC 9110, 12.5.3)."""
    found = set()
    for one in accept_encoding.lower().split(","):
        coding, _, weight = one.replace(" ", "").partition(";q=")
        if not re.fullmatch(r"0(\.0*)?", weight):
            found.add(coding)
    return frozenset(found)
