"""One run: brings up what is compared, and asks each question in turn.

A part that cannot be measured (an answer that is wrong, a process that died) is reported as failed, and the
others go on; a missed target is no failure.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench import (
    aliases,
    control,
    exact,
    idle,
    memory,
    options,
    paced,
    report,
    report_control,
    report_exact,
    report_tls,
    report_ui,
    startup,
    streams,
    tls,
    translation,
    ui,
    workers,
    wrk,
)
from bench.cores import CorePlan
from bench.figures import Whole
from bench.options import Options
from bench.processes import RunFailed
from bench.targets import Target, Upstream, direct, gateway, nginx_proxy, pin_threads, static_provider

STREAMS: Final = 400
STREAM_INTERVAL_MS: Final = 20
"""400 streams of 50 chunks a second: 20,000 chunks a second, a good part of what one core relays."""
MANY_STREAMS: Final = 1000
MANY_INTERVAL_MS: Final = 100


class Run:
    """What is up, and what was found so far.

    Attributes:
        sections: the report, one text by the name of each part.
        failed: parts that could not be measured.
    """

    def __init__(self, wanted: Options, plan: CorePlan, folder: Path) -> None:
        self._wanted = wanted
        self._plan = plan
        self._folder = folder
        self._whole: list[Whole] = []
        self.sections: dict[str, str] = {}
        self.failed: list[str] = []

    def measure(self) -> None:
        """Run the wanted parts: `startup` and `memory` on gateways of their own, the others on one."""
        with static_provider(self._plan, self._wanted.upstream_port, self._folder / "upstream.log") as upstream:
            if "gateway" in self._wanted.targets and not self._wanted.running:
                self._answer("startup", lambda: self._startup(upstream))
            if self._wanted.compares:
                with self._targets(upstream) as targets:
                    self._answer("whole", lambda: self._compare_whole(targets))
                    self._answer("latency", lambda: self._compare_latency(targets))
                    self._answer("streams", lambda: self._compare_streams(targets, upstream))
                    self._answer("many", lambda: self._compare_many(targets, upstream))
            if "gateway" in self._wanted.targets:
                self._answer("translation", self._translation)
                self._answer("exact", lambda: self._exact(upstream))
                self._answer("aliases", lambda: self._aliases(upstream))
                self._answer("tls", lambda: self._tls(upstream))
                self._answer("idle", lambda: self._idle(upstream))
                self._answer("workers", lambda: self._workers(upstream))
                self._answer("control", lambda: self._control(upstream))
                self._answer("ui", lambda: self._ui(upstream))
                self._answer("memory", lambda: self._memory(upstream))

    def _answer(self, part: str, measure: Callable[[], str]) -> None:
        if part not in self._wanted.parts:
            return
        begin_s = time.monotonic()
        try:
            section = measure()
        except (RunFailed, ProcessLookupError) as failure:
            self.failed.append(part)
            section = f"### {part}: FAILED\n\n{failure}"
        self.sections[part] = section
        print(f"\n{section}\n\n({time.monotonic() - begin_s:.0f} s)", flush=True)

    def _startup(self, upstream: Upstream) -> str:
        found = startup.measure(upstream, self._folder, self._plan.every, self._wanted.length.starts)
        return report.startup_section(found)

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
            for _ in range(self._wanted.length.latency_rounds):
                results += [paced.measure(target, size_kb, rate, seconds, core) for target in targets]
        return report.latency_section(results)

    def _half_of_maximum(self, targets: list[Target], size_kb: float) -> float:
        """Half of what the gateway can do; of the first target when the gateway is not measured."""
        judged = next((target for target in targets if target.name == "gateway"), targets[0])
        known = [r.requests_per_s for r in self._whole if r.target == judged.name and r.size_kb == size_kb]
        return 0.5 * (sum(known) / len(known) if known else self._wrk(judged, size_kb).requests_per_s)

    def _compare_streams(self, targets: list[Target], upstream: Upstream) -> str:
        seconds, core = self._wanted.length.streams_s, self._plan.load
        shape = streams.Shape.lasting(STREAMS, STREAM_INTERVAL_MS, seconds)
        proxies = [target for target in targets if target.pid] * self._wanted.length.rounds
        return report.streams_section(
            [streams.measure_cost(target, upstream, shape, seconds, core) for target in proxies]
        )

    def _compare_many(self, targets: list[Target], upstream: Upstream) -> str:
        shape = streams.Shape.lasting(MANY_STREAMS, MANY_INTERVAL_MS, self._wanted.length.many_s)
        proxies = [target for target in targets if target.pid]
        return report.many_section(
            [streams.measure_stalls(target, upstream, shape, self._plan.load) for target in proxies]
        )

    def _translation(self) -> str:
        """In this process: no socket is in it."""
        return report.translation_section(translation.measure(self._wanted.length.translation_rounds))

    def _exact(self, upstream: Upstream) -> str:
        return report_exact.exact_section(*exact.measure(self._plan, upstream, self._folder, self._wanted.length))

    def _aliases(self, upstream: Upstream) -> str:
        return report_exact.aliases_section(
            aliases.measure(self._plan, upstream, self._folder / "aliases", self._wanted.length)
        )

    def _tls(self, upstream: Upstream) -> str:
        return report_tls.tls_section(tls.measure(self._plan, upstream, self._folder / "tls", self._wanted.length))

    def _idle(self, upstream: Upstream) -> str:
        streams = min(self._wanted.length.idle_streams, idle.possible())
        folder = self._folder / "idle"
        folder.mkdir()
        with gateway(self._plan, upstream, folder, idle.SETUP) as target:
            found = idle.measure(target, upstream, streams, self._plan.load)
        return report_exact.idle_section(found, self._wanted.length.idle_streams)

    def _workers(self, upstream: Upstream) -> str:
        found = workers.measure(self._plan, upstream, self._folder, self._wanted.length)
        return report_exact.workers_section(found)

    def _control(self, upstream: Upstream) -> str:
        found = control.measure(self._plan, upstream, self._folder / "control", self._wanted.length)
        return report_control.control_section(found)

    def _ui(self, upstream: Upstream) -> str:
        return report_ui.ui_section(ui.measure(self._plan, upstream, self._folder / "ui", self._wanted.length))

    def _memory(self, upstream: Upstream) -> str:
        """A gateway of its own, so that nothing was asked of it before it counts as idle."""
        folder = self._folder / "memory"
        folder.mkdir()
        with ExitStack() as stack:
            target = self._running() or stack.enter_context(gateway(self._plan, upstream, folder))
            return report.memory_section(memory.measure(target, self._wanted.requests, self._plan.load))

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
        """The gateway that was there before us, moved to the proxy's core; None when we start our own."""
        there = self._wanted.running
        if there is None:
            return None
        pin_threads(there.pid, self._plan.proxy)
        return Target("gateway", there.port, there.port, there.pid)
