"""Anthropic's paths, keys, versions, headers, counts and failures."""

import gzip
import re
from http.client import HTTPException
from typing import Any

import pytest

from tests.sandbox.anthropic_wire import (
    CLASSIC,
    CLOCK,
    MODERN,
    WEATHER,
    asking,
    events,
    headers,
    image,
    post,
    text,
    user,
)
from tests.sandbox.conftest import Connect, http_post
from tests.sandbox.program import running
from tests.sandbox.wire import send
from tokenrouter.sandbox.faults import MIDWAY_FRAMES
from tokenrouter.testing.processes import SandboxProcess


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages?beta=true"])
@pytest.mark.parametrize("version", [CLASSIC, MODERN])
@pytest.mark.parametrize("key", [{"x-api-key": "k"}, {"authorization": "Bearer k"}, {}])
def test_every_path_version_and_key_is_answered(
    sandbox: SandboxProcess, path: str, version: str, key: dict[str, str]
) -> None:
    assert send(sandbox.base_url, path, asking(), {**key, "anthropic-version": version}).status == 200


@pytest.mark.parametrize("version", [None, "2023-01-01", "x"])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_without_a_version_nothing_is_answered(sandbox: SandboxProcess, path: str, version: str | None) -> None:
    answered = send(sandbox.base_url, path, asking(), {"anthropic-version": version} if version else {})

    assert answered.status == 400
    assert answered.json()["error"]["message"].startswith("anthropic-version: ")


def test_keys_are_checked_in_either_place() -> None:
    version = {"anthropic-version": CLASSIC}
    keys: list[dict[str, str]] = [
        {"x-api-key": "good"},
        {"authorization": "Bearer good"},
        {"x-api-key": "bad"},
        {"authorization": "Bearer bad"},
        {},
    ]
    with running("--api-key", "good") as program:
        asked = [send(program.base_url, "/v1/messages", asking(), {**version, **key}) for key in keys]
        listed = send(program.base_url, "/v1/models", None, {**version, "x-api-key": "bad"}, "GET")

    assert [answered.status for answered in asked] == [200, 200, 401, 401, 401]
    assert [answered.json()["error"]["message"] for answered in asked[2:]] == [
        "invalid x-api-key",
        "Invalid bearer token",
        "x-api-key header is required",
    ]
    assert listed.status == 401


def test_answers_tell_their_request_and_the_limits(sandbox: SandboxProcess) -> None:
    for model in ("echo", "fault/429"):
        answered = post(sandbox.base_url, asking(model=model))
        assert re.fullmatch(r"req_011[a-zA-Z0-9]{21}", answered.headers["request-id"])
        for kind in ("requests", "tokens", "input-tokens", "output-tokens"):
            limit, left = (
                int(answered.headers[f"anthropic-ratelimit-{kind}-{what}"]) for what in ("limit", "remaining")
            )
            assert 0 < left < limit
            reset = answered.headers[f"anthropic-ratelimit-{kind}-reset"]
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", reset)


