"""A coding tool is started: it must be there, and it is told a model that the key may use."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NoReturn

import click

from tokenrouter.cli.client import find_server
from tokenrouter.cli.client_errors import REFUSED, end
from tokenrouter.cli.client_file import client_file, read_client_file
from tokenrouter.cli.client_options import watched
from tokenrouter.cli.wrapping.coding_tools import CodingTool
from tokenrouter.cli.wrapping.commands import run
from tokenrouter.cli.wrapping.models import Lengths, choose_model, offered_models
from tokenrouter.cli.wrapping.reaching import Reaching
from tokenrouter.cli.wrapping.wishes import Wishes

NOT_FOUND: Final = 127
"""As shells have it."""


def start(
    make: Callable[[Mapping[str, Lengths]], CodingTool], wishes: Wishes, *, args: Sequence[str], wanted: str
) -> NoReturn:
    """Run the tool that `make` returns for the models that are offered, and end as it ends.

    `wanted` is the model that was said to us; one that `args` say to the tool comes before it.

    Raises:
        ClientMistake, NoAnswer, Refused: the server cannot be asked what it offers.
    """
    tool = make({})
    if shutil.which(tool.name) is None:
        end(f"{tool.name} is not installed, or not on your PATH; install it: {tool.install}", NOT_FOUND)
    server = find_server(wishes.url, wishes.key)
    if not server.key:
        run(wishes, tool, args=args)  # which says what is missing
    offered = offered_models(watched(server, quietly=wishes.is_quiet))
    tool = make(offered)
    model = "" if tool.model_in(args) else wanted or _choose(tool, offered, wishes)
    run(wishes, Reaching(tool, os.environ), args=args, model=model)


def _choose(tool: CodingTool, offered: Iterable[str], wishes: Wishes) -> str:
    default = read_client_file(client_file(os.environ)).get("default_model", "")
    model = choose_model(offered, default, tool.usual_models)
    if not model:
        end("the server offers your key no model that holds a conversation; --model names one all the same", REFUSED)
    if not wishes.is_quiet:
        click.echo(f"toro: {tool.name} asks {model}; `toro {tool.name} --model NAME` has it ask another", err=True)
    return model
