import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.agent_requests import agent_request
from tests.dialects.recorded import spoiled
from tokenrouter.dialects.anthropic.blocks import said_items, text_parts, user_items
from tokenrouter.dialects.anthropic.plain_turns import read_plain_turns
from tokenrouter.domain.items import Item, Message

WORDS = {"type": "text", "text": "go", "cache_control": {"type": "ephemeral"}}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
SAID: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "hm", "signature": "s1"},
    {"type": "redacted_thinking", "data": "d"},
    WORDS,
    {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}},
]
TOLD: list[dict[str, Any]] = [
    WORDS,
    PICTURE,
    {"type": "tool_result", "tool_use_id": "c1", "content": "done", "is_error": True},
    {"type": "tool_result", "tool_use_id": "c2", "content": [WORDS, PICTURE]},
]
TURNS: list[dict[str, Any]] = [
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": SAID},
    {"role": "user", "content": TOLD},
    {"role": "assistant", "content": "bye"},
]


def one_by_one(turns: list[dict[str, Any]]) -> list[Item]:
    return [item for turn in turns for item in _turn(turn["role"], turn.get("content"))]


def _turn(role: Any, content: object) -> list[Item]:
    if not isinstance(content, list):
        parts = text_parts(content)  # type: ignore[arg-type]
        return [Message(role, parts)] if parts else []
    raws = [msgspec.Raw(json.dumps(block).encode()) for block in content]
    return user_items(raws) if role == "user" else said_items(raws)


def test_plain_turns_are_read_in_one_go() -> None:
    assert read_plain_turns(json.dumps(TURNS).encode()) == one_by_one(TURNS)


def test_what_an_agent_sends_is_plain() -> None:
    turns = json.loads(agent_request("anthropic-messages"))["messages"]

    assert read_plain_turns(json.dumps(turns).encode()) == one_by_one(turns)


@pytest.mark.parametrize("kind", ["server_tool_use", "search_result", "document", "compaction"])
def test_turns_with_a_block_of_a_rarer_type_are_read_block_by_block(kind: str) -> None:
    assert read_plain_turns(json.dumps([*TURNS, {"role": "user", "content": [{"type": kind}]}]).encode()) is None


def test_a_system_turn_among_the_others_is_read_by_itself() -> None:
    assert read_plain_turns(json.dumps([*TURNS, {"role": "system", "content": "be brief"}]).encode()) is None


@given(st.data())
def test_what_is_read_in_one_go_is_never_read_otherwise_block_by_block(data: st.DataObject) -> None:
    turns = [spoiled(data.draw(st.sampled_from(TURNS)), data)]

    plain = read_plain_turns(json.dumps(turns).encode())

    assert plain is None or plain == one_by_one(turns)
