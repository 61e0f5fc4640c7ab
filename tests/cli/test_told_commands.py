"""Commands that the programs tell people to type: every one of them can be typed so."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

import tokenrouter
from tokenrouter.cli.toro import main as toro
from tokenrouter.cli.torod import main as torod

SOURCES: Final = Path(tokenrouter.__file__).parent
PROGRAMS: Final = {"toro": toro, "torod": torod}
TOLD: Final = re.compile(r"`(torod? [^`]+)`|^ +(torod? .+)$|<(?:code|pre)>(torod? [^<]+)<", re.MULTILINE)
"""In backticks within a sentence, alone on a line, or on a page as what is typed."""
IS_A_CHOICE: Final = re.compile(r"[|…]|\.\.\.")


def texts(source: str) -> Iterator[str]:
    """Yield every text of a module; what is put into one when it is told is an X."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def told() -> set[str]:
    found = set()
    for module in SOURCES.rglob("*.py"):
        for text in texts(module.read_text(encoding="utf-8")):
            found |= {"".join(where) for where in TOLD.findall(text)}
    return {line for line in found if not IS_A_CHOICE.search(line)}


def problem(line: str) -> str:
    """Return why a command cannot be typed so; what it lacks is what people put in."""
    program, *words = shlex.split(line, comments=True)
    command: click.Command = PROGRAMS[program]
    if "--help" in words:
        return ""
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name == "X":
            return ""
        below = command.commands.get(name)
        if below is None:
            return f"{command.name} has no command {name}"
        command = below
    if isinstance(command, click.Group) and not words:
        return ""
    try:
        command.make_context(command.name, words)
    except (click.BadParameter, click.BadOptionUsage, click.exceptions.Exit):
        return ""
    except click.UsageError as error:
        return error.format_message()
    return ""


def test_what_people_are_told_to_type_can_be_typed() -> None:
    lines = told()

    assert len(lines) > 50
    assert {line: why for line in sorted(lines) if (why := problem(line))} == {}


@pytest.mark.parametrize("line", ["torod nonsense", "toro connect http://127.0.0.1", "torod config check --fast"])
def test_what_cannot_be_typed_is_found(line: str) -> None:
    assert problem(line)
