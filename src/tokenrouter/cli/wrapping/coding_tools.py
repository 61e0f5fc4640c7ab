"""What the coding tools have in common: they ask for models by name, and each has a word of its own for that."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from tokenrouter.cli.wrapping.launch import Tool


class CodingTool(Tool, Protocol):
    """A program that asks models."""

    @property
    def install(self) -> str:
        """The command that installs it."""
        ...

    @property
    def usual_models(self) -> Sequence[str]:
        """Patterns of the models that it asks when nobody says which, the first choice first."""
        ...

    def model_in(self, args: Sequence[str]) -> str:
        """Return the model that the program's own arguments name, in the program's words; "" if none."""
        ...


def values_of(args: Sequence[str], *options: str) -> Iterator[str]:
    """Yield what options are given: `--model X`, `--model=X`, `-m X` and `-mX`; behind `--` nothing is an option."""
    upcoming = iter(args)
    for arg in upcoming:
        if arg == "--":
            return
        for option in options:
            if arg == option:
                yield next(upcoming, "")
                break
            if option.startswith("--") and arg.startswith(f"{option}="):
                yield arg.removeprefix(f"{option}=")
                break
            if not option.startswith("--") and arg.startswith(option) and not arg.startswith("--"):
                yield arg.removeprefix(option).removeprefix("=")
                break


def last_of(args: Sequence[str], *options: str) -> str:
    """Return what the last of these options is given, which is the one that counts; "" if there is none."""
    return next(reversed(list(values_of(args, *options))), "")
