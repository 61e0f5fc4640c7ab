"""In which line a TOML value stands: the standard parser does not tell, and a message without a line is half one.

Reads a file that is known to be valid TOML, so it needs to recognise table headers and keys only.
"""

import re
from typing import Final

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART: Final = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


def line_numbers(text: str) -> dict[str, int]:
    """Return the line of each key path, written like `providers[0].base_url`, and of each table."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, quotes = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if quotes:
            quotes = "" if quotes in line else quotes
            continue
        if (header := _HEADER.match(line)) is not None:
            table = _enter(header, counts)
            lines.setdefault(table, number)
        elif (key := _KEY.match(line)) is not None:
            path = ".".join([table] * bool(table) + _parts(key[1]))
            lines.setdefault(path, number)
            quotes = _open_quotes(line[key.end() :])
    return lines


def _enter(header: re.Match[str], counts: dict[str, int]) -> str:
    """Return the path of a table; arrays of tables count their items, and sub-tables belong to the last one."""
    path = ""
    parts = _parts(header[2])
    for index, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        is_item = header[1] == "[[" and index == len(parts) - 1
        if is_item:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _open_quotes(rest: str) -> str:
    """Return the quotes of a multi-line string that begins in this line and does not end in it."""
    for quotes in ('"""', "'''"):
        if rest.count(quotes) % 2:
            return quotes
    return ""
