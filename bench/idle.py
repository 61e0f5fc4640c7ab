"""What a stream costs that nothing happens on: memory with ten thousand of them open.

Each has got its first chunk and waits for the next one, as while a model thinks. Both sides of a stream are a socket
of the gateway, so where the system allows fewer open files fewer streams are opened, and the report says so.
"""

import resource
import time
from typing import Final

from bench import procfs
from bench.exact import LIMITS, PRICE
from bench.figures import IdleStreams
from bench.processes import running, wait_until
from bench.streams import Shape, command
from bench.targets import Setup, Target, Upstream, wait_until_quiet

OTHER_FILES: Final = 200
"""Open files of the gateway that are no streams."""
IDLE_MS: Final = 120_000
RAMP_S: Final = 20.0
SETUP: Final = Setup("idle", of_key='team = "bench"', below=LIMITS + PRICE.format(model=f"stream-1-{IDLE_MS}"))
"""Under a limit of costs a model needs a price."""
SETTLE_S: Final = 3.0


def possible() -> int:
    """Return how many streams fit into the files that one process may open here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (most - OTHER_FILES) // 2


def measure(target: Target, upstream: Upstream, streams: int, core: int) -> IdleStreams:
    """Return the gateway's resident memory before and with all streams open.

    Raises:
        RunFailed: they were not all open in time, or a process ended.
    """
    root = target.beside[0]
    wait_until_quiet(root)
    before = procfs.rss_bytes(target.pid)
    with running(command(target, Shape(streams, 1, IDLE_MS), RAMP_S), on_cores=(core,)):
        wait_until(lambda: upstream.stats()["open_streams"] == streams, RAMP_S + 40.0, f"{streams} idle streams")
        time.sleep(SETTLE_S)
        found = procfs.rss_bytes(target.pid)
        cpu_s = procfs.cpu_s(target.pid)
        time.sleep(SETTLE_S)
        busy = (procfs.cpu_s(target.pid) - cpu_s) / SETTLE_S
        still_open = upstream.stats()["open_streams"]
        target.check()
    return IdleStreams(streams, still_open, before, found, busy)
