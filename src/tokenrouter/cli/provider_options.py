"""Options of `torod providers add` and `change`: a provider in the file's words, as far as people type them.

What is secret need not stand on the command line, where everybody on the machine can read it: `env:NAME` takes a
variable's value, `file:PATH` a file's, `-` a line of standard input. It is taken once and kept encrypted.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from tokenrouter.cli.opening import fail

Command = TypeVar("Command", bound=Callable[..., object])
_STDIN: Final = "-"
_TEXTS: Final = (
    ("--type", "provider_type", "KIND", "A vendor's name (`torod providers presets`), or openai-compatible."),
    ("--base-url", "base_url", "URL", "Where it is, if not at the vendor's usual address."),
    ("--comment", "comment", "TEXT", "A note for yourself."),
)
_SECRETS: Final = (
    ("--api-key", "api_key", "SECRET", "Its key: env:NAME, file:PATH, - for standard input, or the key itself."),
    ("--report-key", "report_key", "SECRET", "The key that may read what it bills; given likewise."),
)
_LISTS: Final = (
    ("--model", "models", "NAME", "A model that it has, for one that cannot list them; repeatable."),
    ("--allow-model", "allowed_models", "PATTERN", "Only these models may be asked; repeatable."),
)


def provider_options(command: Command) -> Command:
    """Give `command` the options; each is None or () where it is not said."""
    header = click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="Sent to it; repeatable.")
    command = header(command)
    for name, field, meter, words in reversed(_LISTS):
        command = click.option(name, field, multiple=True, metavar=meter, help=words)(command)
    for name, field, meter, words in reversed((*_SECRETS, *_TEXTS)):
        command = click.option(name, field, metavar=meter, help=words)(command)
    return command


def said_of(options: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return what the options say in the file's words, and the comment; ends the program where that cannot be."""
    said = {name: value for name, value in options.items() if value not in (None, ()) and name != "comment"}
    for _, field, _, _ in _SECRETS:
        if field in said:
            said[field] = _secret(field, said[field])
    for _, field, _, _ in _LISTS:
        if field in said:
            said[field] = list(said[field])
    if "headers" in said:
        said["headers"] = dict(_header(text) for text in said["headers"])
    return said, options.get("comment")


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        fail("--header must be NAME=VALUE")
    return name, _secret("header", value)


def _secret(field: str, text: str) -> str:
    from tokenrouter.config.pointers import Secrets
    from tokenrouter.config.problems import Problem
    from tokenrouter.config.table import Table

    if text == _STDIN:
        return sys.stdin.readline().strip()
    problems: list[Problem] = []
    found = Secrets(os.environ).resolve_text(Table({}, "", "", {}, problems), field, text)
    if problems:
        fail(f"{field}: {problems[0].message}")
    return found
