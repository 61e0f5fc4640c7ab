"""`toro`: what whoever uses a server does from a terminal. It talks HTTP to the server and knows nothing else of it."""

from typing import Any

import click

from tokenrouter import __version__
from tokenrouter.cli.client_errors import EndingGroup
from tokenrouter.cli.client_file import CONFIG_PARAMETER
from tokenrouter.cli.completion import completion_command
from tokenrouter.cli.explain import explain
from tokenrouter.cli.terminal.chat import chat
from tokenrouter.cli.terminal.connect import connect, set_key
from tokenrouter.cli.terminal.keys import keys
from tokenrouter.cli.terminal.models import models
from tokenrouter.cli.terminal.pingpong import pingpong
from tokenrouter.cli.terminal.status import status
from tokenrouter.cli.terminal.usage import usage
from tokenrouter.cli.terminal.version import version
from tokenrouter.cli.wrapping.commands import wrap
from tokenrouter.cli.wrapping.tool_commands import TOOL_COMMANDS
from tokenrouter.cli.wrapping.wishes import pass_down, wish_options


@click.group("toro", cls=EndingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="toro %(version)s")
@click.option("--config", CONFIG_PARAMETER, metavar="FILE", help="Another toro.toml: one for each server, say.")
@wish_options
@click.pass_context
def main(context: click.Context, /, **said: Any) -> None:
    """Ask a TokenRouter server, or run a program with a temporary key of it.

    Which one is said by --url and --key, by TOKENROUTER_URL and TOKENROUTER_API_KEY, or by toro.toml in
    ~/.config/tokenrouter, or another with --config.
    """
    pass_down(context, said)


main.add_command(connect)
main.add_command(connect, "config")
main.add_command(set_key)
main.add_command(explain)
main.add_command(status)
main.add_command(models)
main.add_command(usage)
main.add_command(keys)
main.add_command(chat)
main.add_command(pingpong)
main.add_command(wrap)
for tool_command in TOOL_COMMANDS:
    main.add_command(tool_command)
main.add_command(version)
main.add_command(completion_command("toro"))


if __name__ == "__main__":
    main()
