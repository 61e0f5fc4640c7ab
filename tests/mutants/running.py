"""Runs the tests of mutants, some side by side, each in a process of its own.

The processes are forked from one that has everything loaded but the gateway, which is most of what starting takes.
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import pytest

from tests.mutants.mutant import ROOT
from tests.mutants.mutants import MUTANTS
from tests.mutants.overlay import VARIABLE

Verdict = Literal["killed", "survived", "broken"]
"""`broken`: no test ran, so nothing was shown."""
PATIENCE_S: Final = 60
"""Longest run of one test; a mutant that runs on forever was noticed too."""
_VERDICTS: Final[dict[int, Verdict]] = {0: "survived", 1: "killed"}
"""By pytest's exit codes: all passed, some failed; others say that it could not run."""
_LOADED: Final = ("pytest", "pytest_asyncio", "hypothesis.strategies", "structlog", "msgspec", "cryptography")


def verdicts(numbers: Sequence[int], jobs: int) -> Iterator[tuple[int, Verdict]]:
    """Yield what became of the mutants with these numbers, in their order."""
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(list(_LOADED))
    with forking.Pool(jobs, maxtasksperchild=1) as pool:
        yield from zip(numbers, pool.imap(_verdict_on, numbers), strict=True)


def _verdict_on(number: int) -> Verdict:
    """Run the test of one mutant; what it prints goes nowhere."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.chdir(ROOT)
    os.environ[VARIABLE] = str(number)
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "tests.mutants.overlay"]
    code = pytest.main([*options, f"--timeout={PATIENCE_S}", f"tests/{MUTANTS[number].test}"])
    return _VERDICTS.get(int(code), "broken")
