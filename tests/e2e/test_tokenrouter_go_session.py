"""What TokenRouter-Go's README and client do with a server, done to ours: only the address is another one.

Requests are sent as curl sends them, without a content type of their own, so that scripts need not be changed.
"""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartGateway
from tokenrouter.testing.processes import Answer, GatewayProcess, SandboxProcess, call, make_home, wait_until

pytestmark = pytest.mark.e2e

TOKENS = "/admin/api/access-tokens"
ALIASES = "/admin/api/model-aliases"
MASTER_KEY = "tr_master-" + "m" * 54
EXPIRY = (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def server(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """One server with a file as TokenRouter-Go writes it."""
    config = f"""
quota_in_answers = true
default_provider = "sandbox"
active_model_profile = "local"

[[providers]]
name = "sandbox"
provider_type = "sandbox"
base_url = "{sandbox.base_url}"
api_key = "sandbox"
enabled = true
timeout_seconds = 60

[[incoming_tokens]]
id = "tok-master"
name = "master"
role = "keymaster"
key = "{MASTER_KEY}"
"""
    folder: Path = tmp_path_factory.mktemp("go")
    with GatewayProcess(make_home(folder), config) as running:
        control = lambda: running.call("GET", "/admin/api/version").status == 200  # noqa: E731 (one line, waited for)
        wait_until("the control process", control)
        yield running


def send(server: GatewayProcess, method: str, path: str, said: object = None, key: str = "") -> Answer:
    """Send as `curl -d` does."""
    headers = {"Authorization": f"Bearer {key or server.key}"}
    if said is None:
        return call(server.origin, method, path, headers=headers)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return call(server.origin, method, path, body=json.dumps(said).encode(), headers=headers)


def new_key(prefix: str = "tr_") -> str:
    return prefix + secrets.token_urlsafe(48)


def chat(server: GatewayProcess, key: str, model: str = "sandbox/echo") -> Answer:
    """Ask once; while counters are being read, again."""
    said = {"model": model, "messages": [{"role": "user", "content": "one two three"}], "max_tokens": 20}
    answers: list[Answer] = []

    def has_answered() -> bool:
        answers.append(send(server, "POST", "/v1/chat/completions", said, key))
        return answers[-1].status != 503

    wait_until("the counters", has_answered)
    return answers[-1]


def listed(server: GatewayProcess, key: str = "") -> dict[str, Any]:
    return {one["name"]: one for one in send(server, "GET", TOKENS, key=key).json()}


def test_a_key_is_made_listed_used_seen_in_the_stats_and_deleted(server: GatewayProcess) -> None:
    key = new_key()
    made = send(server, "POST", TOKENS, {"name": "laptop", "key": key, "role": "inferrer", "expires_at": EXPIRY})
    assert (made.status, made.json()["status"]) == (201, "ok")
    assert listed(server)["laptop"]["expires_at"] == EXPIRY

    answer = chat(server, key)
    assert answer.status == 200
    models = send(server, "GET", "/v1/models", key=key).json()
    assert "sandbox/echo" in [model["id"] for model in models["data"]]

    stats = send(server, "GET", "/admin/api/stats?period_seconds=3600&force=1").json()
    assert stats["requests_per_api_key_name"]["laptop"] == 1
    used = answer.json()["usage"]
    mine = [bucket for bucket in stats["buckets"] if bucket["api_key_name"] == "laptop"]
    assert [bucket["total_tokens"] for bucket in mine] == [used["total_tokens"]]
    status = send(server, "GET", "/v1/status?period_seconds=3600", key=key).json()
    assert (status["requests"], status["total_tokens"], status["providers_available"]) == (1, used["total_tokens"], 1)

    assert send(server, "DELETE", f"{TOKENS}/{listed(server)['laptop']['id']}").status == 200
    assert chat(server, key).status == 401


def test_a_quota_blocks_is_told_and_can_be_raised(server: GatewayProcess) -> None:
    key = new_key()
    quota = {"requests": {"limit": 2, "interval_seconds": 0}, "tokens": {"limit": 100_000, "interval_seconds": 86_400}}
    send(server, "POST", TOKENS, {"name": "metered", "key": key, "role": "inferrer", "quota": quota})

    first = chat(server, key)
    assert first.status == 200
    assert first.json()["quota"]["requests"] == {"limit": 2, "remaining": 1}
    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert chat(server, key).status == 200
    refused = chat(server, key)
    assert refused.status == 429
    assert refused.json()["error"]["code"] == "insufficient_quota"
    assert refused.json()["quota"]["requests"]["remaining"] == 0
    row = listed(server)["metered"]
    assert row["quota"]["requests"] == {"limit": 2, "interval_seconds": 0, "used": 2}
    assert row["quota"]["tokens"]["used"] > 0

    raised = {"name": "metered", "role": "inferrer", "quota": {**quota, "requests": {"limit": 3}}}
    assert send(server, "PUT", f"{TOKENS}/{row['id']}", raised).status == 200
    assert [chat(server, key).status for _ in range(2)] == [200, 429]


def test_a_key_of_the_same_name_begins_with_a_quota_of_its_own(server: GatewayProcess) -> None:
    said = {"name": "again", "role": "inferrer", "quota": {"requests": {"limit": 1}}}
    for _ in range(2):
        key = new_key()
        made = send(server, "POST", TOKENS, {**said, "key": key}).json()
        assert [chat(server, key).status for _ in range(2)] == [200, 429]
        send(server, "DELETE", f"{TOKENS}/{made['id']}")


def test_toros_temporary_key_lives_as_long_as_its_command(server: GatewayProcess) -> None:
    """As `toro wrap` does with the key of a keymaster: list, make, list again for the id, run, delete."""
    assert send(server, "GET", TOKENS, key=MASTER_KEY).json() == []
    key, name = new_key("tor_tmp_"), "toro-wrap-20261121-204500"
    made = send(
        server, "POST", TOKENS, {"name": name, "key": key, "role": "inferrer", "expires_at": EXPIRY}, MASTER_KEY
    )
    assert made.status == 201
    row = listed(server, MASTER_KEY)[name]
    assert row["parent_id"] == "tok-master"

    assert chat(server, key).status == 200

    assert send(server, "DELETE", f"{TOKENS}/{row['id']}", key=MASTER_KEY).status == 200
    assert chat(server, key).status == 401


def test_what_a_child_uses_is_charged_to_its_parent(server: GatewayProcess) -> None:
    parent, child = new_key(), new_key()
    quota = {"requests": {"limit": 2}}
    send(server, "POST", TOKENS, {"name": "boss", "key": parent, "role": "keymaster", "quota": quota})
    send(server, "POST", TOKENS, {"name": "helper", "key": child, "role": "inferrer"}, parent)

    assert [chat(server, one).status for one in (child, parent, child, parent)] == [200, 200, 429, 429]

    send(server, "DELETE", f"{TOKENS}/{listed(server)['boss']['id']}")
    assert [chat(server, one).status for one in (child, parent)] == [401, 401]
    assert "helper" not in listed(server)


def test_a_key_that_is_used_up_goes_with_those_below_it_when_settings_are_saved(
    gateway: StartGateway, sandbox_config: str
) -> None:
    server = gateway("auto_remove_empty_quota_tokens = true\n" + sandbox_config)
    security = "/admin/api/settings/security"
    wait_until("the control process", lambda: send(server, "GET", security).status == 200)
    spent, below, fresh = new_key(), new_key(), new_key()
    quota = {"requests": {"limit": 1}}
    send(server, "POST", TOKENS, {"name": "spent", "key": spent, "role": "keymaster", "quota": quota})
    send(server, "POST", TOKENS, {"name": "below", "key": below, "role": "inferrer"}, spent)
    send(server, "POST", TOKENS, {"name": "fresh", "key": fresh, "role": "inferrer", "quota": quota})
    assert chat(server, below).status == 200
    assert listed(server)["spent"]["quota"]["requests"]["used"] == 1

    assert send(server, "PUT", security, send(server, "GET", security).json()).status == 200

    assert {"spent", "below", "fresh"} & listed(server).keys() == {"fresh"}
    assert [chat(server, one).status for one in (spent, below, fresh)] == [401, 401, 200]


def test_each_role_may_what_it_might(server: GatewayProcess) -> None:
    inferrer = new_key()
    send(server, "POST", TOKENS, {"name": "plain", "key": inferrer, "role": "inferrer"})

    for key in (server.key, MASTER_KEY, inferrer):
        assert send(server, "GET", "/v1/status", key=key).status == 200
        assert chat(server, key).status == 200
    stats = [send(server, "GET", "/admin/api/stats", key=key).status for key in (server.key, MASTER_KEY, inferrer)]
    tokens = [send(server, "GET", TOKENS, key=key).status for key in (server.key, MASTER_KEY, inferrer)]
    assert (stats, tokens) == ([200, 403, 403], [200, 200, 403])
    nobody = call(server.origin, "GET", "/admin/api/stats")
    assert (nobody.status, nobody.body) == (401, b"unauthorized\n")
    assert nobody.headers["x-opp-instance-id"]


def test_a_profile_is_switched_without_a_restart(server: GatewayProcess) -> None:
    targets = [
        {"profile": "local", "provider": "sandbox", "model": "echo"},
        {"profile": "cloud", "provider": "sandbox", "model": "lorem-20"},
    ]
    made = send(server, "POST", ALIASES, {"name": "chat", "targets": targets})
    assert (made.status, made.json()["data"][0]["status"]) == (201, "ok")
    cards = {card["id"]: card for card in send(server, "GET", "/v1/models").json()["data"]}
    assert "chat" in cards
    assert chat(server, server.key, "chat").json()["model"] == "echo"

    switched = send(server, "PUT", f"{ALIASES}/settings", {"active_model_profile": "cloud"})
    assert (switched.status, switched.json()["active_model_profile"]) == (200, "cloud")
    assert chat(server, server.key, "chat").json()["model"] == "lorem-20"

    assert send(server, "DELETE", f"{ALIASES}/chat").json()["data"] == []
    assert send(server, "GET", ALIASES).json()["available_profiles"] == []


def test_a_benchmark_is_metered_like_everything_else(server: GatewayProcess) -> None:
    before = send(server, "GET", "/admin/api/stats").json()["requests"]
    wanted = {"chats_per_model": 2, "messages_per_chat": 1, "models": ["sandbox/echo", "sandbox/nothing"]}

    begun = send(server, "POST", "/admin/api/benchmark/start", wanted)
    assert begun.status == 200
    runs: list[Any] = []

    def is_over() -> bool:
        runs.append(send(server, "GET", "/admin/api/benchmark").json())
        return not runs[-1]["running"]

    wait_until("the benchmark", is_over)
    echo, nothing = runs[-1]["run"]["models"]
    assert (echo["status"], echo["messages_done"], echo["last_error"]) == ("done", 2, "")
    assert nothing["status"] == "error"
    assert runs[-1]["run"]["total_tokens"] == echo["total_tokens"] > 0
    assert send(server, "GET", "/admin/api/stats").json()["requests"] >= before + 2


def test_providers_and_models_are_shown_with_how_they_are(server: GatewayProcess) -> None:
    refreshed = send(server, "POST", "/admin/api/providers/refresh").json()
    assert (refreshed["status"], refreshed["providers"]) == ("ok", 1)

    (provider,) = send(server, "GET", "/admin/api/providers").json()
    assert (provider["name"], provider["status"], provider["managed"]) == ("sandbox", "online", True)
    assert provider["model_count"] > 3
    catalog = send(server, "GET", "/admin/api/models/catalog").json()["data"]
    assert {row["status"] for row in catalog} == {"online"}
    assert len(send(server, "POST", "/admin/api/models/refresh").json()["data"]) == provider["model_count"]


def test_the_version_and_the_settings_can_be_read(server: GatewayProcess) -> None:
    assert send(server, "GET", "/admin/api/version").json()["version"]
    assert send(server, "GET", "/admin/api/settings/security").json()["allow_localhost_no_auth"] is False
    network = send(server, "GET", "/admin/api/settings/network").json()
    assert network["listen_addr"] == server.address
    probe = call(server.origin, "GET", "/admin/api/network/probe").json()
    assert probe["ok"] is True


def test_whoever_listens_hears_of_a_change_until_the_key_ends(server: GatewayProcess) -> None:
    key = new_key()
    listener = send(server, "POST", TOKENS, {"name": "listener", "key": key, "role": "admin"}).json()["id"]
    connection = HTTPConnection(server.address, timeout=60)
    connection.request("GET", "/admin/api/events", headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    assert answer.getheader("content-type", "").startswith("text/event-stream")
    assert answer.readline() == b'data: {"type": "refresh"}\n'

    send(server, "DELETE", f"{TOKENS}/{listener}")

    answer.read()  # returns, since the stream ends
    connection.close()
