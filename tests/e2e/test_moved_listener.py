"""A listener that moves while requests run: kept when it is reached, given up when it is not."""

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest

from tests.conftest import StartGateway
from tokenrouter.testing.processes import Answer, GatewayProcess, SandboxProcess, call, free_port, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("moved")]

NETWORK = "/api/v1/network"
CHAT = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def running(gateway: StartGateway, sandbox_config: str) -> Iterator[GatewayProcess]:
    running = gateway(sandbox_config)
    wait_until("the control process", lambda: running.call("GET", NETWORK).status == 200, 20)
    wait_until("the listeners", lambda: bool(shown(running)["listeners"]), 5)
    yield running
    running.address = running.argv[running.argv.index("--listen-addr") + 1]


def shown(running: GatewayProcess) -> Any:
    return running.call("GET", NETWORK).json()


def begin(running: GatewayProcess, port: int) -> Answer:
    return running.call("PUT", NETWORK, json_body={"listen_addr": f"127.0.0.1:{port}"})


def decide(running: GatewayProcess, switch: Any, *, is_reached: bool) -> Answer:
    word = {"switch_id": switch["switch_id"], "probe_ok": is_reached}
    return running.call("POST", f"{NETWORK}/confirm", json_body=word)


def is_reached(port: int) -> bool:
    try:
        return call(f"http://127.0.0.1:{port}", "GET", "/readyz").status == 200
    except OSError:
        return False


def test_it_moves_under_load_survives_a_restart_and_comes_back_by_one_call(running: GatewayProcess) -> None:
    old, new = int(running.address.rpartition(":")[2]), free_port()
    ended, failures, answers = threading.Event(), [], [0]

    def ask() -> None:
        """Ask over a connection that is kept, at the new address as soon as there is no other."""
        port = old
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"authorization": f"Bearer {running.key}", "content-type": "application/json"}
        while not ended.is_set():
            try:
                connection.request("POST", "/v1/chat/completions", json.dumps(CHAT), headers)
                status, _ = (answer := connection.getresponse()).status, answer.read()
                answers[0] += 1
                if status != 200:
                    failures.append(status)
            except ConnectionRefusedError:
                port = new
            except (HTTPException, OSError):
                connection.close()  # it was kept, and given up between two requests, as any client knows it
            if connection.sock is None:
                connection = HTTPConnection("127.0.0.1", port, timeout=20)

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    try:
        switch = begin(running, new).json()
        assert call(f"http://127.0.0.1:{new}", "GET", f"{NETWORK}/probe").json()["instance"] == switch["instance_id"]
        assert decide(running, switch, is_reached=True).json()["status"] == "moved"
        running.address = f"127.0.0.1:{new}"
        wait_until("the old address", lambda: not is_reached(old), 5)
        known = answers[0]
        wait_until("answers at the new one", lambda: answers[0] > known + 20, 20)
    finally:
        ended.set()
        for client in clients:
            client.join()
    assert failures == []

    told = shown(running)
    assert [one["address"] for one in told["listeners"]] == [running.address]
    assert told["moved"][0]["declared"] == f"127.0.0.1:{old}"
    running.reload()
    running.kill_child("data")
    wait_until("a new data process at the new address", lambda: is_reached(new), 10)
    running.stop()
    running.start()
    wait_until("the control process", lambda: running.call("GET", NETWORK).status == 200, 20)
    assert shown(running)["moved"][0]["address"] == running.address

    assert running.call("DELETE", f"{NETWORK}/override").json()[0]["address"] == f"127.0.0.1:{old}"
    running.address = f"127.0.0.1:{old}"
    wait_until("the old address", lambda: is_reached(old), 5)
    assert (shown(running)["moved"], is_reached(new)) == ([], False)


def test_an_address_that_was_not_reached_is_given_up(running: GatewayProcess, sandbox: SandboxProcess) -> None:
    new = free_port()
    switch = begin(running, new).json()
    wait_until("both", lambda: is_reached(new), 5)
    assert begin(running, free_port()).status == 409
    running.kill_child("control")  # the supervisor keeps the time and the move
    wait_until(
        "the control process", lambda: (running.call("GET", NETWORK).json() or {}).get("pending") is not None, 20
    )

    assert decide(running, switch, is_reached=False).json()["status"] == "cancelled"
    wait_until("the old one alone", lambda: not is_reached(new), 5)

    assert (shown(running)["pending"], shown(running)["moved"]) == (None, [])
    assert decide(running, switch, is_reached=True).status == 404
    assert begin(running, int(sandbox.base_url.rpartition(":")[2].partition("/")[0])).status == 409
