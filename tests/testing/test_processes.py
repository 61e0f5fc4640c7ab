import os
import signal
import sys
from pathlib import Path

import pytest

from tokenrouter.testing.process_table import is_running
from tokenrouter.testing.processes import ProcessFailure, ServerProcess, call, free_port, make_home, wait_until

SERVER_WITH_A_CHILD = """
import subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "tokenrouter.child"])
class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Hello)
print("serving", flush=True)
server.serve_forever()
"""


class Server(ServerProcess):
    """A program that leaves a child behind when it is asked to stop."""

    def __init__(self, folder: Path, source: str = SERVER_WITH_A_CHILD) -> None:
        self.port = free_port()
        home = make_home(folder)
        super().__init__(
            [sys.executable, "-c", source, str(self.port)], env=home.env, log_file=folder / "logs" / "server.log"
        )

    def is_ready(self) -> bool:
        return "serving" in self.log()


def test_a_started_program_answers_and_a_killed_one_leaves_no_child(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    pids = server.pids

    assert call(f"http://127.0.0.1:{server.port}", "GET", "/").status == 204
    assert set(pids) == {"main", "child"}
    server.kill()

    assert not any(map(is_running, pids.values()))


def test_a_program_that_leaves_children_behind_fails_the_test(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    child = server.pids["child"]

    with pytest.raises(ProcessFailure, match="left children behind"):
        server.stop()

    assert not is_running(child)


def test_a_program_that_ends_at_once_fails_the_test_with_its_last_words(tmp_path: Path) -> None:
    server = Server(tmp_path, "raise SystemExit('no such file: torod.toml')")

    with pytest.raises(ProcessFailure, match=r"ended with 1\n(.|\n)*no such file: torod.toml"):
        server.start()


def test_stopping_what_has_ended_already_is_no_failure(tmp_path: Path) -> None:
    server = Server(tmp_path, "import time; print('serving', flush=True); time.sleep(600)")
    server.start()

    os.kill(server.pid, signal.SIGTERM)
    wait_until("it has ended", lambda: not is_running(server.pid))

    assert server.stop() == -signal.SIGTERM


def test_a_home_holds_no_key_of_any_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", "secret")

    home = make_home(tmp_path)

    assert home.env["TOKENROUTER_HOME"] == str(home.path)
    assert "ACME_API_KEY" not in home.env


def test_waiting_for_what_never_happens_says_what_it_was() -> None:
    with pytest.raises(ProcessFailure, match=r"rain: not within 0\.05 s"):
        wait_until("rain", lambda: False, 0.05)
