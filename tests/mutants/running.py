"""Runs the tests of mutants, some side by side, each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal

from tests.mutants.mutant import ROOT
from tests.mutants.mutants import MUTANTS
from tests.mutants.overlay import VARIABLE

Verdict = Literal["killed", "survived", "broken"]
"""`broken`: no test ran, so nothing was shown."""
PATIENCE_S: Final = 60
"""Longest run of one test; a mutant that runs on forever was noticed too."""
_VERDICTS: Final[dict[int, Verdict]] = {0: "survived", 1: "killed"}
"""By pytest's exit codes: all passed, some failed; others say that it could not run."""


def verdicts(numbers: Sequence[int], jobs: int) -> Iterator[tuple[int, Verdict]]:
    """Yield what became of the mutants with these numbers, in their order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(numbers, pool.map(verdict_on, numbers), strict=True)


def verdict_on(number: int) -> Verdict:
    """Run the test of one mutant in a process that has its fault."""
    mutant = MUTANTS[number]
    options = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "tests.mutants.overlay"]
    command = [sys.executable, "-m", "pytest", *options, f"tests/{mutant.test}"]
    env = {**os.environ, VARIABLE: str(number), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return "killed"
    return _VERDICTS.get(done.returncode, "broken")
