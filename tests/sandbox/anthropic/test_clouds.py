"""Anthropic's models on Vertex AI and Amazon Bedrock: their paths, versions, frames and failures."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.anthropic_wire import CLOCK, MODERN, VERTEX, WEATHER, asking, assembled, events, result, user
from tests.sandbox.program import running
from tests.sandbox.wire import Answered, converse, send
from tokenrouter.sandbox.anthropic.clouds import BEDROCK_VERSION, VERTEX_VERSION
from tokenrouter.testing.processes import SandboxProcess

ENABLED: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


def body(*messages: dict[str, Any], version: Any = VERTEX_VERSION, **more: Any) -> dict[str, Any]:
    """A cloud's body: the version in it, the model not."""
    asked = asking(*messages, **more)
    return {"anthropic_version": version, **{name: value for name, value in asked.items() if name != "model"}}


def bedrock_body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return body(*messages, version=BEDROCK_VERSION, **more)


def vertex(base_url: str, model: str, asked: object, method: str = "rawPredict", **headers: str) -> Answered:
    path = f"{VERTEX}/{quote(model, safe='@')}:{method}"
    return send(base_url, path, asked, {"authorization": "Bearer t", **headers})


def invoke(base_url: str, model: str, asked: object) -> Answered:
    return converse(base_url, model, asked, "invoke")


def chunks(answered: Answered) -> list[dict[str, Any]]:
    """The events in an event stream's chunks."""
    found = answered.messages()
    assert all(headers[":event-type"] == "chunk" for headers, _ in found)
    return [json.loads(base64.b64decode(payload["bytes"])) for _, payload in found]


def test_the_same_message_comes_from_every_platform(sandbox: SandboxProcess) -> None:
    asked = {"tools": [WEATHER, CLOCK], "messages": [user("use tools")]}
    on_vertex = vertex(sandbox.base_url, "echo", {**body(), **asked}).json()
    on_bedrock = invoke(sandbox.base_url, "echo", {**bedrock_body(), **asked}).json()

    for message in (on_vertex, on_bedrock):
        assert message["model"] == "echo"
        assert [block["name"] for block in message["content"]] == ["get_weather", "get_time"]
        assert message["usage"]["input_tokens"] > 0


def test_vertex_streams_named_events(sandbox: SandboxProcess) -> None:
    answered = vertex(sandbox.base_url, "lorem-9", {**body(), "stream": True}, "streamRawPredict")

    message = assembled(events(answered))
    assert answered.headers["content-type"].startswith("text/event-stream")
    assert answered.headers["request-id"].startswith("req_vrtx_")
    assert message["usage"]["output_tokens"] == 9


def test_bedrock_streams_chunks_of_an_event_stream(sandbox: SandboxProcess) -> None:
    answered = converse(sandbox.base_url, "lorem-9", bedrock_body(), "invoke-with-response-stream")

    message = assembled(chunks(answered))
    assert answered.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert answered.headers["x-amzn-bedrock-content-type"] == "application/json"
    assert message["usage"]["output_tokens"] == 9


@pytest.mark.parametrize("version", [VERTEX_VERSION, MODERN])
def test_vertex_takes_its_own_version_and_the_newest(sandbox: SandboxProcess, version: str) -> None:
    asked = {**body(version=version), "temperature": 0.5}

    assert vertex(sandbox.base_url, "echo", asked).status == (400 if version == MODERN else 200)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (asking(), "anthropic_version: Field required"),
        ({**body(), "model": "echo"}, "model: Extra inputs are not permitted"),
        (bedrock_body(), "anthropic_version: Input should be 'vertex-2023-10-16'"),
        (body(user(" ")), "messages: text content blocks must contain non-whitespace text"),
    ],
)
def test_vertex_passes_on_what_the_model_refuses(sandbox: SandboxProcess, asked: dict[str, Any], message: str) -> None:
    answered = vertex(sandbox.base_url, "echo", asked)

    document = answered.json()
    assert answered.status == 400
    assert document["error"]["type"] == "invalid_request_error"
    assert document["error"]["message"].startswith(message)
    assert document["request_id"] == answered.headers["request-id"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (asking(), "anthropic_version: Field required"),
        ({**bedrock_body(), "stream": True}, "stream: Extra inputs are not permitted"),
        ({**bedrock_body(), "model": "echo"}, "model: Extra inputs are not permitted"),
        (body(), "anthropic_version: Input should be 'bedrock-2023-05-31'"),
        (bedrock_body(user(" ")), "messages: text content blocks must contain non-whitespace text"),
    ],
)
def test_bedrock_refuses_in_its_own_shape(sandbox: SandboxProcess, asked: dict[str, Any], message: str) -> None:
    answered = invoke(sandbox.base_url, "echo", asked)

    assert answered.status == 400
    assert answered.headers["x-amzn-errortype"] == "ValidationException"
    assert answered.json()["message"].startswith(message)


