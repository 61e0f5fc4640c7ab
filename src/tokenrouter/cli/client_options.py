"""The options that every command of `toro` has: which server, which key, and how to print."""

import functools
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import click

from tokenrouter.cli.client import Server, find_server
from tokenrouter.cli.client_errors import ClientMistake

P = ParamSpec("P")
R = TypeVar("R")

URL: Final = click.option("--url", metavar="URL", help="Address of the server.")
KEY: Final = click.option(
    "--key", metavar="KEY", help="Your API key; - reads it from standard input, where no list of processes shows it."
)
CA_FILE: Final = click.option(
    "--ca-file", metavar="FILE", help="Certificate that vouches for the server, if it is not a public one."
)


_UNPRINTED: Final = re.compile("[\x7f-\x9f\ud800-\udfff]")
"""What JSON may hold as it is and a terminal should not be sent: C1 controls, and halves of characters."""


def asks_server(command: Callable[Concatenate[Server, P], R]) -> Callable[..., R]:
    """Give a command `--url`, `--key` and `--ca-file`, and hand it the server that they come to."""

    @URL
    @KEY
    @CA_FILE
    @functools.wraps(command)
    def with_server(url: str | None, key: str | None, ca_file: str | None, *args: P.args, **said: P.kwargs) -> R:
        server = find_server(url, typed_key(key), ca_file=ca_file)
        return command(watched(server, quietly=bool(said.get("as_json"))), *args, **said)

    return with_server


def watched(server: Server, *, quietly: bool) -> Server:
    """Return the server with its waits shown, where somebody sees them."""
    from tokenrouter.cli.terminal.waiting import waits

    return replace(server, waits=waits(f"asking {server.url}", quietly=quietly))


def typed_key(key: str | None) -> str | None:
    """Return the key that was given, a line of standard input where it is `-`.

    Raises:
        ClientMistake: there is nothing to read it from.
    """
    if key != "-":
        return key
    if sys.stdin is None:
        raise ClientMistake("standard input is closed, so no key can be read from it")
    try:
        return sys.stdin.readline().strip()
    except UnicodeDecodeError:
        raise ClientMistake("what standard input holds is no key: it is no text (UTF-8)") from None


def has_terminal() -> bool:
    """Return whether somebody can be asked; a standard input that is closed is nobody's."""
    return sys.stdin is not None and sys.stdin.isatty()


def print_json(told: Any) -> None:
    """Print what programs read; what a terminal would obey, or cannot be written at all, is escaped."""
    click.echo(_UNPRINTED.sub(_escaped, json.dumps(told, indent=2, ensure_ascii=False)))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
