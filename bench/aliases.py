"""What an alias costs: requests for it beside requests for one of its two targets, of the same running gateway.

Both have the same key, prices and journal, and take turns; the alias chooses by weight and keeps conversations
together. Of many short rounds the cheapest counts, the one that other programs disturbed least.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from bench import wrk
from bench.cores import CorePlan
from bench.figures import Whole
from bench.options import Length
from bench.targets import Setup, Target, Upstream, gateway

SIZES_KB: Final = (0.3, 20.0)
ROUNDS: Final = 4
"""So many for each of the run's."""
ROUND_S: Final = 1.0
PLAIN: Final = "bench/small"
THROUGH: Final = Setup(
    "aliases",
    below="""
[[prices]]
provider = "bench"
model = "other"
input_per_1m = 0.15
output_per_1m = 0.60

[[aliases]]
name = "balanced"
targets = ["bench/small", "bench/other"]
selection = "weighted"
""",
)


def measure(plan: CorePlan, upstream: Upstream, folder: Path, length: Length) -> list[Whole]:
    """Return the rounds of both.

    Raises:
        RunFailed: a request failed, or the gateway did not start.
    """
    folder.mkdir()
    with gateway(plan, upstream, folder, THROUGH) as running:
        asked: list[Target] = [
            replace(running, name=PLAIN, model=PLAIN),
            replace(running, name="alias", model="balanced"),
        ]
        return [
            wrk.measure(target, size_kb, ROUND_S, plan.load, folder)
            for size_kb in SIZES_KB
            for _ in range(ROUNDS * length.rounds)
            for target in asked
        ]