@pytest.mark.parametrize(
    ("model", "status", "name"), [("nobody", 404, "NOT_FOUND"), ("fault/429", 429, "RESOURCE_EXHAUSTED")]
)
def test_vertex_says_in_googles_shape_what_is_its_own(
    sandbox: SandboxProcess, model: str, status: int, name: str
) -> None:
    answered = vertex(sandbox.base_url, model, body())

    assert answered.status == status
    assert answered.json()["error"]["status"] == name


def test_vertex_knows_its_callers_by_tokens(sandbox: SandboxProcess) -> None:
    answered = send(sandbox.base_url, f"{VERTEX}/echo:rawPredict", body(), {"x-api-key": "k"})

    assert answered.status == 401
    assert answered.json()["error"]["status"] == "UNAUTHENTICATED"


def test_bedrock_takes_api_keys_too() -> None:
    with running("--api-key", "good") as program:
        statuses = [
            send(program.base_url, "/model/echo/invoke", bedrock_body(), {"authorization": f"Bearer {key}"}).status
            for key in ("good", "bad")
        ]

    assert statuses == [200, 403]


@pytest.mark.parametrize("method", ["generateContent", "predict", "nothing"])
def test_methods_of_other_models_are_not_there(sandbox: SandboxProcess, method: str) -> None:
    assert vertex(sandbox.base_url, "echo", body(), method).status == 404


def test_vertex_counts_tokens_of_the_model_in_the_body(sandbox: SandboxProcess) -> None:
    counted = {"anthropic_version": VERTEX_VERSION, "model": "echo", "messages": [user("hello")]}

    answered = vertex(sandbox.base_url, "count-tokens", counted)

    assert answered.json() == {"input_tokens": 8}


def test_betas_come_in_the_body_or_to_vertex_in_a_header(sandbox: SandboxProcess) -> None:
    beta = "context-management-2025-06-27"
    more: dict[str, Any] = {"context_management": {"edits": []}}

    statuses = [
        vertex(sandbox.base_url, "echo", body(**more)).status,
        vertex(sandbox.base_url, "echo", body(**more), **{"anthropic-beta": beta}).status,
        vertex(sandbox.base_url, "echo", body(**more, anthropic_beta=[beta])).status,
        invoke(sandbox.base_url, "echo", bedrock_body(**more, anthropic_beta=[beta])).status,
    ]

    assert statuses == [400, 200, 200, 200]


def test_thoughts_travel_between_platforms(sandbox: SandboxProcess) -> None:
    wish = {"tools": [WEATHER], **ENABLED}
    first = vertex(sandbox.base_url, "thinker", body(user("use tool"), **wish)).json()
    answer = user(result(first["content"][-1]["id"]))
    turn = [user("use tool"), {"role": "assistant", "content": first["content"]}, answer]

    assert invoke(sandbox.base_url, "thinker", bedrock_body(*turn, **wish)).status == 200
    first["content"][0]["signature"] = ""
    refused = invoke(sandbox.base_url, "thinker", bedrock_body(*turn, **wish)).json()
    assert refused["message"] == "messages.1.content.0: Invalid `signature` in `thinking` block"


def test_an_error_inside_a_stream_is_each_platforms_own(sandbox: SandboxProcess) -> None:
    model = "fault/error-midstream"
    on_vertex = events(vertex(sandbox.base_url, model, body(), "streamRawPredict"))
    on_bedrock = converse(sandbox.base_url, model, bedrock_body(), "invoke-with-response-stream").messages()

    assert on_vertex[-1]["error"]["type"] == "api_error"
    assert on_bedrock[-1][0][":exception-type"] == "modelStreamErrorException"


def test_a_malformed_chunk_has_a_wrong_checksum(sandbox: SandboxProcess) -> None:
    answered = converse(sandbox.base_url, "fault/malformed-chunk", bedrock_body(), "invoke-with-response-stream")

    with pytest.raises(AssertionError):
        answered.messages()
