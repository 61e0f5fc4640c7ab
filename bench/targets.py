"""What is measured: nginx, the gateway, and the provider without anything before it.

The gateway runs as a user would run it, with a configuration file and everything on that makes it a
gateway; nginx runs with nothing but `proxy_pass`. That is not a fair race: nginx is the limit that
the ratios are read against.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import nginx, procfs
from bench.bodies import AUTHORIZATION, KEY, PATH, request_body
from bench.cores import CorePlan
from bench.processes import RunFailed, ask, free_port, python, running, wait_until_up

DATA_MODULE: Final = "tokenrouter.app.data"
QUIET_SHARE: Final = 0.03
"""Below this share of a core the gateway counts as idle: start-up work has ended."""
GATEWAY_CONFIG: Final = """\
listen_addr = "127.0.0.1:{port}"
default_provider = "bench"
max_concurrent_requests = 16384
{top}
[[providers]]
name = "bench"
provider_type = "openai-compatible"
base_url = "http://127.0.0.1:{upstream_port}/v1"
api_key = "sk-bench-provider"

[[incoming_tokens]]
name = "bench"
role = "inferrer"
key = "{key}"
allowed_models = ["bench/*"]
{of_key}

[[prices]]
provider = "bench"
model = "small"
input_per_1m = 0.15
output_per_1m = 0.60
{below}"""


@dataclass(frozen=True, slots=True)
class Setup:
    """A way to configure the gateway that is measured.

    Attributes:
        name: what the tables call it.
        top: lines for the top of the configuration file.
        of_key: lines for the key.
        below: tables for its end.
    """

    name: str = "gateway"
    top: str = ""
    of_key: str = ""
    below: str = ""


PLAIN: Final = Setup()
"""A key with `allowed_models`, prices and the journal; no limit but that on concurrency."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The running static provider."""

    port: int
    pid: int

    def stats(self) -> dict[str, Any]:
        """Return its counters (`bench.upstream.Sent`)."""
        status, counters = ask(self.port, "GET", "/stats")
        if status != 200 or not isinstance(counters, dict):
            raise RunFailed("the static provider does not answer")
        return counters

    def forget_gaps(self) -> None:
        """Begin a new search for its longest pause between two chunks."""
        ask(self.port, "DELETE", "/stats")


@dataclass(frozen=True, slots=True)
class Target:
    """Something that answers `POST /v1/chat/completions`.

    Attributes:
        stream_port: differs from `port` where streams need a setting of their own (nginx).
        pid: the process whose CPU time is the cost of one request; 0 when there is no proxy.
        beside: processes that belong to it and run on another core, the supervisor first.
        model: what it is asked for.
        is_secure: whether it speaks TLS.
    """

    name: str
    port: int
    stream_port: int
    pid: int = 0
    beside: tuple[int, ...] = ()
    model: str = "bench/small"
    is_secure: bool = False

    def check(self) -> None:
        """Raise `RunFailed` when its process is not the one we began with."""
        try:
            procfs.cpu_s(*([self.pid] if self.pid else []), *self.beside)
        except ProcessLookupError as gone:
            raise RunFailed(f"{self.name}: {gone} during the run") from None


@contextmanager
def static_provider(plan: CorePlan, port: int, log: Path) -> Iterator[Upstream]:
    """Run the static provider on its core; `port` 0 = any free one."""
    port = port or free_port()
    command = python("bench.upstream", "--port", str(port))
    with running(command, on_cores=(plan.upstream,), log=log) as process:
        wait_until_up(process, lambda: ask(port, "GET", "/stats")[0] == 200, "the static provider")
        yield Upstream(port, process.pid)


def direct(upstream: Upstream) -> Target:
    """Return the provider itself as a target."""
    return Target("direct", upstream.port, upstream.port)


