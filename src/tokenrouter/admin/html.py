"""Pieces of plain HTML: pages without scripts, readable on a phone, light and dark.

Everything that is text is escaped here, at the last moment; only arguments that say so are HTML.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import Session

_OURS: Final = frozenset({"same-origin", "none"})
"""`Sec-Fetch-Site` of a form on our own page, or of an address that was typed (W3C Fetch Metadata)."""


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """Return a whole page; `body` is HTML."""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/admin/style.css"></head><body><main>{body}</main></body></html>',
        status_code=status,
    )


def section(title: str, body: str) -> str:
    """Return a titled box; `body` is HTML."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of texts."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


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


def refuse_foreign_form(request: Request) -> None:
    """Refuse a form that another site's page has sent; browsers say so, other programs say nothing.

    Raises:
        Problem: 403.
    """
    if request.headers.get("sec-fetch-site", "none") not in _OURS:
        raise Problem(403, "foreign_form", "This form was sent by another site.")


def check_csrf(session: Session, csrf: str) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        Problem: 403.
    """
    if not hmac.compare_digest(csrf.encode("utf-8", "replace"), session.csrf.encode()):
        raise Problem(403, "stale_form", "This form is from another session; load the page again.")
