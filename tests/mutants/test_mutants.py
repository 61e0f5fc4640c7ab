"""That the list of mutants follows the code; whether each is noticed, `make mutants` shows."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.mutants import MUTANTS

PITFALLS: Final = frozenset(map(str, range(1, 36)))
_GUARDED: Final = PITFALLS | {"money", "tenancy", "honesty"}


@cache
def functions_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.guards} {mutant.module}")
def test_every_mutant_still_fits_its_module_and_its_test_is_there(mutant: Mutant) -> None:
    path, _, name = mutant.test.partition("::")

    compile(mutant.source, mutant.module, "exec")
    assert mutant.old != mutant.new
    assert mutant.guards in _GUARDED
    assert name in functions_in(ROOT / "tests" / path)


def test_every_pitfall_has_a_test_of_its_own_and_a_mutant() -> None:
    tests = {name for path in (ROOT / "tests" / "pitfalls").glob("test_*.py") for name in functions_in(path)}
    numbers = {str(int(name[5:7])) for name in tests if name[5:7].isdecimal()}

    assert numbers == PITFALLS
    assert {mutant.guards for mutant in MUTANTS} >= _GUARDED


def test_a_mutant_is_really_put_in_the_place_of_its_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutants", "test_01"], cwd=ROOT, capture_output=True, check=False
    )

    assert b"1 of 1 mutants were noticed" in done.stdout
    assert done.returncode == 0
