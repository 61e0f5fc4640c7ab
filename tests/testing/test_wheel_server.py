import signal
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tokenrouter.testing.process_table import running_processes
from tokenrouter.testing.processes import ProcessFailure
from tokenrouter.testing.wheel_server import WheelServer

SLEEPER = [sys.executable, "-c", "import time; open('ready', 'w').close(); time.sleep(600)"]


@pytest.fixture
def server() -> Iterator[WheelServer]:
    server = WheelServer("Sleeper")
    server.open()
    with closing(server):
        yield server


def start(server: WheelServer) -> None:
    server.start(SLEEPER, (server.folder / "ready").exists, cwd=server.folder)


def is_running(server: WheelServer) -> bool:
    return any(list(row.argv) == SLEEPER and not row.dead for row in running_processes())


def test_it_can_be_ended_and_started_again_and_leaves_nothing(server: WheelServer) -> None:
    folder = server.folder
    for number in (signal.SIGTERM, signal.SIGKILL):
        start(server)
        server.send(signal.SIGCONT)
        server.end(number)
        server.end(number)
        (folder / "ready").unlink()
    start(server)

    server.close()
    server.close()

    assert not folder.exists()
    assert not is_running(server)


def test_one_that_ends_at_once_is_told_with_what_it_printed(server: WheelServer) -> None:
    with pytest.raises(ProcessFailure, match=r"(?s)Sleeper ended with 3.*no room"):
        server.start([sys.executable, "-c", "print('no room'); raise SystemExit(3)"], lambda: False)
