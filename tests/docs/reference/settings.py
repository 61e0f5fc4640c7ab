"""docs/reference/settings.md: every single setting of torod.toml."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenrouter.config.changeable import CHANGEABLE
from tokenrouter.config.described import DESCRIBED
from tokenrouter.config.load import load
from tokenrouter.config.shown import shown_settings

GROUPS: Final = {
    "server": "The server",
    "requests": "Requests",
    "money": "Money",
    "keys": "Keys",
    "providers": "Providers",
    "cache": "Answers that are given again",
    "keeping": "What is kept",
    "alerts": "Alerts",
    "signing_in": "Signing in",
    "log": "Log, metrics, traces",
}
NOWHERE: Final = Path("/nonexistent")


@dataclass(frozen=True)
class Row:
    """One setting, as people read it; `default` is "" where there is none."""

    group: str
    name: str
    about: str
    may_be: str
    default: str
    changes_live: bool


def rows() -> list[Row]:
    """Return all settings in the order of the table that describes them."""
    settings = load(config=None, environ={"TOKENROUTER_HOME": str(NOWHERE)})
    usual = {one.name: one.value for one in shown_settings(settings, settings, {})}
    return [
        Row(one.group, name, one.about, _may_be(name), _default(usual.get(name)), name in CHANGEABLE)
        for name, one in DESCRIBED.items()
    ]


def page() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Settings"
    yield ""
    yield "Made by `make docs` from the code. A name with a dot lies in a table of the file: `logs.level` is `level` in"
    yield "`[logs]`. Tables with entries of their own (`[[providers]]`, `[[limits]]`, …) and the variables of the"
    yield "environment are told in [configuration.md](../configuration.md). *Live*: it may be changed while"
    yield "everything runs, see [settings.md](../settings.md)."
    for group, title in GROUPS.items():
        yield ""
        yield f"## {title}"
        yield ""
        yield "| setting | may be | default | live | |"
        yield "|---|---|---|---|---|"
        for row in rows():
            if row.group == group:
                live = "yes" if row.changes_live else ""
                yield f"| `{row.name}` | {row.may_be} | {row.default and f'`{row.default}`'} | {live} | {row.about} |"


def _may_be(name: str) -> str:
    one = DESCRIBED[name]
    if one.choices:
        return ", ".join(f"`{choice}`" for choice in one.choices)
    words = {
        "flag": "true, false",
        "whole": "a whole number",
        "seconds": "seconds",
        "text": "text",
        "secret": "a secret",
    }
    words |= {"texts": "texts", "wholes": "whole numbers", "choice": "a word"}
    unit = f" of {one.unit}" if one.unit not in ("", "s") else ""
    least = f", at least {one.least:g}" if one.least is not None else ""
    most = f", at most {one.most:g}" if one.most is not None else ""
    return f"{words[one.kind]}{unit}{least}{most}"


def _default(value: Any) -> str:
    if value is None or value == "" or str(NOWHERE) in str(value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(list(value)) if isinstance(value, tuple) else str(value)
