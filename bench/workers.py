"""Whether more workers do more: requests/s of one data process and of several, which share their limits in Valkey.

Each worker has a core of its own, the provider and Valkey share one, the load has one; so a machine with four cores
can show two workers, and one with six shows four.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench import procfs, wrk
from bench.cores import CorePlan
from bench.exact import in_valkey, valkey
from bench.figures import Whole
from bench.options import Length
from bench.processes import RunFailed, running, wait_until_up
from bench.targets import (
    Target,
    Upstream,
    answers_chat,
    answers_models,
    data_processes,
    gateway_command,
    pin_threads,
    wait_until_quiet,
)
from tokenrouter.testing.processes import free_port

MOST: Final = 4
SIZE_KB: Final = 0.3


def measure(plan: CorePlan, upstream: Upstream, folder: Path, length: Length) -> list[tuple[int, Whole]]:
    """Return the figures of one worker and of as many as have cores, by their number.

    Raises:
        RunFailed: the machine has fewer than four cores, a request failed, or something did not start.
    """
    cores = [core for core in plan.every if core not in (plan.load, plan.upstream)][:MOST]
    if len(cores) < 2:
        raise RunFailed("workers can be compared on a machine with four cores or more")
    folder = folder / "workers"
    folder.mkdir()
    found = []
    with valkey() as server:
        for workers in (1, len(cores)):
            with _gateway(plan, upstream, folder, server.url, cores[:workers]) as target:
                for _ in range(length.rounds):
                    figures = wrk.measure(target, SIZE_KB, length.whole_s, plan.load, folder)
                    found.append((workers, replace(figures, target=f"{workers} workers")))
    return found


@contextmanager
def _gateway(plan: CorePlan, upstream: Upstream, folder: Path, url: str, cores: list[int]) -> Iterator[Target]:
    """Run `torod serve` with a worker on each of `cores`."""
    workers = len(cores)
    port = free_port()
    command, env = gateway_command(folder / f"{workers}", port, upstream.port, in_valkey(url, workers))
    with running(command, on_cores=(plan.upstream,), env=env, log=folder / f"{workers}.log") as process:
        wait_until_up(process, lambda: answers_models(port), f"the gateway (see {workers}.log)")
        wait_until_up(process, lambda: answers_chat(port), "limits to be ready")
        wait_until_quiet(process.pid)
        data = data_processes(process.pid, workers)
        for pid, core in zip(data, cores, strict=True):
            pin_threads(pid, core)
        beside = tuple(pid for pid in procfs.tree(process.pid) if pid not in data)
        yield Target(f"{workers} workers", port, port, data[0], (*beside, *data[1:]))
