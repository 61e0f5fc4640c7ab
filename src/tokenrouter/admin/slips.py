"""Keys to be handed out on paper: a page of slips, eight to a sheet, to be printed, cut and given away.

The page stands for itself: no script, no address that it loads from, its style inside, so that it prints the same from
a file as from the server, and shows its keys to nobody. Whatever people are called is text here, never markup.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final, Literal

from tokenrouter.domain.csv_text import csv_text

Paper = Literal["a4", "letter"]
SLIPS_PER_SHEET: Final = 8
_SIZES: Final[dict[Paper, tuple[str, str, str]]] = {
    "a4": ("A4", "190mm", "69mm"),
    "letter": ("Letter", "195.9mm", "64.6mm"),
}
"""By paper: its name in CSS, the width between margins of 10 mm, and a fourth of the height between them."""
LONG_NAME_CHARS: Final = 38
"""Names up to there stand in one line of the larger type."""


@dataclass(frozen=True, slots=True)
class Handout:
    """What one person gets.

    Attributes:
        quota_tokens: for all time; None for no limit.
    """

    name: str
    key: str = field(repr=False)
    email: str = ""
    team: str = ""
    quota_tokens: int | None = None


def slips_page(handouts: Sequence[Handout], *, base_url: str, model: str, paper: Paper = "a4") -> str:
    """Return the page. `base_url` is what clients are pointed at, `model` one that everybody may ask for."""
    slips = [_slip(one, base_url, model) for one in handouts]
    sheets = "".join(
        f'<div class="sheet">{"".join(slips[first : first + SLIPS_PER_SHEET])}</div>'
        for first in range(0, len(slips), SLIPS_PER_SHEET)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Keys to hand out</title>'
        f"<style>{slips_style(paper)}</style></head><body>"
        '<p class="hint">Print this page without scaling, and cut along the lines. '
        "The keys are shown only here: nobody can read them again.</p>"
        f"{sheets}</body></html>"
    )


def slips_policy(paper: Paper) -> str:
    """Return the `content-security-policy` of the page: its own style and nothing else (CSP Level 3, hashes)."""
    digest = base64.b64encode(hashlib.sha256(slips_style(paper).encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"


def handouts_csv(handouts: Sequence[Handout], *, base_url: str) -> str:
    """Return the same as a table."""
    rows = [(one.name, one.email, one.team, one.key, base_url, one.quota_tokens) for one in handouts]
    return "".join(csv_text(("name", "email", "team", "key", "base_url", "quota_tokens"), [rows]))


def slips_style(paper: Paper) -> str:
    """Return the style of the page for one size of paper."""
    name, width, height = _SIZES[paper]
    return (
        f"@page{{size:{name};margin:10mm}}*{{box-sizing:border-box}}"
        "body{margin:0;background:#fff;color:#111;font:9pt/1.35 system-ui,sans-serif}"
        ".hint{margin:0;padding:4mm 10mm;background:#eef;font-size:11pt}"
        f".sheet{{width:{width};display:grid;grid-template-columns:1fr 1fr;grid-auto-rows:{height}}}"
        ".slip{border:.2mm dashed #999;padding:4mm 4.5mm;overflow:hidden;display:flex;flex-direction:column;gap:1.2mm;"
        "break-inside:avoid}"
        ".slip:nth-child(even){border-left:0}.slip:nth-child(n+3){border-top:0}"
        "h2{margin:0;font-size:13pt;line-height:1.2;overflow-wrap:anywhere}h2.long{font-size:9.5pt}"
        ".team{margin:0;min-height:1.35em;color:#444;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}"
        "dl{margin:1mm 0 0;display:grid;gap:.6mm}"
        "dt{font-size:6.5pt;letter-spacing:.05em;text-transform:uppercase;color:#555}"
        "dd{margin:0;font:8.5pt/1.3 ui-monospace,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}"
        "dd.key{font-weight:700}"
        "pre{margin:auto 0 0;padding:1.5mm 2mm;background:#f3f3f3;border-radius:1mm;"
        "font:6.5pt/1.35 ui-monospace,'DejaVu Sans Mono',monospace;white-space:pre-wrap;overflow-wrap:anywhere}"
        "@media screen{body{background:#ddd}.sheet{margin:6mm auto;background:#fff;padding:0;"
        "box-shadow:0 0 3mm #999}}"
        "@media print{.hint{display:none}.sheet:not(:last-child){break-after:page}}"
    )


def _slip(one: Handout, base_url: str, model: str) -> str:
    quota = "" if one.quota_tokens is None else f"{one.quota_tokens:,} tokens"
    about = " · ".join(part for part in (quota, one.team) if part)
    long = ' class="long"' if len(one.name) > LONG_NAME_CHARS else ""
    return (
        f'<article class="slip"><h2{long}>{escape(one.name)}</h2><p class="team">{escape(about)}</p>'
        f'<dl><dt>Your key</dt><dd class="key">{escape(one.key)}</dd>'
        f"<dt>Base URL</dt><dd>{escape(base_url)}</dd></dl>"
        f"<pre>{escape(_snippet(base_url, model))}</pre></article>"
    )


def _snippet(base_url: str, model: str) -> str:
    """Return the shortest thing that works; the key is not repeated, so that it is typed in one place."""
    return (
        f'from openai import OpenAI\nai = OpenAI(api_key="YOUR KEY",\n  base_url="{base_url}")\n'
        f'ai.chat.completions.create(model="{model}",\n  messages=[{{"role": "user", "content": "Hello"}}])'
    )
