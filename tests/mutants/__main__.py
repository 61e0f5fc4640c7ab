"""`python -m tests.mutants [--jobs N] [WORD …]`: shows a table, and fails where a mutant was not noticed.

Words choose mutants by what they guard, or by a part of their module's or test's name.
"""

import argparse
import sys
import time

from tests.mutants.mutant import Mutant
from tests.mutants.mutants import MUTANTS
from tests.mutants.running import verdicts


def main() -> int:
    """Return how many mutants were not killed, at most 1."""
    parser = argparse.ArgumentParser(description="Runs tests against deliberately broken copies of what they guard.")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side (2)")
    parser.add_argument("words", nargs="*", help="only mutants that guard this, or have it in their module or test")
    asked = parser.parse_args()
    numbers = [number for number, mutant in enumerate(MUTANTS) if _is_meant(mutant, asked.words)]
    started_s, failures = time.monotonic(), 0
    for number, verdict in verdicts(numbers, asked.jobs):
        mutant = MUTANTS[number]
        failures += verdict != "killed"
        _, _, test = mutant.test.partition("::")
        _show(f"{mutant.guards:>8}  {verdict:<8}  {mutant.module:<48}  {test}")
    took_s = time.monotonic() - started_s
    _show(f"\n{len(numbers) - failures} of {len(numbers)} mutants were noticed, in {took_s:.0f} s.")
    return int(failures > 0)


def _is_meant(mutant: Mutant, words: list[str]) -> bool:
    """Whether a mutant was asked for; a number is that of a pitfall."""
    told = f"{mutant.module} {mutant.test}"
    return not words or any(word == mutant.guards or (not word.isdecimal() and word in told) for word in words)


def _show(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
