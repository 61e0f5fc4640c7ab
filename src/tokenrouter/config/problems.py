"""What is wrong with a configuration: all of it at once, each with its place."""

from dataclasses import dataclass


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
