"""The command lines as they are: every command of `torod` and `toro`, with what click knows of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import click

from tokenrouter.cli.toro import main as toro
from tokenrouter.cli.torod import main as torod

PROGRAMS: Final = {"torod": torod, "toro": toro}


@dataclass(frozen=True)
class Described:
    """One command. `options` are (how it is written, what it is for), without `--help`."""

    path: str
    usage: str
    about: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    is_group: bool

    @property
    def first_words(self) -> str:
        return self.about[0] if self.about else ""


def described(name: str) -> Iterator[Described]:
    """Yield a program, and every command below it in the order of its help."""
    yield from _below(PROGRAMS[name], click.Context(PROGRAMS[name], info_name=name))


def _below(command: click.Command, context: click.Context) -> Iterator[Described]:
    yield Described(
        context.command_path,
        " ".join([context.command_path, *command.collect_usage_pieces(context)]),
        _paragraphs(command.help or ""),
        tuple(_options(command, context)),
        isinstance(command, click.Group),
    )
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _below(child, click.Context(child, info_name=name, parent=context))


def _paragraphs(text: str) -> tuple[str, ...]:
    plain = text.replace("\b", "").strip().split("\n\n")
    return tuple(" ".join(one.split()) for one in plain if one.strip())


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None and (record[1] or isinstance(parameter, click.Option)):
            yield record[0], " ".join(record[1].split())
