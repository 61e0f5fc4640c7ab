"""Compare the policies, print the table, and record it when asked to.

    python -m bench.routing [--requests N] [--only TEXT] [--jobs N] [--record]

The figures come from a seed and from virtual time, so they are the same on every machine; only how long the run takes
is the machine's.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Final

from bench import report
from bench.processes import ROOT
from bench.routing.policies import POLICIES
from bench.routing.simulate import REQUESTS, Outcome, simulate

PAGE: Final = ROOT / "docs" / "routing.md"
HEADINGS: Final = ("Policy", "failed", "p50", "p90", "p99", "p99.9", "whole p99", "unused answers", "$ per 1,000")


def row(outcome: Outcome) -> tuple[str, ...]:
    """Return one line of the table: shares in per cent, times in seconds."""
    return (
        outcome.policy,
        f"{outcome.failed / outcome.requests:.2%}",
        *(f"{share_of(outcome.first_s, share):.2f} s" for share in (0.5, 0.9, 0.99, 0.999)),
        f"{share_of(outcome.whole_s, 0.99):.1f} s",
        f"{outcome.extra:.1%}",
        f"{outcome.spent * 1000 / 1e9:.3f}",
    )


def share_of(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the sorted `values` do not exceed; 0 of none."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def main() -> int:
    """Simulate, print, and record when asked to; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.routing", description="What each way of choosing is worth.")
    parser.add_argument("--requests", type=int, default=REQUESTS, help=f"of each policy ({REQUESTS:,})")
    parser.add_argument("--only", default="", metavar="TEXT", help="policies with this in their name")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--record", action="store_true", help="write the table into docs/routing.md")
    wanted = parser.parse_args()
    policies = [policy for policy in POLICIES if wanted.only in policy.name]
    with ProcessPoolExecutor(wanted.jobs) as pool:
        outcomes = list(pool.map(partial(simulate, requests=wanted.requests), policies))
    text = report.table(HEADINGS, [row(outcome) for outcome in outcomes])
    command = " ".join(("python -m bench.routing", *sys.argv[1:]))
    print(text)
    if wanted.record:
        about = f"{wanted.requests:,} requests of each policy, by `{command}`:"
        report.write_between_markers(PAGE, "policies", f"\n{about}\n\n{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
