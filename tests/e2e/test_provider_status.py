"""How providers are, by real processes: found out by asking and by requests, and shown everywhere."""

import json

import pytest

from tests.conftest import StartGateway
from tests.jobs.little_servers import little_server
from tokenrouter.testing.processes import GatewayProcess, wait_until

pytestmark = pytest.mark.e2e

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
MISSING = (404, {"error": {"message": "there is no such model", "code": "model_not_found"}})


def config(base_url: str) -> str:
    return f'[[providers]]\nname = "p"\nprovider_type = "openai-compatible"\nbase_url = "{base_url}"\n'


def chat(running: GatewayProcess, model: str) -> int:
    body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
    return running.call("POST", "/v1/chat/completions", json_body=body).status


def status_of(running: GatewayProcess, provider: str) -> dict[str, object]:
    answer = running.call("GET", "/api/v1/providers/status")
    rows: list[dict[str, object]] = answer.json()["data"] if answer.status == 200 else []
    return next((row for row in rows if row["name"] == provider), {"status": ""})


def test_a_provider_that_goes_away_and_comes_back_is_seen_everywhere(gateway: StartGateway) -> None:
    says = {"/v1/models": {"data": [{"id": "m"}]}, "/v1/chat/completions": ANSWER}
    with little_server(says) as server:
        running = gateway(config(server.base_url))
        wait_until("the check", lambda: status_of(running, "p")["status"] == "online")
        before = status_of(running, "p")
        assert before["models"] == ["m"]
        assert chat(running, "p/m") == 200

    assert chat(running, "p/m") == 502
    wait_until("the next check", lambda: status_of(running, "p")["status"] == "offline")
    after = status_of(running, "p")
    assert (after["models"], after["listed_at"]) == (["m"], before["listed_at"])
    assert "cannot be reached: Connection refused." in str(after["problem"])
    metric = b'tokenrouter_provider_status{provider="p",status="offline"} 1.0'
    wait_until("the metric", lambda: metric in running.call("GET", "/metrics").body)
    log = [line for line in running.log().splitlines() if "provider status" in line]
    assert any("online" in line for line in log)
    assert any("offline" in line for line in log)

    with little_server(says, server.port):
        assert chat(running, "p/m") == 200
        wait_until("the request to count", lambda: status_of(running, "p")["status"] == "online")

    rows = json.loads((running.home.path / "cache" / "providers.json").read_text())
    assert [row["name"] for row in rows] == ["p"]


def test_a_model_that_is_gone_has_the_list_read_again(gateway: StartGateway) -> None:
    says: dict[str, object] = {"/v1/models": {"data": [{"id": "old"}]}, "/v1/chat/completions": ANSWER}
    with little_server(says) as server:
        running = gateway(config(server.base_url))
        wait_until("the check", lambda: status_of(running, "p")["status"] == "online")
        server.says["/v1/models"] = {"data": [{"id": "new"}]}
        server.says["/v1/chat/completions"] = MISSING

        assert [chat(running, "p/old") for _ in range(5)] == [404] * 5
        wait_until("the new list", lambda: status_of(running, "p")["models"] == ["new"])

        listed = running.call("GET", "/v1/models").json()["data"]
        assert [row["id"] for row in listed] == ["p/new"]
        assert server.asked.count("GET /v1/models") == 2
