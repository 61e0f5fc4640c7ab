"""What every process says is kept, without secrets, and followed live through the gateway."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tokenrouter.testing.processes import GatewayProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

SECRET = "an-odd-secret-that-looks-like-nothing"
CONFIG = f"""
discovery = false
[logs]
level = "debug"
[[providers]]
name = "acme"
base_url = "http://127.0.0.1:1/v1"
api_key = "{SECRET}"

"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:

    with GatewayProcess(make_home(tmp_path_factory.mktemp("logs")), CONFIG, args=["--sandbox"]) as running:
        wait_until("the control process answers", lambda: running.call("GET", "/api/v1/logs").status == 200)
        yield running


def lines(gateway: GatewayProcess, query: str = "") -> list[dict[str, str]]:
    found: list[dict[str, str]] = gateway.call("GET", f"/api/v1/logs?{query}").json()["data"]
    return found


def test_what_processes_say_is_streamed_while_they_say_it_and_kept(gateway: GatewayProcess) -> None:
    host, port = gateway.address.split(":")
    connection = HTTPConnection(host, int(port), timeout=60)
    connection.request("GET", "/api/v1/logs/stream", headers={"Authorization": f"Bearer {gateway.key}"})
    stream = connection.getresponse()
    assert stream.status == 200
    assert stream.readline().startswith(b":")

    gateway.kill_child("sandbox")
    wait_until("it is said", lambda: bool(lines(gateway, "process=supervisor&q=signal+9")))
    event = b""
    while b"the sandbox process ended" not in event:
        event = stream.readline()
    connection.close()

    (line,) = lines(gateway, "process=supervisor&level=warning&q=signal+9")
    assert json.loads(event.removeprefix(b"data: ")) == line


def test_no_key_stands_in_what_is_kept(gateway: GatewayProcess) -> None:
    gateway.call(
        "POST", "/v1/chat/completions", json_body={"model": "acme/x", "messages": []}, key="tr_wrong-0123456789"
    )
    gateway.call("POST", "/v1/chat/completions", json_body={"model": "acme/x", "messages": [{"role": "user"}]})
    gateway.reload()
    wait_until("it is said", lambda: bool(lines(gateway, "q=reloaded")))

    kept = b"".join(path.read_bytes() for path in Path(gateway.home.path / "data" / "logs").iterdir())
    assert b"configuration reloaded" in kept
    for secret in (SECRET, gateway.key, "tr_wrong"):
        assert secret.encode() not in kept
        assert secret not in gateway.log()
