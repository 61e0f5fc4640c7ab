"""The statements of a TOML file, each with its lines: what an editor needs that leaves all other lines alone.

A library that keeps comments still gathers tables of one name that stand apart. So the file stays text here, and only
the lines of the one statement that changes are given to tomlkit.
"""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
"""Keys, and the number of the entry where there is an array of tables: `("providers", 0, "api_key")`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A key with its value, or the header of a table.

    Attributes:
        table: the path of the table that it stands in, or that it is the header of.
        begin, end: its lines, `end` being the first that is no longer one of them.
        values: what it says by itself; None for a header.
    """

    table: Path
    begin: int
    end: int
    values: dict[str, Any] | None = None


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends; nothing but a line feed ends one in TOML."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def statements(lines: list[str]) -> list[Statement]:
    """Return the statements of a file that is TOML, in its order; `lines` keep their ends."""
    found: list[Statement] = []
    entries: dict[Path, int] = {}
    table: Path = ()
    at = 0
    while at < len(lines):
        stripped = lines[at].strip()
        if not stripped or stripped.startswith("#"):
            at += 1
            continue
        if stripped.startswith("["):
            table = _header(lines[at], entries)
            found.append(Statement(table, at, at + 1))
            at += 1
            continue
        end, values = _pair(lines, at)
        found.append(Statement(table, at, end, values))
        at = end
    return found


def _header(line: str, entries: dict[Path, int]) -> Path:
    """Return the path that a header opens, and count it in `entries` where it is one of an array."""
    place: Any = tomllib.loads(line)
    path: Path = ()
    while place:
        if isinstance(place, list):
            number = entries[path] = entries.get(path, -1) + 1
            path, place = (*path, number), place[0]
            continue
        if path in entries:
            path = (*path, entries[path])
        (name, place), *_ = place.items()
        path = (*path, name)
    return path


def _pair(lines: list[str], at: int) -> tuple[int, dict[str, Any]]:
    """Return where the pair of key and value ends that begins at line `at`, and what it says."""
    for end in range(at + 1, len(lines) + 1):
        try:
            return end, tomllib.loads("".join(lines[at:end]))
        except tomllib.TOMLDecodeError:  # it goes on in the next line
            continue
    raise ValueError("it is not TOML")
