"""What is wrong with a configuration: all of it at once, each with its place."""

from collections.abc import Iterable
from dataclasses import dataclass

from tokenrouter.domain.limit_text import Mistake


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    Attributes:
        where: `torod.toml:12`, `$VARIABLE` or `--flag`.
        key: the path of the value, like `providers[0].base_url`; "" for the whole file.
        suggestion: the nearest right thing, or "".
    """

    where: str
    key: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        return f"{self.where}: {key}{self.message}" + (f"; {self.suggestion}" if self.suggestion else "")


class ConfigErrors(Exception):
    """A configuration that cannot be used; `problems` is never empty."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class InvalidValues(ValueError):
    """Values that cannot be used, of a subject that is no file's; `mistakes` is never empty."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{one.field}: {one.message}" for one in self.mistakes))


def refuse_problems(problems: Iterable[Problem]) -> None:
    """Do nothing where there is no problem.

    Raises:
        InvalidValues: with all of them, each as a mistake in the field that its key names.
    """
    mistakes = [Mistake(one.key, one.message + (f"; {one.suggestion}" if one.suggestion else "")) for one in problems]
    if mistakes:
        raise InvalidValues(mistakes)
