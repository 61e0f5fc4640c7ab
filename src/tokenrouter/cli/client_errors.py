"""What can go wrong between `toro` and a server, and the exit code that each of it ends with.

Every command of `toro` raises these and lets them pass; `EndingGroup` alone says them and ends the program, so that
an exit code means the same everywhere.
"""

import sys
from typing import Any, Final, NoReturn

import click

from tokenrouter.cli.output import WritingGroup
from tokenrouter.cli.terminal.texts import plain

REFUSED: Final = 1
"""The server said no, or failed."""
MISTAKE: Final = 2
"""The command, the address or `toro.toml` cannot be understood."""
UNREACHABLE: Final = 3
"""Nobody answers, or nobody who is a TokenRouter, or only half."""
INTERRUPTED: Final = 130
"""Ctrl-C; what a shell says of a program that SIGINT has ended."""


class ClientMistake(Exception):
    """What was said of the server cannot be used; the message says where and why."""


class NoAnswer(Exception):
    """The server cannot be reached, or is none."""


class Refused(Exception):
    """The server said no. `status` is its HTTP status, the message its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def end(message: str, code: int) -> NoReturn:
    """End the program with `message` on standard error; some of it may be a server's, and commands no terminal."""
    click.echo(plain(f"toro: {message}"), err=True)
    sys.exit(code)


class EndingGroup(WritingGroup):
    """The commands of `toro`, each of which ends with the exit code of what it raises."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was meant."""
        try:
            return super().invoke(ctx)
        except ClientMistake as error:
            end(str(error), MISTAKE)
        except Refused as error:
            end(explained(error), REFUSED)
        except NoAnswer as error:
            end(str(error), UNREACHABLE)
        except UnicodeEncodeError as error:
            if error.encoding != "utf-8":
                raise
            end(f"what was typed is no text (UTF-8): {error.object!a}"[:200], MISTAKE)
        except (KeyboardInterrupt, click.Abort):
            click.echo(err=True)
            sys.exit(INTERRUPTED)


def explained(error: Refused) -> str:
    """Return a refusal with what can be done about it, where the status alone says that."""
    if error.status == 401:
        return f"{error} (`toro connect` or `toro set-key` gives toro another key)"
    return str(error)
