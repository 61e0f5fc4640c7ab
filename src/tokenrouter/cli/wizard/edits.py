"""Changing a TOML file without touching what is not changed: comments, order, blanks and unknown tables stay.

A value is changed in its own lines, a new key is written behind the last key of its table, a new table at the end. What
came out is read again and compared with what was meant: a file that says anything else is never written.
"""

import copy
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import tomlkit

from tokenrouter.cli.wizard.statements import Path, Statement, lines_of, statements

REMOVED: Final = None
"""The value of an edit that takes a key, or an entry of an array of tables, away."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to be set, or taken away.

    Attributes:
        path: the number behind the last entry of an array of tables begins a new one.
        about: a comment for a key or a table that is new.
    """

    path: Path
    value: Any
    about: str = ""


class EditFailed(Exception):
    """The file cannot be changed so; the message says why."""


def edited(text: str, edits: list[Edit]) -> str:
    """Return `text` after `edits`, in their order.

    Raises:
        EditFailed: the text is no TOML, what is in the way is no table, or this program cannot write it.
    """
    meant = parsed(text)
    for edit in edits:
        _apply_to_values(meant, edit)
        text = _applied(text, edit)
    try:
        is_meant = _without_empties(tomllib.loads(text)) == _without_empties(meant)
    except tomllib.TOMLDecodeError:
        is_meant = False
    if not is_meant:
        names = ", ".join(dict.fromkeys(dotted(edit.path) for edit in edits))
        raise EditFailed(f"{names}: this cannot be changed by a program here; change it with an editor")
    return text


def dotted(path: Path) -> str:
    """Return `providers[0].api_key`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def parsed(text: str) -> dict[str, Any]:
    """Return what `text` says.

    Raises:
        EditFailed: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise EditFailed(f"it is not TOML: {error}") from None


def _apply_to_values(values: dict[str, Any], edit: Edit) -> None:
    """Do the edit on plain values; what the text says in the end is compared with them."""
    place: Any = values
    for number, part in enumerate(edit.path[:-1]):
        following = edit.path[number + 1]
        if edit.value is REMOVED and part not in (range(len(place)) if isinstance(place, list) else place):
            return
        if isinstance(part, int):
            if part == len(place):
                place.append({})
            place = place[part]
            continue
        place = place.setdefault(part, [] if isinstance(following, int) else {})
        if not isinstance(place, list if isinstance(following, int) else dict):
            raise EditFailed(f"{dotted(edit.path)}: {part} is no {'array' if isinstance(following, int) else 'table'}")
    last = edit.path[-1]
    if edit.value is not REMOVED:
        place[last] = copy.deepcopy(edit.value)
    elif isinstance(place, list):
        del place[int(last)]
    else:
        place.pop(last, None)


