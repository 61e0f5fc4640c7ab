"""Runs the parts one after the other and prints what they found.

Ends with 0 when everything could be measured, also when a target is missed: a bench reports, it does
not judge. It ends with 1 when a part failed.
"""

import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from bench import machine, memory, nginx, options, paced, report, startup, streams, wrk
from bench.cores import CorePlan, available_cores, pinned, plan_cores
from bench.figures import Whole
from bench.options import Options
from bench.processes import OUT, ROOT, RunFailed
from bench.targets import Target, Upstream, direct, gateway, nginx_proxy, pin_threads, static_provider

STREAMS: Final = 400
STREAM_INTERVAL_MS: Final = 20
"""400 streams of 50 chunks a second: 20,000 chunks a second, about half of what one core relays."""
MANY_STREAMS: Final = 1000
MANY_INTERVAL_MS: Final = 100
PAGE: Final = ROOT / "bench" / "README.md"


class Run:
    """One run of the bench: what is up, and what was found so far."""

    def __init__(self, wanted: Options, plan: CorePlan, folder: Path) -> None:
        self._wanted = wanted
        self._plan = plan
        self._folder = folder
        self._whole: list[Whole] = []
        self.sections: list[str] = []

    def measure(self) -> None:
        """Run the wanted parts, in the order in which they disturb each other least."""
        with static_provider(self._plan, self._wanted.upstream_port, self._folder / "upstream.log") as upstream:
            if "startup" in self._wanted.parts and self._measures_gateway() and not self._wanted.running:
                self._add(
                    lambda: report.startup_section(startup.measure(upstream, self._folder, self._wanted.length.starts))
                )
            if set(self._wanted.parts) & {"whole", "latency", "streams", "many"}:
                with self._targets(upstream) as targets:
                    self._compare(targets, upstream)
            if "memory" in self._wanted.parts and self._measures_gateway() and not self._wanted.running:
                self._add(lambda: self._memory(upstream))

    def _compare(self, targets: list[Target], upstream: Upstream) -> None:
        parts: dict[str, Callable[[], str]] = {
            "whole": lambda: self._compare_whole(targets),
            "latency": lambda: self._compare_latency(targets),
            "streams": lambda: self._compare_streams(targets, upstream),
            "many": lambda: self._compare_many(targets, upstream),
        }
        for part, measure in parts.items():
            if part in self._wanted.parts:
                self._add(measure)

    def _compare_whole(self, targets: list[Target]) -> str:
        for size_kb in self._wanted.sizes_kb:
            for _ in range(self._wanted.length.rounds):
                self._whole += [self._wrk(target, size_kb) for target in targets]
        return report.whole_section(self._whole)

    def _compare_latency(self, targets: list[Target]) -> str:
        seconds, core = self._wanted.length.latency_s, self._plan.load
        results = []
        for size_kb in self._wanted.sizes_kb:
            rate = self._wanted.rate or self._half_of_maximum(targets, size_kb)
            results += [paced.measure(target, size_kb, rate, seconds, core) for target in targets]
        return report.latency_section(results)

    def _half_of_maximum(self, targets: list[Target], size_kb: float) -> float:
        """Half of what the gateway can do; of the first target when the gateway is not measured."""
        judged = next((target for target in targets if target.name == "gateway"), targets[0])
        known = [r.requests_per_s for r in self._whole if r.target == judged.name and r.size_kb == size_kb]
        return 0.5 * (sum(known) / len(known) if known else self._wrk(judged, size_kb).requests_per_s)

    def _compare_streams(self, targets: list[Target], upstream: Upstream) -> str:
        seconds = self._wanted.length.streams_s
        shape = streams.Shape.lasting(STREAMS, STREAM_INTERVAL_MS, seconds)
        proxies = [target for target in targets if target.pid] * self._wanted.length.rounds
        return report.streams_section(
            [streams.measure_cost(target, upstream, shape, seconds, self._plan.load) for target in proxies]
        )

    def _compare_many(self, targets: list[Target], upstream: Upstream) -> str:
        shape = streams.Shape.lasting(MANY_STREAMS, MANY_INTERVAL_MS, self._wanted.length.many_s)
        return report.many_section(
            [streams.measure_stalls(target, upstream, shape, self._plan.load) for target in targets]
        )

    def _memory(self, upstream: Upstream) -> str:
        """A gateway of its own, so that nothing was asked of it before it counts as idle."""
        folder = self._folder / "memory"
        folder.mkdir()
        with gateway(self._plan, upstream, folder) as target:
            return report.memory_section(
                memory.measure(target, target.beside[0], self._wanted.requests, self._plan.load)
            )

    def _wrk(self, target: Target, size_kb: float) -> Whole:
        return wrk.measure(target, size_kb, self._wanted.length.whole_s, self._plan.load, self._folder)

    @contextmanager
    def _targets(self, upstream: Upstream) -> Iterator[list[Target]]:
        with ExitStack() as stack:
            start: dict[str, Callable[[], Target]] = {
                "nginx": lambda: stack.enter_context(nginx_proxy(self._plan, upstream, self._folder)),
                "gateway": lambda: self._running() or stack.enter_context(gateway(self._plan, upstream, self._folder)),
                "direct": lambda: direct(upstream),
            }
            yield [start[name]() for name in options.TARGETS if name in self._wanted.targets]

    def _running(self) -> Target | None:
        if self._wanted.running is None:
            return None
        there = self._wanted.running
        pin_threads(there.pid, self._plan.proxy)
        return Target("gateway", there.port, there.port, there.pid)

    def _measures_gateway(self) -> bool:
        return "gateway" in self._wanted.targets

    def _add(self, measure: Callable[[], str]) -> None:
        begin_s = time.monotonic()
        section = measure()
        self.sections.append(section)
        print(f"\n{section}\n\n({time.monotonic() - begin_s:.0f} s)", flush=True)


def main() -> int:
    """Return the exit code."""
    wanted = options.parse()
    signal.signal(signal.SIGTERM, _as_interrupt)
    _raise_file_limit()
    plan = plan_cores(available_cores())
    OUT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=OUT))
    run = Run(wanted, plan, folder)
    begin_s = time.monotonic()
    try:
        about = "\n".join(f"- {line}" for line in machine.describe(plan, [nginx.find(), wrk.find()]))
        print(about, flush=True)
        with pinned(plan.beside):
            run.measure()
    except (RunFailed, ProcessLookupError) as failure:
        print(f"\nbench: {failure}; logs are kept in bench/out/{folder.name}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbench: stopped", file=sys.stderr)
        return 130
    shutil.rmtree(folder)
    print(f"\n{time.monotonic() - begin_s:.0f} s in all")
    if wanted.record:
        report.write_between_markers(PAGE, "\n\n".join([about, *run.sections]))
    return 0


def _as_interrupt(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _raise_file_limit() -> None:
    """A thousand streams need two thousand files in a proxy; all processes inherit this."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
