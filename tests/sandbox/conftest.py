"""The vendor's SDK and bare sockets, pointed at a running sandbox."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from openai import OpenAI

from tokenrouter.testing.processes import SandboxProcess, wait_until

Entries = Callable[[str], list[dict[str, object]]]
Connect = Callable[[], socket.socket]


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[OpenAI]:
    """The SDK without retries of its own, so that every failure shows."""
    with OpenAI(base_url=sandbox.base_url, api_key="sk-sandbox", max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture
def connect(sandbox: SandboxProcess) -> Iterator[Connect]:
    """A function that opens one more TCP connection to the sandbox."""
    opened: list[socket.socket] = []
    address = urlsplit(sandbox.base_url)

    def connect() -> socket.socket:
        opened.append(socket.create_connection((address.hostname, address.port), timeout=60))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


@pytest.fixture
def ended(sandbox: SandboxProcess) -> Entries:
    """A function that waits for the books to close the requests of one `user` and returns their last lines."""

    def lines(event: str) -> list[dict[str, object]]:
        return [line for line in sandbox.booked() if line["event"] == event]

    def ended(user: str) -> list[dict[str, object]]:
        ids: set[object] = set()

        def have_ended() -> bool:
            ids.update(line["id"] for line in lines("begin") if line["user"] == user)
            return set() < ids <= {line["id"] for line in lines("end")}

        wait_until(f"the end of what {user} asked", have_ended)
        return [line for line in lines("end") if line["id"] in ids]

    return ended


def http_post(path: str, body: dict[str, object], headers: str = "") -> bytes:
    """A whole POST, as it goes over the wire."""
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: sandbox\r\n{headers}content-length: {len(data)}\r\n\r\n"
    return head.encode() + data


def read_all(connection: socket.socket) -> bytes:
    """Everything until the peer closes."""
    received = b""
    with closing(connection):
        while data := connection.recv(65536):
            received += data
    return received
