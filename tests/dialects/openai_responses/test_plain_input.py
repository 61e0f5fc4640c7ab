import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.agent_requests import agent_request
from tests.dialects.recorded import spoiled
from tokenrouter.dialects.openai_responses.items import kind_of, read_item
from tokenrouter.dialects.openai_responses.plain_input import read_plain_input
from tokenrouter.domain.items import Item

WORDS = {"type": "input_text", "text": "go"}
PLAIN: list[dict[str, Any]] = [
    {"role": "user", "content": "hi"},
    {"type": "message", "role": "developer", "content": [WORDS], "id": "m1", "phase": "commentary"},
    {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}],
    },
    {"type": "reasoning", "id": "r1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "x"},
    {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}', "namespace": "files"},
    {"type": "function_call", "call_id": "c2", "name": "f", "arguments": {"a": 1}},
    {"type": "custom_tool_call", "call_id": "c3", "name": "sh", "input": "ls"},
    {"type": "function_call_output", "call_id": "c1", "output": "done"},
    {"type": "function_call_output", "call_id": "c2", "output": [WORDS]},
    {"type": "custom_tool_call_output", "call_id": "c3", "output": ""},
]


def one_by_one(items: list[dict[str, Any]]) -> list[Item]:
    raws = [msgspec.Raw(json.dumps(item).encode()) for item in items]
    return [read_item(raw, "", kind_of(raw, "")) for raw in raws]


def test_plain_items_are_read_in_one_go() -> None:
    assert read_plain_input(json.dumps(PLAIN).encode()) == one_by_one(PLAIN)


def test_what_an_agent_sends_is_plain() -> None:
    assert read_plain_input(json.dumps(json.loads(agent_request("openai-responses"))["input"]).encode()) is not None


@pytest.mark.parametrize("kind", ["item_reference", "web_search_call", "tool_search_call", "compaction", ""])
def test_an_input_with_an_item_of_a_rarer_type_is_read_item_by_item(kind: str) -> None:
    assert read_plain_input(json.dumps([*PLAIN, {"type": kind, "id": "i1"}]).encode()) is None


@given(st.data())
def test_what_is_read_in_one_go_is_never_read_otherwise_item_by_item(data: st.DataObject) -> None:
    items = [spoiled(data.draw(st.sampled_from(PLAIN)), data)]

    plain = read_plain_input(json.dumps(items).encode())

    assert plain is None or plain == one_by_one(items)
