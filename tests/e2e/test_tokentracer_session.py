"""What TokenTracer's README promises, asked of a real server: unchanged but for the address.

Sign up, sign in, make an alias with a fallback and a light model, make a key, ask by the alias, see what it used. The
documented differences: the operator opens signing up, and the provider is the operator's.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tokenrouter.testing.processes import Answer, GatewayProcess, SandboxProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

ACCOUNT = {"email": "ann@lab.example", "password": "a long enough password"}
CONFIG = """
[sign_up]
enabled = true
by_code = false
email_domains = ["lab.example"]

[[providers]]
name = "openai"
provider_type = "sandbox"
base_url = "{url}"
api_key = "sandbox"
"""


@pytest.fixture(scope="module")
def tracer(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    config = CONFIG.format(url=sandbox.base_url)
    with GatewayProcess(make_home(tmp_path_factory.mktemp("tracer")), config) as running:
        wait_until("the control process", lambda: running.call("GET", "/admin", key=None).status == 200)
        yield running


def ask(tracer: GatewayProcess, key: str, alias: str, words: str) -> Answer:
    body = {"model": alias, "messages": [{"role": "user", "content": words}], "max_tokens": 20}
    return tracer.call("POST", "/v1/chat/completions", json_body=body, key=key)


def aliases(tracer: GatewayProcess, token: str) -> dict[str, dict[str, Any]]:
    return {one["alias"]: one for one in tracer.call("GET", "/manage/aliases", key=token).json()}


def test_an_account_an_alias_a_key_and_what_it_used(tracer: GatewayProcess) -> None:
    signed_up = tracer.call("POST", "/auth/signup", key=None, json_body=ACCOUNT)
    assert (signed_up.status, signed_up.json()) == (201, {"message": "User created"}), signed_up.body
    assert tracer.call("POST", "/auth/signup", key=None, json_body=ACCOUNT).status == 409
    token = tracer.call("POST", "/auth/login", key=None, json_body=ACCOUNT).json()["token"]
    assert tracer.call("GET", "/auth/me", key=token).json() == {"email": ACCOUNT["email"]}

    (provider,) = tracer.call("GET", "/manage/providers", key=token).json()
    made = {"target_model": "lorem-5", "provider_key_id": provider["id"]}
    spare = tracer.call("POST", "/manage/aliases", key=token, json_body={"alias": "spare", **made})
    assert spare.status == 200, spare.body
    smart = {
        "alias": "smart",
        "target_model": "fault/500",
        "provider_key_id": provider["id"],
        "fallback_alias_id": aliases(tracer, token)["spare"]["id"],
        "use_light_model": True,
        "light_model": "echo",
        "light_model_threshold": 10,
    }
    assert tracer.call("POST", "/manage/aliases", key=token, json_body=smart).status == 200

    key = tracer.call("POST", "/auth/key", key=token).json()["token"]
    short = ask(tracer, key, "smart", "Hi")
    assert (short.status, short.json()["choices"][0]["message"]["content"]) == (200, "Hi")
    long = ask(tracer, key, "smart", "a question that is long enough for the large model " * 5)
    assert long.status == 200, long.body

    changed = tracer.call("PATCH", "/manage/aliases/smart", key=token, json_body={"target_model": "lorem-7"})
    assert changed.status == 200
    assert aliases(tracer, token)["smart"]["target_model"] == "lorem-7"

    usage = tracer.call("GET", "/manage/usage", key=token).json()
    assert {one["provider"] for one in usage} == {"openai"}
    assert sum(one["requests"] for one in usage) == 2

    for path in ("/manage/aliases", "/auth/me"):
        assert tracer.call("GET", path, key=key).status == 401
    listed = tracer.call("GET", "/api/v1/keys").json()["data"]
    (own,) = [one for one in listed if one["user"] == ACCOUNT["email"]]
    assert tracer.call("DELETE", f"/api/v1/keys/{own['id']}").status == 200
    assert ask(tracer, key, "smart", "Hi").status == 401
