"""How long a user waits after `torod serve`: until a declared key gets its first answer.

Not pinned: a start uses whatever the machine has. Measured in a home folder that never was, and again in the
same one, where the database and the Catalog snapshot already lie.
"""

import shutil
import time
from pathlib import Path

from bench.figures import Startup
from bench.processes import running, wait_until_up
from bench.targets import Upstream, answers_models, gateway_command, wait_until_quiet
from tokenrouter.testing.processes import free_port


def measure(upstream: Upstream, folder: Path, cores: tuple[int, ...], runs: int) -> Startup:
    """Start the gateway twice in each of `runs` new home folders, on all of `cores`."""
    fresh_s, again_s = [], []
    for number in range(runs):
        home = folder / f"start-{number}"
        fresh_s.append(_start_once(upstream, home, cores))
        again_s.append(_start_once(upstream, home, cores))
        shutil.rmtree(home)
    return Startup(tuple(fresh_s), tuple(again_s))


def _start_once(upstream: Upstream, home: Path, cores: tuple[int, ...]) -> float:
    """Start, wait for the first answer, let the control process finish its own start, stop."""
    port = free_port()
    command, env = gateway_command(home, port, upstream.port)
    begin_s = time.perf_counter()
    with running(command, on_cores=cores, env=env, log=home.with_suffix(".log")) as process:
        wait_until_up(process, lambda: answers_models(port), f"the gateway (see {home.name}.log)")
        taken_s = time.perf_counter() - begin_s
        wait_until_quiet(process.pid)
    return taken_s
