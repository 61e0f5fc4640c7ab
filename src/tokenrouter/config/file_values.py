"""What stands in a configuration file, value by value with its line, without what is secret in it.

What is secret is told here by the name of its key, since the file is shown as it was written, before anybody has asked
for the value. In tables for others' use (`options`, `headers`) every value is taken for one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenrouter.config.file import open_file
from tokenrouter.config.pointers import is_pointer
from tokenrouter.config.positions import line_numbers
from tokenrouter.config.problems import ConfigErrors, Problem
from tokenrouter.config.shown import without_password

HIDDEN: Final = "(secret)"
_SECRET: Final = re.compile(
    r"(?:^|\.|_)(?:key|keys|secret|password|token|pem|headers|options|access_codes)(?=$|[.\[])|(?:^|\.)webhooks\[\d+\]\.url$"
)
"""Paths of secrets, and of tables of which any value may be one."""
_HARMLESS: Final = frozenset(("cert_pem",))
"""Certificates are for everybody."""


@dataclass(frozen=True, slots=True)
class FileValue:
    """One value at `path`, which stands at `where`, such as `torod.toml:12`."""

    path: str
    value: Any
    where: str


def file_values(file: Path) -> Iterator[FileValue]:
    """Yield what stands in `file`, in its order. Tables are gone into; an array of plain values is one value.

    Raises:
        ConfigErrors: it cannot be read, or is not TOML.
    """
    problems: list[Problem] = []
    top = open_file(file, problems)
    if problems:
        raise ConfigErrors(problems)
    lines = line_numbers(file.read_text(encoding="utf-8"))
    for path, value in _leaves({name: top.raw(name) for name in top.names()}, ""):
        yield FileValue(path, _shown(path, value), _where(file.name, path, lines))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def _shown(path: str, value: Any) -> Any:
    """Return `value` as it may be shown: what points to a secret is none itself."""
    if isinstance(value, list):
        return [_shown(path, inner) for inner in value]
    if isinstance(value, str):
        if is_pointer(value):
            return value
        if _SECRET.search(path) and path.rpartition(".")[2] not in _HARMLESS:
            return HIDDEN if value else ""
        return _address(value)
    if value is None or isinstance(value, bool | int | float | dict):
        return HIDDEN if value and _SECRET.search(path) and "options" in path else value
    return str(value)


def _address(text: str) -> str:
    if "://" not in text or "@" not in text:
        return text
    try:
        return without_password(text)
    except ValueError:
        return HIDDEN


def _where(file: str, path: str, lines: dict[str, int]) -> str:
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return f"{file}:{lines[path]}" if path else file
