"""Real processes: the supervisor with children of the test's own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tokenrouter.app.plan import Plan
from tokenrouter.testing.process_table import descendants, is_running
from tokenrouter.testing.processes import free_port, wait_until

CHILD = """
import json, os, signal, socket, sys, time
args = dict(zip(sys.argv[2::2], sys.argv[3::2]))
with open(os.path.join(os.environ["NOTES"], sys.argv[1]), "a") as notes:
    notes.write(f"{os.getpid()}\\n")
if sys.argv[1] == "control" and os.environ.get("BROKEN"):
    sys.exit(3)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
os.write(int(args["--ready-fd"]), json.dumps({"ready": True, "first_start": False}).encode() + b"\\n")
if "--listen-fd" in args:
    server = socket.socket(fileno=int(args["--listen-fd"]))
    server.setblocking(True)
    while True:
        client, _ = server.accept()
        client.sendall(str(os.getpid()).encode())
        client.close()
while True:
    time.sleep(1)
"""


class Running:
    """A supervisor with stand-in children that write down their process ids."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        script = folder / "child.py"
        script.write_text(CHILD)
        self.folder = folder
        self.port = free_port()
        command = [sys.executable, str(script)]
        self.plan = Plan(
            str(folder / "state"),
            "127.0.0.1",
            self.port,
            data=[*command, "data"],
            control=[*command, "control"],
            drain_s=1.0,
        )
        self.environment = {**os.environ, "NOTES": str(folder), **environment}
        self.process = self.start()

    def start(self) -> "subprocess.Popen[str]":
        read, write = os.pipe()
        os.write(write, self.plan.to_json().encode())
        os.close(write)
        process = subprocess.Popen(
            [sys.executable, "-m", "tokenrouter.app.supervisor", str(read)],
            pass_fds=(read,),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(read)
        return process

    def pids(self, role: str) -> list[int]:
        file = self.folder / role
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def answer(self) -> int:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
            return int(client.recv(64))

    def end(self) -> None:
        with suppress(ProcessLookupError):
            children = [row.pid for row in descendants(self.process.pid)]
            self.process.kill()
            for pid in children:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(**environment: str) -> Running:
        running.append(Running(tmp_path, environment))
        wait_until("both children", lambda: bool(running[-1].pids("data") and running[-1].pids("control")), 10)
        return running[-1]

    yield start
    for one in running:
        one.end()


def test_a_child_that_dies_is_started_again_and_no_client_is_refused(supervise: Callable[..., Running]) -> None:
    running = supervise()
    first = running.answer()
    os.kill(first, signal.SIGKILL)
    wait_until("its end", lambda: not is_running(first), 5)

    assert running.answer() != first


def test_the_control_process_dying_again_and_again_leaves_the_data_process_alone(
    supervise: Callable[..., Running],
) -> None:
    running = supervise(BROKEN="1")
    wait_until("three attempts", lambda: len(running.pids("control")) >= 3, 10)

    assert running.answer() == running.pids("data")[-1]
    assert len(running.pids("data")) == 1


def test_a_stop_ends_every_child_and_removes_the_runtime_folder(supervise: Callable[..., Running]) -> None:
    running = supervise()
    children = running.pids("data") + running.pids("control")
    running.process.terminate()
    output, _ = running.process.communicate(timeout=10)

    assert running.process.returncode == 0
    assert not any(is_running(pid) for pid in children)
    assert f"http://127.0.0.1:{running.port}" in output


def test_a_second_server_on_the_same_state_folder_is_refused_with_words(supervise: Callable[..., Running]) -> None:
    running = supervise()
    second = running.start()
    _, errors = second.communicate(timeout=15)

    assert second.returncode == 1
    assert str(running.process.pid) in errors
    assert "TOKENROUTER_HOME" in errors


def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = Running.__new__(Running)
        port = taken.getsockname()[1]
        running.plan = Plan(str(tmp_path / "state"), "127.0.0.1", port, data=["true"], control=["true"])
        running.environment = dict(os.environ)
        began_s = time.monotonic()
        _, errors = running.start().communicate(timeout=15)

    assert f"127.0.0.1:{port}" in errors
    assert "--listen-addr" in errors
    assert time.monotonic() - began_s < 10


def test_the_plan_on_the_pipe_is_json() -> None:
    assert json.loads(Plan("/s", "h", 1).to_json())["host"] == "h"
