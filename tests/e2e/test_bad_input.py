"""Whatever a client sends: the right status in OpenAI's shape, naming what was wrong, and nothing secret logged."""

import json
from typing import Any

import pytest

from tokenrouter.testing.processes import GatewayProcess, call, make_home

pytestmark = pytest.mark.e2e

KEYS = """
[[incoming_tokens]]
name = "narrow"
key = "tr_narrow-key-0123456789-abcdef"
allowed_models = ["sandbox/echo"]

[[incoming_tokens]]
name = "late"
key = "tr_late-key-0123456789-abcdefgh"
expires_at = "2020-01-01T00:00:00Z"

[[incoming_tokens]]
name = "orphan"
key = "tr_child-key-0123456789-abcdefg"
parent_id = "late"

[[providers]]
name = "resting"
base_url = "http://127.0.0.1:9/v1"
enabled = false
"""
MESSAGES = [{"role": "user", "content": "x"}]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, sandbox: Any) -> Any:
    text = f'[[providers]]\nname = "sandbox"\nbase_url = "{sandbox.base_url}"\n{KEYS}'
    with GatewayProcess(make_home(tmp_path_factory.mktemp("bad")), text) as process:
        yield process


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        (b"not json", 400, "invalid_json", None),
        (b"", 400, "invalid_json", None),
        (b"[1,2]", 400, "invalid_json", None),
        (b'{"model":"sandbox/echo"', 400, "invalid_json", None),
        (b'{"model":"a","model":"b","messages":[]}', 400, "invalid_json", None),
        (b'{"messages":[]}', 400, "missing_model", "model"),
        (b'{"model":"","messages":[]}', 400, "missing_model", "model"),
        (b'{"model":7,"messages":[]}', 400, "invalid_request", "model"),
        (b'{"model":"sandbox/echo"}', 400, "invalid_request", "messages"),
        (b'{"model":"sandbox/echo","messages":"x"}', 400, "invalid_request", "messages"),
        (b'{"model":"sandbox/echo","messages":[],"stream":"yes"}', 400, "invalid_request", "stream"),
        (b'{"model":"sandbox/echo","messages":[],"max_tokens":"9"}', 400, "invalid_request", "max_tokens"),
        (b'{"model":"sandbox/echo","messages":[],"max_tokens":-1}', 400, "invalid_request", "max_tokens"),
        (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400, "nested_too_deeply", None),
        (b'{"model":"resting/x","messages":[]}', 404, "model_not_found", "model"),
    ],
)
def test_a_bad_body_is_told_by_name(
    running: GatewayProcess, body: bytes, status: int, code: str, param: str | None
) -> None:
    answer = call(
        running.origin,
        "POST",
        "/v1/chat/completions",
        body=body,
        headers={"Authorization": f"Bearer {running.key}", "Content-Type": "application/json"},
    )

    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"], error["param"]) == (status, code, param)
    assert error["message"]


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        (None, 401, "missing_api_key"),
        ("tr_unknown-key-0123456789-abcdef", 401, "invalid_api_key"),
        ("tr_late-key-0123456789-abcdefgh", 401, "expired_api_key"),
        ("tr_child-key-0123456789-abcdefg", 401, "expired_api_key"),
        ("tr_narrow-key-0123456789-abcdef", 403, "model_not_allowed"),
    ],
)
def test_a_key_that_may_not_is_told_why(running: GatewayProcess, key: str | None, status: int, code: str) -> None:
    body = {"model": "sandbox/lorem", "messages": MESSAGES}

    answer = running.call("POST", "/v1/chat/completions", json_body=body, key=key)

    assert (answer.status, answer.json()["error"]["code"]) == (status, code)


def test_nothing_secret_is_in_the_log(running: GatewayProcess) -> None:
    running.call("POST", "/v1/chat/completions", json_body={"model": "sandbox/fault/500", "messages": MESSAGES})

    assert running.key not in running.log()
    assert "tr_narrow" not in running.log()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/responses", 426, "upgrade_required"),
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("DELETE", "/v1/models", 405, "method_not_allowed"),
        ("POST", "/v1/nothing", 404, "path_not_found"),
        ("GET", "/v1/models/no/such", 404, "model_not_found"),
    ],
)
def test_a_wrong_path_or_method_is_told(
    running: GatewayProcess, method: str, path: str, status: int, code: str
) -> None:
    answer = running.call(method, path)

    assert (answer.status, answer.json()["error"]["code"]) == (status, code)
