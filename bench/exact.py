"""What it costs that money is exact: limits of a key, a team and everybody, prices and the journal all on.

The same questions as of the gateway without limits, asked with counters in memory and with counters in Valkey, which
runs beside on the core of the control process.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench import paced, wrk
from bench.cores import CorePlan
from bench.figures import Latency, Whole
from bench.options import Length
from bench.processes import RunFailed
from bench.targets import Setup, Target, Upstream, direct, gateway, nginx_proxy
from tokenrouter.testing.processes import ProcessFailure
from tokenrouter.testing.valkey import NoValkey, ValkeyServer

SIZES_KB: Final = (0.3, 20.0)
LIMITS: Final = """
[[teams]]
name = "bench"

[[limits]]
scope = "key:bench"
metric = "cost_usd"
window = "month"
amount = "1000000"

[[limits]]
scope = "team:bench"
metric = "tokens"
window = "day"
amount = 1000000000000

[[limits]]
scope = "global"
metric = "requests"
window = "sliding:60s"
amount = 1000000000
"""
PRICE: Final = """
[[prices]]
provider = "bench"
model = "{model}"
input_per_1m = 0.15
output_per_1m = 0.60
"""
IN_MEMORY: Final = Setup("limits in memory", of_key='team = "bench"', below=LIMITS)


def in_valkey(url: str, workers: int = 1) -> Setup:
    """Return the same with shared counters."""
    return Setup(
        f"limits in Valkey, {workers} workers" if workers > 1 else "limits in Valkey",
        top=f'redis_url = "{url}"\nworkers = {workers}\n',
        of_key='team = "bench"',
        below=LIMITS,
    )


@contextmanager
def valkey() -> Iterator[ValkeyServer]:
    """Run a Valkey on the core of whoever starts it.

    Raises:
        RunFailed: it cannot run here.
    """
    server = ValkeyServer()
    try:
        server.open()
    except (NoValkey, ProcessFailure) as failure:
        raise RunFailed(f"Valkey: {failure}") from failure
    try:
        yield server
    finally:
        server.close()


@contextmanager
def _targets(plan: CorePlan, upstream: Upstream, folder: Path) -> Iterator[list[Target]]:
    folder.mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(valkey())
        yield [
            stack.enter_context(nginx_proxy(plan, upstream, folder)),
            stack.enter_context(gateway(plan, upstream, folder, IN_MEMORY)),
            stack.enter_context(gateway(plan, upstream, folder, in_valkey(server.url))),
        ]


def measure(
    plan: CorePlan, upstream: Upstream, folder: Path, length: Length
) -> tuple[list[Whole], list[tuple[Latency, Latency]]]:
    """Return requests at full rate, and answer times at half of it beside those without a proxy.

    Raises:
        RunFailed: a request failed, or something did not start.
    """
    whole: list[Whole] = []
    latency: list[tuple[Latency, Latency]] = []
    with _targets(plan, upstream, folder / "exact") as targets:
        for size_kb in SIZES_KB:
            at_size = [
                wrk.measure(target, size_kb, length.whole_s, plan.load, folder)
                for _ in range(length.rounds)
                for target in targets
            ]
            whole += at_size
            for target in targets[1:]:
                rates = [one.requests_per_s for one in at_size if one.target == target.name]
                rate = 0.5 * sum(rates) / len(rates)
                for _ in range(length.latency_rounds):
                    both = [
                        paced.measure(each, size_kb, rate, length.latency_s, plan.load)
                        for each in (direct(upstream), target)
                    ]
                    latency.append((both[0], both[1]))
    return whole, latency
