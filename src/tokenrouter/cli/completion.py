"""`toro completion` and `torod completion`: the script with which a shell completes commands and flags."""

from typing import Final

import click

SHELLS: Final = ("bash", "zsh", "fish")
_HOW: Final = {
    "bash": 'eval "$({program} completion bash)"          in ~/.bashrc',
    "zsh": 'eval "$({program} completion zsh)"           in ~/.zshrc, after compinit',
    "fish": "{program} completion fish | source          in ~/.config/fish/config.fish",
}


def completion_command(program: str) -> click.Command:
    """Return the command `completion` of `program`."""
    places = "\n".join(f"  {how.format(program=program)}" for how in _HOW.values())

    @click.command(
        "completion", help=f"Print what SHELL needs to complete {program}'s commands and flags.\n\n\b\n{places}"
    )
    @click.argument("shell", type=click.Choice(SHELLS))
    @click.pass_context
    def completion(context: click.Context, shell: str) -> None:
        click.echo(script(context.find_root().command, program, shell))

    return completion


def script(command: click.Command, program: str, shell: str) -> str:
    """Return the script that `shell` is to run: it asks the program itself, whenever somebody presses Tab."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell!r} is not known; there are {', '.join(SHELLS)}")
    completes = kind(command, {}, program, f"_{program.upper()}_COMPLETE")
    return str(completes.source_template % completes.source_vars())
