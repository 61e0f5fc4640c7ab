"""What the LLM API Proxy's README promises, asked of a real server: unchanged but for the address and the password.

The requests are those of its curl examples. What is ours beside them: `X-Admin-Password`, and the way back from
`forbid_key`. The backend is declared as it was there, by two variables.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tokenrouter.testing.processes import Answer, GatewayProcess, SandboxProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

ADMIN = {"X-Admin-Password": "correct horse battery staple"}
CHAT = {"model": "echo", "messages": [{"role": "user", "content": "Hello!"}]}


@pytest.fixture(scope="module")
def proxy(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    env = {
        "OPENAI_BACKEND_URL": sandbox.base_url.removesuffix("/v1"),
        "OPENAI_API_KEY": "sandbox",
        "ADMIN_PASSWORD": ADMIN["X-Admin-Password"],
    }
    with GatewayProcess(make_home(tmp_path_factory.mktemp("proxy")), env=env) as running:
        wait_until("the control process", lambda: running.call("GET", "/admin", key=None).status == 200)
        yield running


def post(proxy: GatewayProcess, path: str, body: object, key: str | None = None) -> Answer:
    headers = {} if key else ADMIN
    return proxy.call("POST", path, json_body=body, key=key, headers=headers)


def costs(proxy: GatewayProcess, query: str = "") -> dict[str, dict[str, Any]]:
    told = proxy.call("GET", f"/admin/list_costs{query}", key=None, headers=ADMIN).json()["costs"]
    return {one["username"]: one for one in told}


def test_a_key_is_made_used_charged_forbidden_and_allowed_again(proxy: GatewayProcess) -> None:
    assert proxy.call("GET", "/health", key=None).json()["status"] == "healthy"

    made = post(proxy, "/admin/gen_key", {"username": "alice"})
    assert (made.status, made.json()["username"]) == (200, "alice")
    key = made.json()["api_key"]
    assert key.startswith("llmp-")
    assert len(key) == 69
    assert post(proxy, "/admin/gen_key", {"username": "alice"}).json() == {"detail": "User 'alice' already exists"}

    answer = post(proxy, "/v1/chat/completions", CHAT, key)
    assert answer.status == 200, answer.body
    usage = answer.json()["usage"]

    users = proxy.call("GET", "/admin/list_users", key=None, headers=ADMIN).json()["users"]
    assert users[0]["username"] == "alice"
    assert key not in str(users)

    alice = costs(proxy, "?last_hours=24&by_model=true")["alice"]
    assert (alice["total_requests"], alice["total_input_tokens"], alice["total_output_tokens"]) == (
        1,
        usage["prompt_tokens"],
        usage["completion_tokens"],
    )
    assert [one["total_requests"] for one in alice["model_costs"]] == [1]
    assert costs(proxy, "?end_time=2020-01-01T00:00:00")["alice"]["total_requests"] == 0
    assert costs(proxy)["alice"]["total_requests"] == 1

    assert post(proxy, "/admin/forbid_key", {"username": "alice"}).json()["success"]
    assert post(proxy, "/v1/chat/completions", CHAT, key).status in (401, 403)
    assert post(proxy, "/admin/allow_key", {"api_key": key}).json()["success"]
    assert post(proxy, "/v1/chat/completions", CHAT, key).status == 200


def test_what_was_open_to_everybody_is_closed(proxy: GatewayProcess) -> None:
    key = post(proxy, "/admin/gen_key", {"username": "bob"}).json()["api_key"]
    asked = (("GET", "/admin/list_users"), ("GET", "/admin/list_costs"), ("POST", "/admin/gen_key"))

    for method, path in asked:
        body = {"username": "eve"} if method == "POST" else None
        assert proxy.call(method, path, key=None, json_body=body).status == 401
        assert proxy.call(method, path, key=key, json_body=body).status == 403
