"""The part `control` in words: each question against its target, and the data plane without and with them beside."""

from typing import Final

from bench.figures import Control
from bench.report import table, verdict

MAX_ANSWER_MS: Final = 200.0
MAX_SLOWER: Final = 1.25
"""How much CPU more a request of the data plane may cost: it is answered in a process of its own, and what is told of
the other's work is measured on a machine that others use too."""


def control_section(found: Control) -> str:
    """Return both tables."""
    rows = [
        [one.name, f"{one.p50_ms:.1f}", f"{one.p95_ms:.1f}", f"{one.max_ms:.1f}", verdict(one.p95_ms, MAX_ANSWER_MS)]
        for one in found.asked
    ]
    ratio = found.busy_cpu_us / found.quiet_cpu_us
    beside = [
        ["nothing beside", f"{found.quiet.p50_us:.0f}", f"{found.quiet.p99_us:.0f}", f"{found.quiet_cpu_us:.0f}", ""],
        [
            "these questions beside",
            f"{found.busy.p50_us:.0f}",
            f"{found.busy.p99_us:.0f}",
            f"{found.busy_cpu_us:.0f}",
            verdict(ratio, MAX_SLOWER, unit="× CPU"),
        ],
    ]
    title = f"### The control plane with {found.rows:,} ledger rows and {found.keys:,} keys, in SQLite"
    asked = table(["ms", "p50", "p95", "most", "verdict"], rows)
    data = table(["data plane", "p50 µs", "p99 µs", "CPU µs", "verdict"], beside)
    return f"{title}\n\n{asked}\n\nThe data plane meanwhile, at {found.quiet.rate:.0f} requests a second:\n\n{data}"
