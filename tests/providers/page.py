"""Makes the table in docs/providers.md from presets.toml: `python -m tests.providers.page`.

It stands with the tests because nothing but the repository needs it; test_page.py says when to run it.
"""

from pathlib import Path
from typing import Final

from tokenrouter.domain.ledger import Operation
from tokenrouter.providers import Preset, presets

PAGE: Final = Path(__file__).parents[2] / "docs" / "providers.md"
BEGIN: Final = "<!-- made by `python -m tests.providers.page` from presets.toml -->\n"
END: Final = "<!-- end -->\n"
SHORT: Final[dict[Operation, str]] = {
    "chat": "C",
    "completions": "T",
    "embeddings": "E",
    "responses": "R",
    "messages": "M",
    "generate_content": "G",
    "converse": "B",
    "batch_embed_contents": "E",
}


def current_page() -> str:
    """Return the page with the table as it should be, and everything around it as it is."""
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


def table() -> str:
    """Return the table and the notes below it."""
    rows = [_row(row) for row in presets().values()]
    notes = [f"- **{row.name}**: {row.note}" for row in presets().values() if row.note]
    head = (
        "| Type | Vendor | Base URL | Key from | Offers | Compared with its documentation |\n|---|---|---|---|---|---|"
    )
    return "\n".join(["", head, *rows, "", "Notes:", "", *notes, "", ""])


def _row(row: Preset) -> str:
    vendor = f"[{row.display_name}]({row.docs_url})"
    base_url = f"`{row.base_url}`"
    checked = f"[{row.checked}]({row.source})" if row.checked else "no page found"
    return f"| `{row.name}` | {vendor} | {base_url} | {_keys(row)} | {_offers(row)} | {checked} |"


def _keys(row: Preset) -> str:
    names = ", ".join(f"`{name}`" for name in row.api_key_env) or "–"
    return f"{names} (automatic)" if row.env_auto else names


def _offers(row: Preset) -> str:
    marks = {
        "free tier": row.free_tier,
        "trial credits": row.trial_credits,
        "free without key": row.public_free,
        "local": row.local,
    }
    return ", ".join(
        ["".join(SHORT.get(o, "") for o in row.operations), *(mark for mark, holds in marks.items() if holds)]
    )


if __name__ == "__main__":
    PAGE.write_text(current_page(), "utf-8")
