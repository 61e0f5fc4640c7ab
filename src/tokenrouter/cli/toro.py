"""`toro`: what whoever uses a server does from a terminal. It talks HTTP to the server and knows nothing else of it."""

import json
import sys
from typing import Any

import click

from tokenrouter import __version__
from tokenrouter.cli.client_errors import EndingGroup
from tokenrouter.cli.explain import explain
from tokenrouter.cli.opening import JSON
from tokenrouter.cli.wrapping.commands import wrap
from tokenrouter.cli.wrapping.tool_commands import TOOL_COMMANDS
from tokenrouter.cli.wrapping.wishes import pass_down, wish_options


@click.group(cls=EndingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="toro %(version)s")
@wish_options
@click.pass_context
def main(context: click.Context, /, **said: Any) -> None:
    """Ask a TokenRouter server, or run a program with a temporary key of it.

    Which one is said by --url and --key, by TOKENROUTER_URL and TOKENROUTER_API_KEY, or by toro.toml in
    ~/.config/tokenrouter.
    """
    pass_down(context, said)


@main.command()
@JSON
def version(as_json: bool) -> None:
    """Print the version."""
    python = ".".join(map(str, sys.version_info[:3]))
    click.echo(json.dumps({"version": __version__, "python": python}) if as_json else f"toro {__version__}")


main.add_command(explain)
main.add_command(wrap)
for tool_command in TOOL_COMMANDS:
    main.add_command(tool_command)


if __name__ == "__main__":
    main()
