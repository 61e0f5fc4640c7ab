"""Disconnects, slow readers and restarts, seen from outside: by the sandbox's own books and the ledger's rows."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import StartGateway
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e


def open_stream(running: GatewayProcess, model: str, receive_buffer: int = 0) -> socket.socket:
    """Ask for a stream over a plain socket and return it when the first words are there."""
    host, port = running.address.split(":")
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(60)
    client.connect((host, int(port)))
    body = json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": "go"}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {running.key}\r\n"
    client.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    begun = client.recv(4096)
    assert b" 200 " in begun
    while b'"content":"' not in begun.replace(b'"content":""', b""):
        begun += client.recv(4096)
    return client


def ledger(running: GatewayProcess, model: str) -> list[dict[str, Any]]:
    answer = running.call("GET", "/api/v1/ledger?limit=1000")
    rows: list[dict[str, Any]] = answer.json()["data"] if answer.status == 200 else []
    return [row for row in rows if row["model"] == model]


def ended(sandbox: SandboxProcess, model: str) -> list[dict[str, Any]]:
    return [line for line in sandbox.booked() if line.get("model") == model and "end" in line]


def wait_for_row(running: GatewayProcess, model: str) -> dict[str, Any]:
    wait_until("a ledger row", lambda: bool(ledger(running, model)))
    return ledger(running, model)[0]


def test_a_client_that_hangs_up_closes_the_provider_at_once(
    gateway: StartGateway, sandbox_config: str, sandbox: SandboxProcess
) -> None:
    running = gateway(sandbox_config)
    model = "lorem-4001@2"  # half an hour
    open_stream(running, f"sandbox/{model}").close()

    wait_until("the provider to be closed", lambda: bool(ended(sandbox, model)))
    row = wait_for_row(running, model)
    assert ended(sandbox, model)[-1]["end"] == "client_closed"
    assert row["end_reason"] == "client_disconnect"
    assert row["estimated"]
    assert row["usage"]["output_tokens"] > 0


def test_a_provider_set_to_drain_is_read_to_its_end(
    gateway: StartGateway, sandbox_config: str, sandbox: SandboxProcess
) -> None:
    running = gateway(sandbox_config + 'on_disconnect = "drain"\n')
    model = "lorem-61@10"  # six seconds in which to hang up
    open_stream(running, f"sandbox/{model}").close()

    wait_until("the provider's last word", lambda: bool(ended(sandbox, model)))
    row = wait_for_row(running, model)
    assert row["end_reason"] == "client_disconnect"
    assert row["usage"]["output_tokens"] == 61
    assert not row["estimated"]
    assert ended(sandbox, model)[-1]["end"] == "completed"


def test_a_slow_reader_does_not_fill_the_memory(
    gateway: StartGateway, sandbox_config: str, resident_kb: Callable[[int], int]
) -> None:
    running = gateway(sandbox_config)
    before_kb = resident_kb(running.pids["data"])
    clients = [open_stream(running, "sandbox/fault/huge@64", receive_buffer=4096) for _ in range(4)]
    time.sleep(1.5)

    assert resident_kb(running.pids["data"]) - before_kb < 16_000
    for client in clients:
        client.close()


def test_killing_the_control_process_is_noticed_by_no_request(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    running.call("GET", "/v1/usage")
    first = running.pids["control"]
    running.kill_child("control")
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "still here"}]}

    for _ in range(20):
        assert running.call("POST", "/v1/chat/completions", json_body=body).status == 200
    wait_until("a new control process", lambda: running.pids.get("control", first) != first)
    wait_until("its answer", lambda: running.call("GET", "/v1/usage").status == 200)
    assert running.call("GET", "/v1/usage").json()["used"]["lifetime"]["requests"] == 20


def test_a_stop_lets_a_running_stream_end(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    client = open_stream(running, "sandbox/lorem-100@100")
    running.ask_to_stop()

    received = b""
    while chunk := client.recv(65536):
        received += chunk
    assert b"[DONE]" in received
    running.stop()
