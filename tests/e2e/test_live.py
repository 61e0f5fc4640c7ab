"""Pages that stay open hear what happens, through the data process and over real sockets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from tokenrouter.testing.processes import GatewayProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

ECHO = {"model": "echo", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(make_home(tmp_path_factory.mktemp("live")), args=["--sandbox"]) as running:
        wait_until("the control process answers", lambda: running.call("GET", "/api/v1/version").status == 200)
        yield running


@contextmanager
def following(gateway: GatewayProcess, path: str, **headers: str) -> Iterator[HTTPResponse]:
    """Open a stream, and return it when it has begun."""
    host, port = gateway.address.split(":")
    connection = HTTPConnection(host, int(port), timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {gateway.key}", **headers})
    stream = connection.getresponse()
    assert stream.status == 200
    try:
        yield stream
    finally:
        connection.close()


def next_event(stream: HTTPResponse, name: str) -> tuple[str, dict[str, Any]]:
    """Return the id and the data of the next event of a name."""
    event_id = event = ""
    while True:
        line = stream.readline().decode().rstrip("\n")
        event_id = line.removeprefix("id: ") if line.startswith("id: ") else event_id
        event = line.removeprefix("event: ") if line.startswith("event: ") else event
        if line.startswith("data: ") and event == name:
            return event_id, json.loads(line.removeprefix("data: "))


def ask(gateway: GatewayProcess) -> None:
    answer = gateway.call("POST", "/v1/chat/completions", json_body=ECHO)
    assert answer.status == 200, answer.body


def test_a_request_is_followed_live_and_who_comes_back_misses_none(gateway: GatewayProcess) -> None:
    with following(gateway, "/api/v1/ledger/stream?status=ok") as stream:
        assert next_event(stream, "begin")[1] == {"missed": False}
        ask(gateway)
        place, row = next_event(stream, "request")
    newest = gateway.call("GET", "/api/v1/ledger?limit=1").json()["data"][0]
    assert row == newest
    assert (row["model"], row["status"]) == ("echo", 200)

    ask(gateway)
    with following(gateway, "/api/v1/ledger/stream", **{"Last-Event-ID": place}) as stream:
        assert next_event(stream, "begin")[1] == {"missed": False}
        assert next_event(stream, "request")[1]["id"] > row["id"]


def test_a_page_hears_of_a_key_and_of_use(gateway: GatewayProcess) -> None:
    with following(gateway, "/api/v1/events") as stream:
        assert "keys" in next_event(stream, "begin")[1]["scopes"]
        assert gateway.call("POST", "/api/v1/keys", json_body={"name": "new"}).status == 201
        heard: set[str] = set()
        while "keys" not in heard:
            heard.update(next_event(stream, "changed")[1]["scopes"])
        ask(gateway)
        while "usage" not in heard:
            heard.update(next_event(stream, "changed")[1]["scopes"])
