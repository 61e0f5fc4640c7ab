"""The options that every command of `toro` has: which server, which key, and how to print."""

import functools
import json
import sys
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import click

from tokenrouter.cli.client import Server, find_server

P = ParamSpec("P")
R = TypeVar("R")

URL: Final = click.option("--url", metavar="URL", help="Address of the server.")
KEY: Final = click.option(
    "--key", metavar="KEY", help="Your API key; - reads it from standard input, where no list of processes shows it."
)
CA_FILE: Final = click.option(
    "--ca-file", metavar="FILE", help="Certificate that vouches for the server, if it is not a public one."
)


def asks_server(command: Callable[Concatenate[Server, P], R]) -> Callable[..., R]:
    """Give a command `--url`, `--key` and `--ca-file`, and hand it the server that they come to."""

    @URL
    @KEY
    @CA_FILE
    @functools.wraps(command)
    def with_server(url: str | None, key: str | None, ca_file: str | None, *args: P.args, **said: P.kwargs) -> R:
        return command(find_server(url, typed_key(key), ca_file=ca_file), *args, **said)

    return with_server


def typed_key(key: str | None) -> str | None:
    """Return the key that was given, a line of standard input where it is `-`."""
    return sys.stdin.readline().strip() if key == "-" else key


def print_json(told: Any) -> None:
    """Print what programs read."""
    click.echo(json.dumps(told, indent=2, ensure_ascii=False))
