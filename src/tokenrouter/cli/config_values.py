"""`torod config get | set | unset`: one value of torod.toml, everything else in it left as it is."""

import os
import re
import sys
import tomllib
from typing import TYPE_CHECKING, Any, Final

import click

from tokenrouter.cli.opening import CONFIG, fail

if TYPE_CHECKING:
    from pathlib import Path

    from tokenrouter.cli.wizard.edits import Edit

ARRAYS: Final = frozenset(
    ("aliases", "guardrails", "hooks", "incoming_tokens", "model_aliases", "oidc", "providers", "teams", "users")
)
"""Arrays of tables whose entries have a `name`, so that one that is not there yet can be begun by it."""


@click.command("get")
@click.argument("key")
@click.option("--show-secret", is_flag=True, help="Show secrets, too, which are … otherwise.")
@CONFIG
def get_command(key: str, show_secret: bool, config: str | None) -> None:
    """Print what the file says of KEY, such as listen_addr, tls.mode or providers.openai.base_url."""
    from tokenrouter.cli.wizard.edits import dotted
    from tokenrouter.cli.wizard.saving import hidden

    path, text = _file(config)
    values = _values(path, text)
    place = _resolved(values, key, path)
    value: Any = values
    for part in place:
        is_there = part in (range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ())
        if not is_there:
            fail(f"{path} does not say {dotted(place)}")
        value = value[part]
    shown = value if isinstance(value, str) else _toml(value)
    click.echo(shown if show_secret else hidden(shown, text or ""))


@click.command("set")
@click.argument("key")
@click.argument("value")
@CONFIG
def set_command(key: str, value: str, config: str | None) -> None:
    """Set KEY to VALUE, a text or whatever TOML has (8, true, ["a", "b"]); - takes it from standard input.

    The new file is read as the server would before it takes the old one's place. A running server reads it at SIGHUP.
    """
    from tokenrouter.cli.wizard.edits import Edit

    path, text = _file(config)
    place = _resolved(_values(path, text), key, path)
    said = sys.stdin.read().strip() if value == "-" else value
    begun = _begun(_values(path, text), place, key)
    _save_first_right(path, text, [[*begun, Edit(place, one)] for one in _readings(said)])


@click.command("unset")
@click.argument("key")
@CONFIG
def unset_command(key: str, config: str | None) -> None:
    """Take KEY out of the file: a value, an entry such as providers.openai, or a whole table."""
    from tokenrouter.cli.wizard.edits import REMOVED, Edit, dotted

    path, text = _file(config)
    place = _resolved(_values(path, text), key, path)
    if not _stands(_values(path, text), place):
        fail(f"{path} does not say {dotted(place)}")
    _save_first_right(path, text, [[Edit(place, REMOVED)]])


def _file(config: str | None) -> "tuple[Path, str | None]":
    from tokenrouter.cli.wizard.saving import NotSaved, read_text
    from tokenrouter.config.paths import find_paths
    from tokenrouter.config.problems import ConfigErrors

    try:
        paths = find_paths(os.environ, config)
        path = paths.config_file or paths.default_config_file
        return path, read_text(path)
    except (ConfigErrors, NotSaved) as error:
        fail(str(error))


def _values(path: "Path", text: str | None) -> dict[str, Any]:
    from tokenrouter.cli.wizard.edits import EditFailed, parsed

    try:
        return parsed(text or "")
    except EditFailed as error:
        fail(f"{path} was left as it is: {error}")


def _resolved(values: dict[str, Any], key: str, path: "Path") -> tuple[str | int, ...]:
    """Return where KEY is: entries of arrays by their number, or by their name.

    A name that no entry has is the number behind the last one.
    """
    place: Any = values
    found: list[str | int] = []
    for name in _names(key):
        if isinstance(place, list):
            part: str | int = _entry(place, name)
            place = place[part] if isinstance(part, int) and part < len(place) else {}
        else:
            part = name
            usual: Any = [] if name in ARRAYS and not found else {}
            place = place.get(name, usual) if isinstance(place, dict) else {}
        found.append(part)
    return tuple(found)


def _names(key: str) -> list[str]:
    """Return the parts of a dotted key, written as in TOML; `providers[0]` is `providers.0`."""
    place: Any
    try:
        place = tomllib.loads(re.sub(r"\[(\d+)\]", r".\1", key) + " = 0")
    except ValueError:
        fail(f'{key!r} is no key; write it like tls.mode, or providers."my.server".base_url', code=2)
    names = []
    while isinstance(place, dict) and len(place) == 1:
        name, place = next(iter(place.items()))
        names.append(name)
    if place != 0:
        fail(f"{key!r} is no key", code=2)
    return names


def _entry(entries: list[Any], name: str) -> int:
    named = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    if name in named:
        return named.index(name)
    return min(int(name), len(entries)) if name.isdecimal() else len(entries)


def _begun(values: dict[str, Any], place: tuple[str | int, ...], key: str) -> "list[Edit]":
    """Return the edits that begin the entry that `place` is in, where it is a new one with a name."""
    from tokenrouter.cli.wizard.edits import Edit

    array = values.get(str(place[0]), [])
    is_new = len(place) > 2 and isinstance(place[1], int) and isinstance(array, list) and place[1] == len(array)
    name = _names(key)[1] if is_new else ""
    return [Edit((*place[:2], "name"), name)] if name and not name.isdecimal() and place[2] != "name" else []


def _readings(said: str) -> list[Any]:
    """Return what VALUE may mean, the likelier first: what it is in TOML, and the text itself."""
    try:
        values = tomllib.loads(f"value = {said}")
    except ValueError:
        return [said]
    return [values["value"], said] if list(values) == ["value"] and values["value"] != said else [said]


def _stands(values: Any, place: tuple[str | int, ...]) -> bool:
    for part in place:
        if part not in (range(len(values)) if isinstance(values, list) else values if isinstance(values, dict) else ()):
            return False
        values = values[part]
    return True


def _save_first_right(path: "Path", text: str | None, ways: "list[list[Edit]]") -> None:
    """Write the file as the first of `ways` has it that is right; end with the mistakes of the first when none is."""
    from tokenrouter.cli.wizard.edits import EditFailed, edited
    from tokenrouter.cli.wizard.saving import Draft, NotSaved, problems_of, save
    from tokenrouter.cli.wizard.writing import HEADER

    told: list[str] = []
    try:
        for edits in ways:
            draft = Draft(path, text, edited(text or HEADER, edits))
            problems = problems_of(draft, os.environ)
            if not problems:
                save(draft, backup=False)
                click.echo(draft.difference() or f"{path} says so already.", err=True)
                return
            told = told or [str(problem) for problem in problems]
    except (EditFailed, NotSaved) as error:
        fail(str(error))
    for line in told:
        click.echo(line, err=True)
    fail(f"the configuration would not be right; {path} is as it was")


def _toml(value: Any) -> str:
    import tomlkit

    if isinstance(value, dict):
        return tomlkit.dumps(value).rstrip("\n")
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return "\n\n".join(_toml(one) for one in value)
    return str(tomlkit.item(value).as_string())