def _without_empties(value: Any) -> Any:
    """Return `value` without tables and arrays that hold nothing: a file has no header for those any more."""
    if isinstance(value, dict):
        kept = {key: _without_empties(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in ({}, [])}
    return [_without_empties(inner) for inner in value] if isinstance(value, list) else value


def _applied(text: str, edit: Edit) -> str:
    lines = lines_of(text)
    known = statements(lines)
    here = next((one for one in known if _holds(one, edit.path)), None)
    if here is not None:
        lines[here.begin : here.end] = _changed("".join(lines[here.begin : here.end]), here, edit)
        return "".join(lines)
    if edit.value is REMOVED:
        return "".join(line for number, line in enumerate(lines) if number not in _lines_of(edit.path, known))
    newline = "\r\n" if "\r\n" in text else "\n"
    parent = next((one for one in reversed(known) if _is_for(one, edit.path)), None)
    if parent is not None:
        return _with_pair(lines, known, parent.table, edit, newline)
    if len(edit.path) == 1:
        return (
            _with_first_pair(text, edit, newline)
            if not _pairs(known, ())
            else _with_pair(lines, known, (), edit, newline)
        )
    return _with_table(text, edit, newline)


def _holds(statement: Statement, path: Path) -> bool:
    """Whether the value at `path` stands in this statement, or must be put into its inline table or array."""
    size = len(statement.table)
    if statement.values is None or path[:size] != statement.table or len(path) == size:
        return False
    place: Any = statement.values
    for depth, part in enumerate(path[size:]):
        is_there = part in (range(len(place)) if isinstance(place, list) else place) if _is_nest(place) else False
        if not is_there:
            return depth > 0
        place = place[part]
    return True


def _is_nest(place: Any) -> bool:
    return isinstance(place, list | dict)


def _changed(text: str, statement: Statement, edit: Edit) -> list[str]:
    """Return the lines of one statement after the edit; none where nothing is left of it."""
    document: Any = tomlkit.parse(text)
    *parents, last = edit.path[len(statement.table) :]
    place = document
    for part in parents:
        if isinstance(part, int) and part == len(place):
            place.append(tomlkit.inline_table())
        elif isinstance(part, str) and part not in place:
            place[part] = tomlkit.inline_table()
        place = place[part]
    if edit.value is not REMOVED:
        if last not in place or place[last] != edit.value:
            place[last] = tomlkit.item(_inline(edit.value))
    elif isinstance(last, int) or last in place:
        del place[last]
    return lines_of(tomlkit.dumps(document)) if document else []


def _lines_of(path: Path, known: list[Statement]) -> set[int]:
    """Return the lines of every statement at and below `path`, headers too."""
    return {number for one in known if one.table[: len(path)] == path for number in range(one.begin, one.end)}


def _pairs(known: list[Statement], table: Path) -> list[Statement]:
    return [one for one in known if one.table == table and one.values is not None]


def _is_for(statement: Statement, path: Path) -> bool:
    """Whether this is the header of the table that `path` is in, or of the entry that it is somewhere in."""
    if statement.values is not None:
        return False
    table = statement.table
    return table == path[:-1] or (isinstance(table[-1], int) and table == path[: len(table)])


def _with_pair(lines: list[str], known: list[Statement], table: Path, edit: Edit, newline: str) -> str:
    last = [one for one in known if one.table == table][-1]
    line = _line([str(part) for part in edit.path[len(table) :]], edit.value)
    above = [*([""] if not table else []), *_comment(edit.about)] if edit.about else []
    if not lines[last.end - 1].endswith("\n"):
        lines[last.end - 1] += newline
    lines.insert(last.end, "".join(f"{one}{newline}" for one in (*above, line)))
    return "".join(lines)


def _with_first_pair(text: str, edit: Edit, newline: str) -> str:
    """Return a file that had tables only with a key before them, below what is said about the whole file."""
    head, rest = _head_of(text, newline)
    added = "".join(f"{one}{newline}" for one in (*_comment(edit.about), _line([str(edit.path[0])], edit.value)))
    return f"{head}{added}{newline if rest.strip() else ''}{rest}"


def _head_of(text: str, newline: str) -> tuple[str, str]:
    """Return the comment at the beginning that is about the whole file, with the blank line behind it, and the rest."""
    lines = lines_of(text)
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if end == len(lines) and lines:
        return text + (newline if text.endswith("\n") else newline * 2), ""
    if not end or lines[end].strip():
        return "", text
    return "".join(lines[: end + 1]), "".join(lines[end + 1 :])


def _with_table(text: str, edit: Edit, newline: str) -> str:
    names = [part for part in edit.path[:-1] if isinstance(part, str)]
    is_entry = isinstance(edit.path[-2], int)
    header = f"[[{_joined(names)}]]" if is_entry else f"[{_joined(names)}]"
    before = text + newline if text and not text.endswith("\n") else text
    gap = newline if before.strip() and not before.endswith(newline * 2) else ""
    lines = (*_comment(edit.about), header, _line([str(edit.path[-1])], edit.value))
    return before + gap + "".join(f"{one}{newline}" for one in lines)


def _comment(about: str) -> list[str]:
    return [f"# {line}" for line in about.splitlines()]


def _line(names: list[str], value: Any) -> str:
    return f"{_joined(names)} = {tomlkit.item(_inline(value)).as_string()}"


def _joined(names: list[str]) -> str:
    return ".".join(tomlkit.key(name).as_string() for name in names)


def _inline(value: Any) -> Any:
    """Return `value` with its tables written in one line."""
    if not isinstance(value, Mapping):
        return value
    table = tomlkit.inline_table()
    for name, inner in value.items():
        table[name] = _inline(inner)
    return table
