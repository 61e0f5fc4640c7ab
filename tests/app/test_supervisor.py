"""Real processes: the supervisor with children of the test's own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tokenrouter.app.plan import Bound, Plan
from tokenrouter.testing.process_table import descendants, is_running
from tokenrouter.testing.processes import Home, free_port, wait_until

CHILD = """
import json, os, signal, socket, sys, time
args = dict(zip(sys.argv[2::2], sys.argv[3::2]))
with open(os.path.join(os.environ["NOTES"], sys.argv[1]), "a") as notes:
    notes.write(f"{os.getpid()}\\n")
fate = os.environ.get("FATE_OF_" + sys.argv[1].upper())
if fate == "dies":
    sys.exit(f"{sys.argv[1]}: the last words")
if fate == "tells":
    os.write(int(args["--ready-fd"]), json.dumps({"ready": False, "problem": "no room left"}).encode() + b"\\n")
    sys.exit(1)
if fate == "refuses":
    os.write(int(args["--ready-fd"]), json.dumps({"problem": "of a newer version", "refused": True}).encode() + b"\\n")
    sys.exit(1)
if fate == "hangs":
    time.sleep(600)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
os.write(int(args["--ready-fd"]), json.dumps({"ready": True, "first_start": False}).encode() + b"\\n")
if "--listener" in args:
    server = socket.socket(fileno=int(args["--listener"].split(":")[2]))
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

    def __init__(
        self, folder: Path, environment: dict[str, str], *, sandbox: bool = False, start_s: float = 60.0
    ) -> None:
        script = folder / "child.py"
        script.write_text(CHILD)
        self.folder = folder
        self.port = free_port()
        command = [sys.executable, str(script)]
        self.plan = Plan(
            str(folder / "state"),
            [Bound("http", "127.0.0.1", self.port)],
            data=[*command, "data"],
            control=[*command, "control"],
            sandbox=[*command, "sandbox"] if sandbox else [],
            watcher=[*command, "watching"] if environment.get("FATE_OF_WATCHING") else [],
            drain_s=1.0,
            start_s=start_s,
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
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
            return int(client.recv(64))

    def end(self) -> None:
        with suppress(ProcessLookupError):
            children = [row.pid for row in descendants(self.process.pid)]
            self.process.kill()
            for pid in children:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.communicate()


def wait_for_end(pid: int) -> None:
    wait_until("its end", lambda: not is_running(pid))


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(**environment: str) -> Running:
        running.append(Running(tmp_path, environment))
        wait_until("both children", lambda: bool(running[-1].pids("data") and running[-1].pids("control")))
        return running[-1]

    yield start
    for one in running:
        one.end()


def test_a_child_that_dies_is_started_again_and_no_client_is_refused(supervise: Callable[..., Running]) -> None:
    running = supervise()
    first = running.answer()
    os.kill(first, signal.SIGKILL)
    wait_for_end(first)

    assert running.answer() != first


def test_children_start_anew_when_the_watch_says_so_and_no_client_is_refused(
    supervise: Callable[..., Running],
) -> None:
    running = supervise(FATE_OF_WATCHING="hangs")
    first = running.answer()
    wait_until("the watch", lambda: bool(running.pids("watching")))
    watching = running.pids("watching")

    running.process.send_signal(signal.SIGUSR1)
    wait_for_end(first)

    assert running.answer() != first
    wait_until("another control process", lambda: len(running.pids("control")) == 2)
    assert running.pids("watching") == watching
    assert len(running.pids("data")) == 2


def test_no_process_writes_its_memory_down_when_it_crashes(supervise: Callable[..., Running]) -> None:
    running = supervise()

    for pid in (running.process.pid, running.pids("data")[0], running.pids("control")[0]):
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
        (soft,) = (line.split()[4] for line in lines if line.startswith("Max core file size"))
        assert soft in ("0", "1")


def test_a_control_process_that_refuses_at_the_first_start_ends_the_server_with_its_words(tmp_path: Path) -> None:
    running = Running(tmp_path, {"FATE_OF_CONTROL": "refuses"})
    try:
        _, said = running.process.communicate(timeout=60)
    finally:
        running.end()

    assert running.process.returncode == 1
    assert said == "torod: of a newer version\n"
    assert len(running.pids("control")) == 1


def test_the_control_process_dying_again_and_again_leaves_the_data_process_alone(
    supervise: Callable[..., Running],
) -> None:
    running = supervise(FATE_OF_CONTROL="dies")
    wait_until("three attempts", lambda: len(running.pids("control")) >= 3)

    assert running.answer() == running.pids("data")[-1]
    assert len(running.pids("data")) == 1


def test_a_data_process_that_was_ready_once_is_started_again_however_often_it_dies(
    supervise: Callable[..., Running],
) -> None:
    running = supervise()
    died: set[int] = set()
    for _ in range(4):
        died.add(dying := running.answer())
        os.kill(dying, signal.SIGKILL)
        wait_for_end(dying)

    assert running.answer() not in died
    assert len(died) == 4


@pytest.mark.parametrize(
    ("name", "fate", "told"),
    [
        ("data", "dies", "(exit status 1): what it said last stands above"),
        ("data", "tells", "(exit status 1): no room left"),
        ("data", "hangs", "(signal 9): it was not ready within 2 s"),
        ("sandbox", "dies", "(exit status 1): what it said last stands above"),
    ],
)
def test_a_child_that_cannot_start_ends_the_server_with_its_last_words(
    tmp_path: Path, name: str, fate: str, told: str
) -> None:
    start_s = 2.0 if fate == "hangs" else 60.0
    running = Running(tmp_path, {f"FATE_OF_{name.upper()}": fate}, sandbox=name == "sandbox", start_s=start_s)
    try:
        output, errors = running.process.communicate(timeout=60)
    finally:
        running.end()

    assert running.process.returncode == 1
    assert len(running.pids(name)) == 3 or fate == "hangs", "one may be given up before it has written its id down"
    last = errors.splitlines()[-1]
    assert last == f"torod: the {name} process ended 3 times without being ready once {told}"
    assert errors.count("the last words") == (3 if fate == "dies" else 0)
    assert f"http://127.0.0.1:{running.port}" not in output or name == "sandbox"
    assert not any(is_running(pid) for pid in running.pids("data") + running.pids("control"))


def test_what_keeps_the_control_process_from_working_is_told_once(supervise: Callable[..., Running]) -> None:
    running = supervise(FATE_OF_CONTROL="tells")
    wait_until("three attempts", lambda: len(running.pids("control")) >= 3)
    running.process.terminate()
    _, errors = running.process.communicate(timeout=60)

    assert errors.count("the control process cannot work: no room left") == 1


def test_a_secret_that_is_damaged_ends_the_real_server_with_words(home: Home) -> None:
    state = home.path / "data"
    state.mkdir()
    (state / "secret.key").write_bytes(b"short")
    command = [sys.executable, "-m", "tokenrouter.cli.torod", "serve", "--sandbox", "--listen-addr", "127.0.0.1:0"]
    ended = subprocess.run(command, env=home.env, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("torod: the data process ended 3 times")
    assert last.endswith("secret.key does not hold 32 bytes; restore it from a backup")
    assert "Traceback" not in ended.stderr


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    running = Running.__new__(Running)
    running.plan = Plan(
        str(tmp_path / "state"), [Bound("http", "127.0.0.1", free_port())], data=["/no/such/program"], control=["true"]
    )
    running.environment = dict(os.environ)
    process = running.start()
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "3 times without being ready once (No such file or directory)" in errors


def test_a_state_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    running = Running(tmp_path, {})
    _, errors = running.process.communicate(timeout=60)

    assert running.process.returncode == 1
    assert errors.startswith(f"torod: the state folder {tmp_path / 'state'} cannot be used: ")
    assert len(errors.splitlines()) == 1


def test_a_stop_ends_every_child_and_removes_the_runtime_folder(supervise: Callable[..., Running]) -> None:
    running = supervise()
    children = running.pids("data") + running.pids("control")
    running.process.terminate()
    output, _ = running.process.communicate(timeout=60)

    assert running.process.returncode == 0
    assert not any(is_running(pid) for pid in children)
    assert f"http://127.0.0.1:{running.port}" in output


def test_a_second_server_on_the_same_state_folder_is_refused_with_words(supervise: Callable[..., Running]) -> None:
    running = supervise()
    second = running.start()
    _, errors = second.communicate(timeout=60)

    assert second.returncode == 1
    assert str(running.process.pid) in errors
    assert "TOKENROUTER_HOME" in errors


def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = Running.__new__(Running)
        port = taken.getsockname()[1]
        running.plan = Plan(
            str(tmp_path / "state"), [Bound("http", "127.0.0.1", port)], data=["true"], control=["true"]
        )
        running.environment = dict(os.environ)
        _, errors = running.start().communicate(timeout=60)

    assert f"127.0.0.1:{port}" in errors
    assert "--listen-addr" in errors


def test_the_plan_on_the_pipe_is_json() -> None:
    assert json.loads(Plan("/s", [Bound("http", "h", 1)]).to_json())["listeners"][0]["host"] == "h"
