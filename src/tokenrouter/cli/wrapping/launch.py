"""What a wrapped program is started with, and who decides it: one small `Tool` per program.

A tool knows how its program is pointed at a server, and nothing of keys, signals and endings, which are the same for
all (`lifecycle.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tokenrouter.cli.client import Server


@dataclass(frozen=True, slots=True)
class Launch:
    """A program to be started.

    Attributes:
        argv: the program and its arguments. Everybody on the machine can read them, so no key is among them.
        set_env: variables that it gets, beside those of whoever starts it.
        drop_env: names of variables that it does not get; what `set_env` sets stays.
    """

    argv: tuple[str, ...]
    set_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    drop_env: frozenset[str] = frozenset()


class Tool(Protocol):
    """A program that can be pointed at a server."""

    @property
    def name(self) -> str:
        """What it is called, in the names of its keys too: `codex`."""
        ...

    def prepare(self, server: Server, key: str, model: str, args: Sequence[str], folder: Path) -> Launch:
        """Return how it is started.

        Args:
            server: with the key of whoever starts it, for questions; that key is not for the program.
            key: the temporary key, for the program.
            model: the one that it is to use; "" leaves it to the program.
            args: what stands behind the program's name, untouched.
            folder: a private one (0700) for files that it needs; it is removed in every ending.

        Raises:
            click.ClickException: it cannot be started so; the key is revoked, and the message shown.
        """
        ...
