"""Pieces of plain HTML: pages without scripts, readable on a phone, light and dark.

Everything that is text is escaped here, at the last moment; only arguments that say so are HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files

from fastapi.responses import HTMLResponse


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
