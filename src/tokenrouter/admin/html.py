"""Pieces of plain HTML: the pages around signing in, without scripts, readable on a phone, light and dark.

Everything that is text is escaped here, at the last moment; only arguments that say so are HTML.
"""

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Final

from fastapi.responses import HTMLResponse

_BRAND: Final = (
    '<p class="brand"><svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true"><rect width="32" height="32" '
    'rx="8"/><path d="M7 10h18M16 10v4m0 0c0 5-7 3-7 8m7-8c0 5 7 3 7 8m-7-8v8"/></svg>TokenRouter</p>'
)
"""The product's name beside its sign (ui/src/icon.svg)."""


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """Return a whole page; `body` is HTML."""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Without a sign of its own a browser asks for /favicon.ico, which is not there.
        '<link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="/admin/style.css"></head><body><main>{body}</main></body></html>',
        status_code=status,
    )


def card(title: str, body: str, below: str = "") -> str:
    """Return a titled box under the product's name, in the middle of the page; `body` and `below` are HTML."""
    heading = f"<h1>{escape(title)}</h1>" if title else ""
    return f'<div class="card">{_BRAND}<section>{heading}{body}</section>{below}</div>'


def wrong(words: str) -> str:
    """Return what tells that something cannot be done as it was asked; "" for no words."""
    return f'<p class="wrong" role="alert">{escape(words[:1].upper() + words[1:])}</p>' if words else ""


def form(action: str, button: str, fields: str = "", hidden: Mapping[str, str] | None = None, kind: str = "") -> str:
    """Return a form that posts; `fields` is HTML."""
    carried = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in (hidden or {}).items()
    )
    return (
        f'<form method="post" action="{escape(action)}" class="{escape(kind)}">{carried}{fields}'
        f"<button>{escape(button)}</button></form>"
    )


def style_sheet() -> str:
    """Return the pages' style sheet."""
    return files("tokenrouter.admin").joinpath("static", "admin.css").read_text("utf-8")
