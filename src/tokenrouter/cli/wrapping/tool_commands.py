"""`toro codex | claude | gemini | opencode | aider`: a tool with a temporary key, pointed at the gateway.

Options of ours stand before the tool's arguments, and end with the first word that is none of ours: from there on
everything is the tool's, also what looks like an option of ours. `--` says so where it would not be plain.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from tokenrouter.cli.wrapping.wishes import wish_options, wishes_of

if TYPE_CHECKING:
    from tokenrouter.cli.wrapping.coding_tools import CodingTool
    from tokenrouter.cli.wrapping.models import Lengths

MakeTool = Callable[[Mapping[str, "Lengths"]], "CodingTool"]
"""What returns a tool, given the models that are offered."""


class ToolCommand(click.Command):
    """A command whose own options end with the first word that is none of them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `--` before what is the tool's, where nobody has done so."""
        end = self._end_of_ours(args)
        behind = args[end + 1 :] if args[end : end + 1] == ["--"] else args[end:]
        return super().parse_args(ctx, args if end > len(args) else [*args[:end], "--", *behind])

    def _end_of_ours(self, args: Sequence[str]) -> int:
        """Return how many words are ours, one more than there are where the last wants a value."""
        options = {name: one for one in self.params if isinstance(one, click.Option) for name in _names(one)}
        end = 0
        while end < len(args):
            name, equals, _ = args[end].partition("=")
            if name in ("-h", "--help"):
                return end + 1
            if name not in options:
                break
            end += 1 if equals or options[name].is_flag else 2
        return end


def _names(option: click.Option) -> list[str]:
    return [*option.opts, *option.secondary_opts]


def tool_command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what every tool's has: a model, the key's options, and the tool's arguments."""
    for decorate in (
        click.argument("args", nargs=-1, type=click.UNPROCESSED),
        wish_options,
        click.option("--model", metavar="NAME", default="", help="The model that it asks, as the server calls it."),
    ):
        function = decorate(function)
    return function


@click.command(cls=ToolCommand)
@tool_command
def codex(**said: Any) -> None:
    """Run Codex with a temporary key.

    ARGS are Codex's own: `toro codex exec "say hello"`. Your config.toml, sessions and prompts are there as ever.
    """
    from tokenrouter.cli.wrapping.codex import Codex

    _start(Codex, said)


@click.command(cls=ToolCommand)
@tool_command
def claude(**said: Any) -> None:
    """Run Claude Code with a temporary key.

    ARGS are Claude Code's own: `toro claude -p "say hello"`. Your settings, sessions and commands are there as ever.
    """
    from tokenrouter.cli.wrapping.claude import ClaudeCode

    _start(ClaudeCode, said)


@click.command(cls=ToolCommand)
@tool_command
def gemini(**said: Any) -> None:
    """Run Gemini CLI with a temporary key.

    ARGS are Gemini CLI's own: `toro gemini -p "say hello"`. It sees a copy of your settings.json, and all else as ever.
    """
    from tokenrouter.cli.wrapping.gemini import GeminiCli

    _start(lambda _: GeminiCli(), said)


@click.command(cls=ToolCommand)
@click.option("--provider-id", default="tokenrouter", show_default=True, help="What opencode calls the provider.")
@click.option("--provider-name", default="TokenRouter", show_default=True, help="What it shows to people.")
@click.option(
    "--disable-other-providers/--no-disable-other-providers",
    "is_alone",
    default=True,
    show_default=True,
    help="It knows this provider alone, and nothing of your opencode.json.",
)
@tool_command
def opencode(provider_id: str, provider_name: str, is_alone: bool, **said: Any) -> None:
    """Run opencode with a temporary key, and every model that the key may use.

    ARGS are opencode's own: `toro opencode run "say hello"`.
    """
    from tokenrouter.cli.wrapping.opencode import OpenCode

    if not provider_id or not provider_name or "/" in provider_id:
        raise click.UsageError("--provider-id and --provider-name must be there, and the id is without a slash")
    _start(lambda offered: OpenCode(offered, provider_id, provider_name, is_alone), said)


@click.command(cls=ToolCommand)
@tool_command
def aider(**said: Any) -> None:
    """Run aider with a temporary key.

    ARGS are aider's own: `toro aider --message "say hello"`. Your .aider.conf.yml is read as ever.
    """
    from tokenrouter.cli.wrapping.aider import Aider

    _start(lambda _: Aider(), said)


TOOL_COMMANDS: Final = (codex, claude, gemini, opencode, aider)


def _start(make: MakeTool, said: dict[str, Any]) -> None:
    from tokenrouter.cli.wrapping.starting import start

    args, model = said.pop("args"), said.pop("model")
    start(make, wishes_of(said), args=args, wanted=model)
