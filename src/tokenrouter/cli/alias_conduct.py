"""Options of `torod aliases set` for how requests to an alias are carried.

One row for each; the values are checked where those of the file are.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])
_FLAGS: Final = (
    ("--sticky/--not-sticky", "sticky", "Keep a conversation at one target; it is so unless said otherwise."),
    ("--hedge/--no-hedge", "hedge", "Ask a second target when the first one lets a client wait."),
    ("--continue-streams/--no-continue-streams", "continue_streams", "Go on elsewhere with a stream that breaks."),
    ("--refused-elsewhere/--no-refused-elsewhere", "refused_elsewhere", "Ask the next target what one refuses."),
)
_NUMBERS: Final = (
    ("--deadline", "deadline_s", "SECONDS", "Longest wait for the first of an answer; 0: none is ended."),
    ("--hedge-after", "hedge_after_s", "SECONDS", "How long the first target has; 0: as long as is usual."),
    ("--hedge-percent", "hedge_percent", "PERCENT", "Most requests that are asked twice; 5."),
    ("--min-tokens-per-s", "min_tokens_per_s", "TOKENS", "Take slower streams elsewhere; 0: none."),
    ("--probe", "probe_s", "SECONDS", "How long a stream's speed is watched; 5."),
)


def conduct_options(command: Command) -> Command:
    """Give `command` the options; each is None where it is not said."""
    for names, field, meter, words in reversed(_NUMBERS):
        command = click.option(names, field, type=float, metavar=meter, help=words)(command)
    for names, field, words in reversed(_FLAGS):
        command = click.option(names, field, default=None, help=words)(command)
    return command