@contextmanager
def nginx_proxy(
    plan: CorePlan, upstream: Upstream, folder: Path, tls: nginx.TlsPorts | None = None
) -> Iterator[Target]:
    """Run nginx with one worker on the proxy's core."""
    program = nginx.find()
    home = folder / "nginx"
    home.mkdir()
    port, stream_port = free_port(), free_port()
    config = home / "nginx.conf"
    config.write_text(nginx.config_text(home, upstream.port, port, stream_port, tls))
    command = [program, "-p", str(home), "-e", "stderr", "-c", str(config)]
    with running(command, on_cores=(plan.proxy,), log=folder / "nginx.log") as process:
        wait_until_up(process, lambda: ask(port, "GET", "/v1/models")[0] == 200, "nginx")
        worker = procfs.tree(process.pid)[1]
        yield Target("nginx", port, stream_port, worker)


@contextmanager
def gateway(plan: CorePlan, upstream: Upstream, folder: Path, setup: Setup = PLAIN) -> Iterator[Target]:
    """Run `torod serve`, its data process on the proxy's core, the others beside.

    The whole tree starts on the core beside; then the data process alone is moved.
    """
    port = free_port()
    name = setup.name.replace(" ", "-")
    command, env = gateway_command(folder / name, port, upstream.port, setup)
    with running(command, on_cores=(plan.beside,), env=env, log=folder / f"{name}.log") as process:
        wait_until_up(process, lambda: answers_models(port), f"the gateway (see {name}.log)")
        wait_until_up(process, lambda: answers_chat(port), "limits to be ready")
        wait_until_quiet(process.pid)
        (data,) = data_processes(process.pid, 1)
        pin_threads(data, plan.proxy)
        beside = tuple(pid for pid in procfs.tree(process.pid) if pid != data)
        yield Target(setup.name, port, port, data, beside)


def gateway_command(
    home: Path, port: int, upstream_port: int, setup: Setup = PLAIN
) -> tuple[list[str], dict[str, str]]:
    """Write the configuration into `home`, and return command and environment of `torod serve`."""
    home.mkdir(exist_ok=True)
    config = home / "bench.toml"
    lines = {"top": setup.top, "of_key": setup.of_key, "below": setup.below}
    config.write_text(GATEWAY_CONFIG.format(port=port, upstream_port=upstream_port, key=KEY, **lines))
    torod = Path(sys.executable).with_name("torod")
    command = [str(torod), "serve", "--config", str(config)]
    return command, {"TOKENROUTER_HOME": str(home)}


def answers_models(port: int) -> bool:
    """Whether the declared key gets its list of models."""
    return ask(port, "GET", "/v1/models", AUTHORIZATION)[0] == 200


def answers_chat(port: int) -> bool:
    """Whether a metered request is served: limits are ready."""
    headers = {**AUTHORIZATION, "Content-Type": "application/json"}
    return ask(port, "POST", PATH, headers, request_body("bench/small", 300))[0] == 200


def data_processes(root: int, expected: int) -> list[int]:
    """Return the ids of the gateway's data processes."""
    found = [pid for pid in procfs.tree(root) if DATA_MODULE in procfs.command(pid)]
    if len(found) != expected:
        raise RunFailed(f"{len(found)} data processes instead of {expected}")
    return found


def pin_threads(pid: int, core: int) -> None:
    """Move a running process, all its threads, to `core`."""
    for thread in (procfs.PROC / str(pid) / "task").iterdir():
        procfs.move(int(thread.name), core)


def wait_until_quiet(root: int, timeout_s: float = 15.0) -> None:
    """Return when the processes below `root` do next to nothing, or after `timeout_s`."""
    deadline_s = time.monotonic() + timeout_s
    quiet = 0
    while quiet < 2 and time.monotonic() < deadline_s:
        before_s = procfs.tree_cpu_s(root)
        time.sleep(0.5)
        quiet = quiet + 1 if procfs.tree_cpu_s(root) - before_s < 0.5 * QUIET_SHARE else 0
