"""One fault, as data."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_SOURCE: Final = ROOT / "src" / "tokenrouter"


@dataclass(frozen=True)
class Mutant:
    """A change that breaks what `test` guards.

    Attributes:
        guards: the number of a pitfall, or `money`, `tenancy`, `honesty`.
        module: the file, below the package.
        old, new: the text that is replaced, which the file has exactly once, and what takes its place.
        test: a test function that must fail then, below `tests/`.
    """

    guards: str
    module: str
    old: str
    new: str
    test: str

    @property
    def path(self) -> Path:
        """The file of the module."""
        return _SOURCE / self.module

    @property
    def name(self) -> str:
        """The module's dotted name."""
        return "tokenrouter." + self.module.removesuffix(".py").replace("/", ".")

    @cached_property
    def source(self) -> str:
        """The module with the fault in it.

        Raises:
            ValueError: the text is not there exactly once, so the list of mutants must follow the code.
        """
        text = self.path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.module} has {text.count(self.old)} times: {self.old!r}")
        return text.replace(self.old, self.new)
