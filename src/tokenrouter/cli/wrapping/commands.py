"""`toro wrap`: any program that reads its server's address and key from two variables."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from tokenrouter.cli.client import ClientMistake, Server, find_server
from tokenrouter.cli.wrapping.launch import Launch, Tool
from tokenrouter.cli.wrapping.wishes import Wishes, wish_options, wishes_of

WRONG: Final = 2
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class VariableName(click.ParamType[str]):
    """The name of a variable that every shell can set."""

    name = "variable"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it as it is."""
        if not _NAME.fullmatch(str(value)):
            self.fail(f"{value!r} is no name of a variable; it has letters, digits and _", param, ctx)
        return str(value)


@dataclass(frozen=True, slots=True)
class AnyProgram:
    """A program that is told by two variables; everything else of its environment stays."""

    url_env: str
    key_env: str
    name: str = "wrap"

    def prepare(self, server: Server, key: str, model: str, args: Sequence[str], folder: Path) -> Launch:
        """Return the program as it was typed."""
        return Launch(tuple(args), {self.url_env: f"{server.url}/v1", self.key_env: key})


@click.command(context_settings={"allow_interspersed_args": False})
@click.option(
    "--url-env", type=VariableName(), default="OPENAI_BASE_URL", show_default=True, help="Gets the server's address."
)
@click.option("--key-env", type=VariableName(), default="OPENAI_API_KEY", show_default=True, help="Gets the key.")
@wish_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def wrap(url_env: str, key_env: str, command: tuple[str, ...], **said: Any) -> None:
    """Run COMMAND with a temporary key of its own, which ends with it.

    What stands behind COMMAND belongs to it; `--` before it makes that plain. Its exit code is toro's.
    """
    if url_env == key_env:
        raise click.UsageError("--url-env and --key-env name one variable; it cannot be both")
    run(wishes_of(said), AnyProgram(url_env, key_env), args=command)


def run(wishes: Wishes, tool: Tool, *, args: Sequence[str], model: str = "") -> NoReturn:
    """Run a tool with a temporary key, and end as it ends."""
    from tokenrouter.cli.wrapping.lifecycle import run_with_key

    try:
        server = find_server(wishes.url, wishes.key)
    except ClientMistake as error:
        click.echo(f"toro: {error}", err=True)
        sys.exit(WRONG)
    sys.exit(run_with_key(server, tool, wishes, args=args, model=model))
