"""A coding tool is started: it must be there, and it is told a model that the key may use."""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

import click

from tokenrouter.cli.client import ClientMistake, NoAnswer, Refused, Server, find_server
from tokenrouter.cli.client_file import client_file, read_client_file
from tokenrouter.cli.wrapping.coding_tools import CodingTool
from tokenrouter.cli.wrapping.commands import run
from tokenrouter.cli.wrapping.models import choose_model, offered_models
from tokenrouter.cli.wrapping.wishes import Wishes

REFUSED: Final = 1
WRONG: Final = 2
NO_ANSWER: Final = 3
NOT_FOUND: Final = 127


def start(make: Callable[[Sequence[str]], CodingTool], wishes: Wishes, *, args: Sequence[str], wanted: str) -> NoReturn:
    """Run the tool that `make` returns for the models that are offered, and end as it ends.

    `wanted` is the model that was said to us; one that `args` say to the tool comes before it.
    """
    tool = make(())
    if shutil.which(tool.name) is None:
        _end(f"{tool.name} is not installed, or not on your PATH; install it: {tool.install}", NOT_FOUND)
    server, default = _find(wishes)
    if not server.key:
        run(wishes, tool, args=args)  # which says what is missing
    offered = _ask(server)
    tool = make(offered)
    run(wishes, tool, args=args, model="" if tool.model_in(args) else wanted or _choose(tool, offered, default, wishes))


def _choose(tool: CodingTool, offered: Sequence[str], default: str, wishes: Wishes) -> str:
    model = choose_model(offered, default, tool.usual_models)
    if not model:
        _end("the server offers your key no model that holds a conversation; --model names one all the same", REFUSED)
    if not wishes.is_quiet:
        click.echo(f"toro: {tool.name} asks {model}; `toro {tool.name} --model NAME` has it ask another", err=True)
    return model


def _find(wishes: Wishes) -> tuple[Server, str]:
    try:
        server = find_server(wishes.url, wishes.key)
        return server, read_client_file(client_file(os.environ)).get("default_model", "")
    except ClientMistake as error:
        _end(str(error), WRONG)


def _ask(server: Server) -> Sequence[str]:
    try:
        return offered_models(server)
    except NoAnswer as error:
        _end(str(error), NO_ANSWER)
    except Refused as error:
        _end(f"the server does not tell its models: {error}", REFUSED)


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"toro: {message}", err=True)
    sys.exit(code)
