import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi.testclient import TestClient
from httpx2 import Client

from tests.admin.installation import ROOT, Installation
from tests.journal.captured import captured
from tokenrouter.jobs.conversation_drain import record_of
from tokenrouter.store.conversations import take_in_file
from tokenrouter.testing.processes import free_port, wait_until

STREAM = "/api/v1/conversations/stream"


@pytest.fixture
def address(installation: Installation) -> Iterator[str]:
    """The control plane behind a real socket: a test client would wait for the end of a stream."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(installation.app(), port=port, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until("the server", lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(60)


def keep(installation: Installation, record_id: str) -> None:
    take_in_file(installation.store, installation.state.sealing, record_id, [record_of(captured(record_id))])


def next_append(lines: Iterator[str]) -> tuple[str, str]:
    """Return the id and the data of the next event."""
    event_id = ""
    for line in lines:
        event_id = line.removeprefix("id: ") if line.startswith("id: ") else event_id
        if line.startswith("data: "):
            return event_id, line
    raise AssertionError("the stream has ended")


def test_what_comes_in_is_told_and_who_comes_back_misses_nothing(installation: Installation, address: str) -> None:
    keep(installation, "before")
    with Client(base_url=address, headers=ROOT, timeout=60) as client:
        with client.stream("GET", STREAM) as answer:
            lines = answer.iter_lines()
            assert next(lines) == ": connected"
            keep(installation, "r1")
            last, told = next_append(lines)
        assert '"id": "r1"' in told
        assert "hello" not in told
        keep(installation, "r2")
        with client.stream("GET", STREAM, headers={"last-event-id": last}) as answer:
            assert '"id": "r2"' in next_append(answer.iter_lines())[1]


def test_without_a_key_there_is_no_stream(client: TestClient) -> None:
    assert client.get(STREAM).status_code == 401
