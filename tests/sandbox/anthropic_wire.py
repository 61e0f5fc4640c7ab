"""Asks the sandbox as Anthropic's clients do."""

import base64
import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tests.sandbox.wire import Answered, send

CLASSIC = "2023-06-01"
MODERN = "2026-10-21"
VERTEX = "/v1/projects/p/locations/us-east5/publishers/anthropic/models"

WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CLOCK: dict[str, Any] = {"name": "get_time", "input_schema": {"type": "object", "properties": {}}}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def user(*content: Any) -> dict[str, Any]:
    """A user's message: one text, or blocks."""
    return _message("user", content)


def assistant(*content: Any) -> dict[str, Any]:
    return _message("assistant", content)


def text(words: str, **more: object) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def call(name: str = "t1", **more: object) -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "get_weather", "input": {"city": "Oslo"}, **more}


def result(name: str = "t1", content: Any = "21", **more: object) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": name, "content": content, **more}


def image(data: str = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def asking(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request's body; "hello" from the user to `echo` where nothing else is said."""
    return {"model": "echo", "max_tokens": 4096, "messages": list(messages) or [user("hello")], **more}


def headers(version: str = CLASSIC, *betas: str) -> dict[str, str]:
    return {"x-api-key": "k", "anthropic-version": version} | ({"anthropic-beta": ",".join(betas)} if betas else {})


def post(base_url: str, body: object, path: str = "/v1/messages", version: str = CLASSIC, *betas: str) -> Answered:
    return send(base_url, path, body, headers(version, *betas))


def refusal(base_url: str, body: object, version: str = CLASSIC, *betas: str) -> str:
    """The message of a 400, or nothing if the request was taken."""
    answered = post(base_url, body, "/v1/messages", version, *betas)
    if answered.status == 200:
        return ""
    document = answered.json()
    assert answered.status == 400, document
    assert document["error"]["type"] == "invalid_request_error"
    return str(document["error"]["message"])


def events(answered: Answered) -> list[dict[str, Any]]:
    """The events of a stream; each is named as its data's type."""
    *found, rest = answered.body.split(b"\n\n")
    assert rest == b""
    return [_event(each) for each in found]


def streamed(base_url: str, body: Mapping[str, object], version: str = CLASSIC, *betas: str) -> list[dict[str, Any]]:
    return events(post(base_url, {**body, "stream": True}, "/v1/messages", version, *betas))


def assembled(stream: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that a whole stream tells, as a strict reader puts it together."""
    kept = [event for event in stream if event["type"] != "ping"]
    first, *middle, delta, last = kept
    assert (first["type"], delta["type"], last["type"]) == ("message_start", "message_delta", "message_stop")
    message = first["message"]
    assert message["content"] == []
    for before, after in pairwise(middle):
        assert (before["type"] == "content_block_stop") == (after["type"] == "content_block_start")
    for event in middle:
        if event["type"] == "content_block_start":
            assert event["index"] == len(message["content"])
            message["content"].append(dict(event["content_block"]))
            pieces = ""
            continue
        assert event["index"] == len(message["content"]) - 1
        block = message["content"][-1]
        if event["type"] == "content_block_delta":
            pieces += _add(block, event["delta"])
        elif block["type"] == "tool_use":
            block["input"] = json.loads(pieces or "{}")
    message.update(delta["delta"])
    message["usage"].update(delta["usage"])
    return dict(message)


def _add(block: dict[str, Any], delta: dict[str, Any]) -> str:
    """Adds a delta to its block; a piece of JSON is returned."""
    kind = delta["type"]
    if kind == "input_json_delta":
        return str(delta["partial_json"])
    name = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}[kind]
    block[name] += delta[name]
    return ""


def _event(lines: bytes) -> dict[str, Any]:
    name, data = lines.split(b"\n")
    assert data.startswith(b"data: ")
    document: dict[str, Any] = json.loads(data[6:])
    assert name == f"event: {document['type']}".encode()
    return document


def _message(role: str, content: tuple[Any, ...]) -> dict[str, Any]:
    plain = len(content) == 1 and isinstance(content[0], str)
    return {"role": role, "content": content[0] if plain else list(content)}
