"""Starting the parts of a run and, whatever happens, stopping each of them again.

Every process is stopped by its own id: first asked, then killed. They live in sessions of their own, so
that Ctrl-C reaches only the driver, which then stops them in order.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench import cores, procfs

STOP_S: Final = 8.0
"""How long a process may take to stop before it is killed."""
START_S: Final = 20.0
"""How long a program may take to start."""
POLL_S: Final = 0.01
ROOT: Final = Path(__file__).resolve().parent.parent
OUT: Final = ROOT / "bench" / "out"
"""Everything a run writes; on the repository's disk, because a RAM disk would make the journal look free."""


class RunFailed(Exception):
    """A part did not start, died, or answered wrongly: there is no figure to report."""


@contextmanager
def running(
    command: list[str],
    *,
    on_cores: tuple[int, ...] = (),
    env: dict[str, str] | None = None,
    log: Path | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run `command` until the block ends; its stdout is a pipe, or goes to `log` together with stderr."""
    with cores.pinned(*(on_cores or os.sched_getaffinity(0))):
        process = _start(command, env, log)
    try:
        yield process
    finally:
        stop(process)


def _start(command: list[str], env: dict[str, str] | None, log: Path | None) -> subprocess.Popen[str]:
    full_env = {**os.environ, **(env or {}), "PYTHONUNBUFFERED": "1"}
    common: dict[str, Any] = {"env": full_env, "cwd": ROOT, "start_new_session": True, "text": True}
    try:
        if log is None:
            return subprocess.Popen(command, stdout=subprocess.PIPE, **common)
        with log.open("a") as output:
            return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **common)
    except FileNotFoundError:
        raise RunFailed(f"{command[0]} is not there") from None


def stop(process: subprocess.Popen[str]) -> None:
    """End `process` and everything it had started, each by its id."""
    if process.poll() is None:
        below = procfs.tree(process.pid)[1:]
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)
        for pid in below:
            _kill_orphan(pid)
    if process.stdout is not None:
        process.stdout.close()


def _kill_orphan(pid: int) -> None:
    deadline_s = time.monotonic() + 1.0
    while time.monotonic() < deadline_s:
        try:
            procfs.cpu_s(pid)
        except ProcessLookupError:
            return
        time.sleep(POLL_S)
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return


def wait_until_up(process: subprocess.Popen[str], answers: Callable[[], bool], what: str) -> None:
    """Return once a just started program answers.

    Raises:
        RunFailed: it ended, or took longer than `START_S`.
    """

    def up() -> bool:
        if process.poll() is not None:
            raise RunFailed(f"{what} ended with code {process.returncode} instead of starting")
        return answers()

    wait_until(up, START_S, f"start of {what}")


def output_of(process: subprocess.Popen[str], timeout_s: float, what: str) -> str:
    """Return what a program prints until it ends.

    Raises:
        RunFailed: it ended with an error, or not within `timeout_s`.
    """
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise RunFailed(f"{what}: not within {timeout_s:g} s") from None
    if process.returncode:
        raise RunFailed(f"{what}: ended with code {process.returncode}")
    return output


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this folder with this very Python."""
    return [sys.executable, "-m", module, *arguments]


def wait_until(true: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Return once `true()` holds.

    Raises:
        RunFailed: it did not within `timeout_s`.
    """
    deadline_s = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline_s:
            raise RunFailed(f"{what}: not within {timeout_s:g} s")
        time.sleep(POLL_S)


def ask(
    port: int, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, Any]:
    """Return status and JSON document (None when it is not one); status 0 when nobody answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, _json_or_none(answer.read())
    except (OSError, http.client.HTTPException):
        return 0, None
    finally:
        connection.close()


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