@pytest.mark.parametrize(
    ("model", "status", "kind"),
    [
        ("nobody", 404, "not_found_error"),
        ("fault/400", 400, "invalid_request_error"),
        ("fault/401", 401, "authentication_error"),
        ("fault/429", 429, "rate_limit_error"),
        ("fault/500", 500, "api_error"),
        ("fault/503", 529, "overloaded_error"),
        ("embed-small", 400, "invalid_request_error"),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
def test_failures_have_anthropics_shape(
    sandbox: SandboxProcess, model: str, status: int, kind: str, streams: bool
) -> None:
    answered = post(sandbox.base_url, asking(model=model, stream=streams))

    document = answered.json()
    assert answered.status == status
    assert document["type"] == "error"
    assert document["error"]["type"] == kind
    assert document["request_id"] == answered.headers["request-id"]
    assert answered.headers.get("retry-after") == ("1" if status == 429 else None)


def test_a_body_that_is_no_json_is_refused(sandbox: SandboxProcess) -> None:
    assert post(sandbox.base_url, b"{").json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_only_a_post_asks(sandbox: SandboxProcess, path: str) -> None:
    answered = send(sandbox.base_url, path, None, headers(), "GET")

    assert answered.status == 405
    assert answered.json()["type"] == "error"


def test_what_is_not_served_is_not_found_in_this_shape(sandbox: SandboxProcess) -> None:
    answered = post(sandbox.base_url, asking(), "/v1/messages/batches")

    assert answered.status == 404
    assert answered.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize(("fault", "deltas"), [("error-event", 0), ("error-midstream", MIDWAY_FRAMES)])
def test_an_error_inside_a_stream_is_an_event(sandbox: SandboxProcess, fault: str, deltas: int) -> None:
    answered = post(sandbox.base_url, asking(model=f"fault/{fault}", stream=True))

    *before, last = events(answered)
    assert answered.status == 200
    assert (len(before) > 0) is (deltas > 0)
    assert last["type"] == "error"
    assert last["error"]["type"] == "api_error"


def test_other_faults_are_in_this_shape_too(sandbox: SandboxProcess) -> None:
    broken = post(sandbox.base_url, asking(model="fault/malformed-chunk", stream=True))
    whole = post(sandbox.base_url, asking(model="fault/error-event"))
    cut = post(sandbox.base_url, asking(model="fault/clean-cut@4", stream=True))
    page = post(sandbox.base_url, asking(model="fault/wrong-type"))

    assert b'data: {"type":"content_block_delta","ind\n\n' in broken.body
    assert broken.body.endswith(b'data: {"type":"message_stop"}\n\n')
    assert whole.json()["error"]["type"] == "api_error"
    assert [event["type"] for event in events(cut)][-1] == "content_block_delta"
    assert page.headers["content-type"] == "text/html"


def test_faults_of_the_connection_are_the_same_here(sandbox: SandboxProcess) -> None:
    packed = post(sandbox.base_url, asking(model="fault/gzip", stream=True))
    huge = post(sandbox.base_url, asking(model="fault/huge@0.1"))

    assert gzip.decompress(packed.body).endswith(b'data: {"type":"message_stop"}\n\n')
    assert len(huge.body) > 2**20 // 10
    for fault in ("cut", "bad-chunked", "refuse"):
        with pytest.raises(HTTPException):
            post(sandbox.base_url, asking(model=f"fault/{fault}", stream=True))


def test_a_stalled_stream_stays_open_in_the_middle_of_a_block(connect: Connect) -> None:
    asked = http_post("/v1/messages", asking(model="fault/stall@5", stream=True), "anthropic-version: 2023-06-01\r\n")
    connection = connect()
    connection.sendall(asked)
    received = b""
    while received.count(b"text_delta") < 3:
        received += connection.recv(65536)

    connection.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.recv(65536)


def test_a_visitor_is_throttled_once_by_the_user_in_the_metadata(sandbox: SandboxProcess) -> None:
    body = asking(model="fault/429-once", metadata={"user_id": "once-anthropic"})

    assert [post(sandbox.base_url, body).status for _ in range(2)] == [429, 200]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"system": "Be brief."},
        {"tools": [WEATHER, CLOCK]},
        {"messages": [user(image(), text("what is this?"))]},
        {"model": "thinker", "thinking": {"type": "enabled", "budget_tokens": 2000}},
    ],
)
def test_a_count_is_what_the_message_costs(sandbox: SandboxProcess, more: dict[str, Any]) -> None:
    body = {**asking(), **more}
    counted = {name: value for name, value in body.items() if name != "max_tokens"}

    answered = post(sandbox.base_url, counted, "/v1/messages/count_tokens?beta=true")

    assert answered.json() == {"input_tokens": post(sandbox.base_url, body).json()["usage"]["input_tokens"]}


def test_a_count_is_as_strict_as_a_message(sandbox: SandboxProcess) -> None:
    path = "/v1/messages/count_tokens"

    assert post(sandbox.base_url, {"model": "echo", "messages": []}, path).status == 400
    refused = post(sandbox.base_url, asking(), path).json()["error"]["message"]
    assert refused == "max_tokens: Extra inputs are not permitted"


def test_a_shared_path_lists_for_who_asks(sandbox: SandboxProcess) -> None:
    ours = send(sandbox.base_url, "/v1/models?limit=1000", None, headers(), "GET")
    others = send(sandbox.base_url, "/v1/models", None, {"authorization": "Bearer k"}, "GET").json()

    assert ours.headers["request-id"].startswith("req_")
    assert ours.json()["data"][0]["type"] == "model"
    assert others["object"] == "list"


@pytest.mark.parametrize("name", ["thinker", "fault/429", "lorem-5%4010"])
def test_one_model_has_a_page(sandbox: SandboxProcess, name: str) -> None:
    page = send(sandbox.base_url, f"/v1/models/{name}", None, headers(), "GET").json()
    missing = send(sandbox.base_url, "/v1/models/nobody", None, headers(), "GET")

    assert page["id"] == name.replace("%40", "@")
    assert missing.json()["error"] == {"type": "not_found_error", "message": "model: nobody"}


def test_the_books_name_the_dialect(sandbox: SandboxProcess) -> None:
    post(sandbox.base_url, asking(metadata={"user_id": "named-dialect"}))

    assert b'"dialect":"anthropic","path":"/v1/messages"' in sandbox.books.read_bytes()
