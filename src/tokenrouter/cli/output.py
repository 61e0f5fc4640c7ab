"""A command whose output cannot be written says so, in a sentence: a full disk is nobody's programming error.

A pipe that nobody reads any more is left to click, which ends without a word.
"""

import errno
import os
import sys
from contextlib import suppress
from typing import Any, Final, TextIO

import click

CANNOT_WRITE: Final = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO") if hasattr(errno, name)
)


class WritingGroup(click.Group):
    """The commands of a program."""

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
