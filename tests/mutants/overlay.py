"""A pytest plugin that puts one fault into one module, for this process only: `pytest -p tests.mutants.overlay`.

The environment says which (`TOKENROUTER_MUTANT`, its place in the list). The module is compiled from the changed text
when it is imported; no file is written, not even byte code.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import CodeType, ModuleType
from typing import Final

from tests.mutants.mutant import Mutant
from tests.mutants.mutants import MUTANTS

VARIABLE: Final = "TOKENROUTER_MUTANT"


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.name, str(mutant.path))
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._mutant.source, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._mutant.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._mutant.path, loader=_Loader(self._mutant))


def pytest_configure() -> None:
    """Take the module's place before anything imports it."""
    mutant = MUTANTS[int(os.environ[VARIABLE])]
    assert mutant.name not in sys.modules
    sys.meta_path.insert(0, _Finder(mutant))
