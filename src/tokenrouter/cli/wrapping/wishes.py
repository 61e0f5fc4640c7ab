"""What is said of a temporary key, before the command's name or behind it: `--ttl`, `--name` and the like."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import click

USUAL_TTL_S: Final = 8 * 3600.0
MAX_TTL_S: Final = 24 * 3600.0
"""As the server has it (`admin/key_rules.py`), so that a slip is told before anything is asked."""
_LENGTH: Final = re.compile(r"(\d{1,6})([smhd])")
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Ttl(click.ParamType[float]):
    """A length of time of at most a day, in seconds: `90m`, `8h`."""

    name = "ttl"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if isinstance(value, float):
            return value
        found = _LENGTH.fullmatch(str(value))
        ttl_s = float(int(found[1]) * _UNITS_S[found[2]]) if found else 0.0
        if not 0 < ttl_s <= MAX_TTL_S:
            self.fail(f"{value!r} is no time from 1s to 24h; write 90m or 8h", param, ctx)
        return ttl_s


_OPTIONS: Final = (
    click.option("--ttl", type=Ttl(), default=None, help="Longest life of the key: 90m, 8h (when left out), 24h."),
    click.option("--name", metavar="NAME", help="What the key is called, in lists and in the ledger."),
    click.option("--url", metavar="URL", help="Address of the server."),
    click.option("--key", metavar="KEY", help="Your API key, which the program does not get."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but what went wrong."),
)
NAMES: Final = ("ttl", "name", "url", "key", "quiet")
"""Commands that know all of them run programs; others may know the server's address and a key."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said; None where nothing was."""

    ttl_s: float = USUAL_TTL_S
    name: str | None = None
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    is_quiet: bool = False


def wish_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a temporary key; it takes `**wishes` and hands them to `wishes_of`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wishes_of(said: dict[str, Any]) -> Wishes:
    """Return what was said, from the values of the options.

    Raises:
        click.UsageError: the key is to be read from what the program reads.
    """
    if said["key"] == "-":
        raise click.UsageError("standard input is the program's; say your key by TOKENROUTER_API_KEY or `toro set-key`")
    return Wishes(said["ttl"] or USUAL_TTL_S, said["name"], said["url"], said["key"], bool(said["quiet"]))


def pass_down(context: click.Context, said: dict[str, Any]) -> None:
    """Have what was said before a command's name count as if it stood behind it, for the commands that know it."""
    given = {name: value for name, value in said.items() if value}
    if given:
        context.default_map = _defaults(context.command, given)


def _defaults(command: click.Command, given: dict[str, Any]) -> dict[str, Any]:
    if isinstance(command, click.Group):
        return {name: _defaults(below, given) for name, below in command.commands.items()}
    known = {parameter.name for parameter in command.params if isinstance(parameter, click.Option)}
    meant = NAMES if known.issuperset(NAMES) else ("url", "key")
    return {name: given[name] for name in meant if name in known and name in given}
