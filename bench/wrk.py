"""Whole answers as fast as the target gives them: wrk, one thread, a closed loop."""

import json
from pathlib import Path
from typing import Any, Final

from bench import procfs
from bench.bodies import KEY, PATH, request_body
from bench.figures import Whole
from bench.nginx import find_program
from bench.processes import RunFailed, output_of, running
from bench.targets import Target

CONNECTIONS: Final = 64
SCRIPT: Final = """\
local file = io.open("{body}", "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {key}"

function done(summary)
    local e = summary.errors
    local errors = e.connect + e.read + e.write + e.status + e.timeout
    local form = '{{"requests": %d, "duration_us": %d, "errors": %d}}'
    print(string.format(form, summary.requests, summary.duration, errors))
end
"""


def find() -> str:
    """Return wrk's path, or say how to install it."""
    return find_program("wrk", "wrk")


def measure(target: Target, size_kb: float, seconds: float, core: int, folder: Path) -> Whole:
    """Ask `target` for whole answers for `seconds`, after a short warm-up.

    Raises:
        RunFailed: one request was not answered with 2xx, or the target's process ended.
    """
    script = _write_script(target.model, size_kb, folder)
    _run(target, script, 0.5, core)
    own = (target.pid,) if target.pid else ()
    before_s, beside_before_s = procfs.cpu_s(*own), procfs.cpu_s(*target.beside)
    result = _run(target, script, seconds, core)
    target.check()
    used_s = procfs.cpu_s(*own) - before_s
    beside_s = procfs.cpu_s(*target.beside) - beside_before_s
    requests, elapsed_s = result["requests"], result["duration_us"] / 1e6
    return Whole(
        target=target.name,
        size_kb=size_kb,
        requests_per_s=requests / elapsed_s,
        cpu_us=used_s / requests * 1e6 if own else None,
        busy=used_s / elapsed_s if own else None,
        beside_us=beside_s / requests * 1e6,
    )


def _write_script(model: str, size_kb: float, folder: Path) -> Path:
    name = f"{model.replace('/', '-')}-{size_kb:g}"
    body = folder / f"body-{name}.json"
    body.write_bytes(request_body(model, int(size_kb * 1000)))
    script = folder / f"post-{name}.lua"
    script.write_text(SCRIPT.format(body=body, key=KEY))
    return script


def _run(target: Target, script: Path, seconds: float, core: int) -> dict[str, Any]:
    url = f"{'https' if target.is_secure else 'http'}://127.0.0.1:{target.port}{PATH}"
    command = [find(), "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(script), url]
    with running(command, on_cores=(core,)) as process:
        output = output_of(process, seconds + 30.0, f"{target.name} under wrk")
    result: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    if result["errors"] or not result["requests"]:
        raise RunFailed(f"{target.name}: {result['errors']} of {result['requests']} requests failed under wrk")
    return result
