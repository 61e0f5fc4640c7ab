"""What both programs say where click would say less: of a slip of the pen, and of output that cannot be written.

A full disk is nobody's programming error. A pipe that nobody reads is left to click, which ends without a word.
"""

import errno
import os
import sys
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, Final, TextIO

import click

CANNOT_WRITE: Final = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO") if hasattr(errno, name)
)


class WritingGroup(click.Group):
    """The commands of a program."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was meant; one that is none is told the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program."""
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if error.errno not in CANNOT_WRITE:
                raise
            _forget(sys.stdout, sys.__stdout__)
            what = error.filename or "what it prints"
            try:
                click.echo(f"{self.name}: {what} cannot be written: {error.strerror}", err=True)
            except OSError:
                _forget(sys.stderr, sys.__stderr__)
            sys.exit(1)


def _forget(*streams: TextIO | None) -> None:
    """Have what is still to be written vanish, which would fail once more at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in filter(None, streams):
        with suppress(OSError, ValueError):  # it may be closed, or none of the system's
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
