import json
from typing import Any

import pytest

from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.unbounded_input import unbounded_part
from tokenrouter.domain.ledger import Operation


def found(operation: Operation, fields: dict[str, Any]) -> tuple[str, str] | None:
    body = json.dumps(fields).encode()
    return unbounded_part(operation, peek_object(body), body)


def said(*blocks: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": "hello"}, {"role": "user", "content": list(blocks)}]


UNBOUNDED: list[tuple[Operation, str, Any]] = [
    ("chat", "messages", said({"type": "image_url", "image_url": {"url": "https://x/y.png"}})),
    ("chat", "messages", said({"type": "file", "file": {"file_id": "file-1"}})),
    ("chat", "tools", [{"type": "web_search"}]),
    ("chat", "web_search_options", {"search_context_size": "low"}),
    ("responses", "input", said({"type": "input_image", "image_url": "https://x/y.png"})),
    ("responses", "input", said({"type": "input_image", "file_id": "file-1"})),
    ("responses", "input", said({"type": "input_file", "file_url": "https://x/y.pdf"})),
    ("responses", "input", [{"type": "item_reference", "id": "msg_1"}]),
    ("responses", "input", [{"type": "function_call_output", "output": [{"type": "input_file", "file_id": "f"}]}]),
    ("responses", "previous_response_id", "resp_1"),
    ("responses", "conversation", "conv_1"),
    ("responses", "tools", [{"type": "function", "name": "f"}, {"type": "web_search", "external_web_access": False}]),
    ("responses", "tools", [{"type": "mcp", "server_url": "https://x"}]),
    ("messages", "messages", said({"type": "image", "source": {"type": "url", "url": "https://x/y.png"}})),
    ("messages", "messages", said({"type": "document", "source": {"type": "file", "file_id": "file_1"}})),
    (
        "messages",
        "messages",
        said({"type": "tool_result", "content": [{"type": "image", "source": {"type": "url", "url": "https://x"}}]}),
    ),
    ("messages", "messages", said({"type": "container_upload", "file_id": "file_1"})),
    ("messages", "tools", [{"name": "f", "input_schema": {}}, {"type": "web_search_20250305", "name": "web_search"}]),
    ("messages", "mcp_servers", [{"type": "url", "url": "https://x"}]),
    ("generate_content", "contents", [{"parts": [{"fileData": {"fileUri": "gs://x"}}]}]),
    ("generate_content", "contents", [{"parts": [{"file_data": {"file_uri": "https://youtu.be/x"}}]}]),
    ("generate_content", "cachedContent", "cachedContents/1"),
    ("generate_content", "tools", [{"functionDeclarations": []}, {"googleSearch": {}}]),
]


@pytest.mark.parametrize(("operation", "field", "value"), UNBOUNDED)
def test_what_only_a_name_stands_for_is_found_with_its_field(operation: Operation, field: str, value: Any) -> None:
    told = found(operation, {"model": "m", field: value})

    assert told is not None
    assert told[0] == field


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("chat", {"messages": said({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}})}),
        ("chat", {"messages": said({"type": "file", "file": {"file_data": "data:application/pdf;base64,AA=="}})}),
        ("chat", {"messages": said(), "tools": [{"type": "function", "function": {"name": "web_search"}}]}),
        ("chat", {"messages": [{"role": "user", "content": '{"type":"file","file":{"file_id":"x"}}'}]}),
        ("chat", {"messages": said(), "web_search_options": None}),
        ("responses", {"input": 'look at "file_id" and "image_url"', "previous_response_id": None}),
        ("responses", {"input": said({"type": "input_image", "image_url": "data:image/png;base64,AA=="})}),
        ("responses", {"input": [], "tools": [{"type": "custom", "name": "x"}, {"type": "local_shell"}]}),
        ("messages", {"messages": said({"type": "image", "source": {"type": "base64", "data": "AA=="}})}),
        ("messages", {"messages": said(), "tools": [{"name": "f"}, {"type": "bash_20250124", "name": "bash"}]}),
        ("messages", {"messages": said({"type": "tool_use", "input": {"source": {"type": "url"}}})}),
        ("generate_content", {"contents": [{"parts": [{"inlineData": {"data": "AA=="}}, {"text": "fileData"}]}]}),
        ("embeddings", {"input": [{"file_id": "x"}]}),
    ],
)
def test_what_stands_in_the_request_itself_is_bounded(operation: Operation, fields: dict[str, Any]) -> None:
    assert found(operation, {"model": "m", **fields}) is None


def test_a_name_with_escapes_is_found_too() -> None:
    body = b'{"messages":[{"content":[{"im\\u0061ge_ur\\u006c":{"ur\\u006c":"https://x"}}]}]}'

    assert unbounded_part("chat", peek_object(body), body) == ("messages", "an image or video by its address")
    body = b'{"model":"m","messages":[{"content":[{"type":"file","file":{"file\\u005fid":"x"}}]}]}'
    assert unbounded_part("chat", peek_object(body), body) is not None


def test_a_conversation_nested_without_end_is_not_followed_there() -> None:
    deep: Any = {"file": {"file_id": "x"}}
    for _ in range(200):
        deep = {"content": [deep], "image_url": {"url": "data:"}}

    assert found("chat", {"messages": [deep]}) is None
