"""What systemd is told, by a socket that listens as systemd does."""

import os
import socket
from pathlib import Path

import pytest

from tests.conftest import StartGateway
from tokenrouter.app.service_manager import READY, tell_service_manager


def listen(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(address)
    listener.settimeout(60)
    return listener


def test_a_manager_with_a_file_is_told(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with listen(address) as manager:
        tell_service_manager(READY, {"NOTIFY_SOCKET": address})

        assert manager.recv(100) == b"READY=1"


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="names without a file are Linux's")
def test_a_manager_without_a_file_is_told() -> None:
    name = f"tokenrouter-test-{os.getpid()}"
    with listen(f"\0{name}") as manager:
        tell_service_manager(READY, {"NOTIFY_SOCKET": f"@{name}"})

        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "vsock:2:1"])
def test_a_manager_that_is_not_there_stops_nothing(address: str) -> None:
    tell_service_manager(READY, {"NOTIFY_SOCKET": address} if address else {})


@pytest.mark.e2e
def test_a_server_says_that_it_serves_and_that_it_stops(gateway: StartGateway, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with listen(address) as manager:
        running = gateway(args=["--sandbox"], env={"NOTIFY_SOCKET": address})
        said = manager.recv(100)
        running.stop()

        assert (said, manager.recv(100)) == (b"READY=1", b"STOPPING=1")
