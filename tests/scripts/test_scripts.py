"""The Classroom system's four scripts: start, look, stop, and leave alone what somebody else has started."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.repo.files import ROOT
from tokenrouter.testing.processes import call, free_port, make_home

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("ps") is None, reason="the scripts ask ps (Debian, Ubuntu: apt install procps)"),
]


class Scripts:
    """The scripts, for a server of its own: an empty home, a free port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.run_folder = folder / "run"
        self.pid_file = self.run_folder / f"torod-{self.port}.pid"
        own = {"HOST": "127.0.0.1", "PORT": str(self.port), "TOKENROUTER_RUN": str(self.run_folder)}
        self.env = {**make_home(folder).env, **own, "TOROD": str(Path(sys.executable).with_name("torod"))}

    def __call__(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        argv: list[str | Path] = [ROOT / "scripts" / name, *words]
        return subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def scripts(tmp_path: Path) -> Iterator[Scripts]:
    made = Scripts(tmp_path)
    yield made
    made("kill_ports.sh")


@pytest.fixture
def somebody_else(scripts: Scripts) -> Iterator[ThreadingHTTPServer]:
    """A server that is not ours, on the same port, and says that it is well."""

    class Well(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", scripts.port), Well) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_what_was_started_is_seen_and_stopped(scripts: Scripts) -> None:
    before = scripts("check_status.sh")
    started = scripts("start_background.sh", "--sandbox")
    status = scripts("check_status.sh")
    answer = call(f"http://127.0.0.1:{scripts.port}", "GET", "/readyz")
    twice = scripts("start_background.sh", "--sandbox")
    stopped = scripts("kill_ports.sh")
    after = scripts("check_status.sh")

    assert (before.returncode, started.returncode, status.returncode) == (1, 0, 0), started.stderr
    assert answer.status == 200
    assert f"http://127.0.0.1:{scripts.port}" in started.stdout
    assert (twice.returncode, "runs already" in twice.stderr) == (1, True)
    assert (stopped.returncode, after.returncode) == (0, 1)
    assert not scripts.pid_file.exists()


def test_what_somebody_else_has_started_is_left_alone(scripts: Scripts, somebody_else: ThreadingHTTPServer) -> None:
    started = scripts("start_background.sh", "--sandbox")
    stopped = scripts("kill_ports.sh")

    assert (started.returncode, stopped.returncode) == (1, 1)
    assert "left alone" in stopped.stderr
    assert call(f"http://127.0.0.1:{scripts.port}", "GET", "/healthz").status == 200


def test_a_number_that_belongs_to_another_program_now_is_left_alone(scripts: Scripts) -> None:
    scripts.run_folder.mkdir()
    with subprocess.Popen(["sleep", "60"]) as other:
        scripts.pid_file.write_text(f"{other.pid}\nMon Jan  1 00:00:00 2001\n")
        stopped = scripts("kill_ports.sh")
        lives = other.poll() is None
        other.kill()

    assert (stopped.returncode, lives) == (0, True)


@pytest.mark.parametrize("text", ["", "garbage\n", "1\n", "-1\nMon Jan\n", "99999999\nMon Jan  1 00:00:00 2001\n"])
def test_a_damaged_pid_file_stops_nothing(scripts: Scripts, text: str) -> None:
    scripts.run_folder.mkdir()
    scripts.pid_file.write_text(text)

    assert scripts("kill_ports.sh").returncode == 0
    assert not scripts.pid_file.exists()


def test_a_start_that_fails_says_why(scripts: Scripts) -> None:
    done = scripts("start_background.sh", "--workers", "3")

    assert done.returncode == 1
    assert "redis_url" in done.stderr
    assert not scripts.pid_file.exists()


def test_the_foreground_serves_where_it_was_told(scripts: Scripts) -> None:
    done = subprocess.run(
        [ROOT / "scripts/start_foreground.sh", "--help"], env=scripts.env, capture_output=True, text=True, check=True
    )

    assert "--listen-addr" in done.stdout


def test_without_an_installation_it_is_told_how_to_make_one(scripts: Scripts) -> None:
    scripts.env = {**scripts.env, "TOROD": "/nowhere/torod"}

    done = scripts("start_background.sh")

    assert (done.returncode, "make setup" in done.stderr) == (1, True)


def test_each_script_is_a_program_that_a_shell_can_read() -> None:
    names = {path.name: os.access(path, os.X_OK) for path in (ROOT / "scripts").iterdir()}

    assert {name for name, may_run in names.items() if not may_run} == {"place.sh"}
    for name in names:
        subprocess.run(["sh", "-n", ROOT / "scripts" / name], check=True)
