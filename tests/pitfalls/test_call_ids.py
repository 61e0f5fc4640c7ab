"""What goes wrong with the ids of calls: each vendor has its own idea of what one may look like."""

import re
from typing import Final

import pytest

from tests.pitfalls.crossing import (
    ANTHROPIC,
    COMPATIBLE,
    DONE,
    bridge,
    chat,
    chat_turns,
    messages_turns,
    piece,
    sent,
    streamed,
)
from tests.pitfalls.readers import READERS, read_messages
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES

_ANTHROPICS_ID: Final = re.compile("[a-zA-Z0-9_-]{1,64}")
_ODD = "functions.look:0"
"""An id as Kimi makes them."""


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
def test_09_ids_with_odd_characters_do_not_reach_the_client(client: Dialect) -> None:
    """9: they poison the transcript (claude-code-router#1808, bifrost#5097)."""
    wire = chat({"tool_calls": [piece(0, "{}", _ODD, "look")]}, "tool_calls") + DONE
    ((call_id, _, _),) = READERS[client.name](streamed(bridge(COMPATIBLE, client), wire)).calls

    assert _ANTHROPICS_ID.fullmatch(call_id)


@pytest.mark.parametrize("call_id", [_ODD, "call_abc/1:+=__thought__xyz", "x" * 90])
def test_09_nor_an_anthropic_provider_whatever_a_client_replays(call_id: str) -> None:
    """9: call and result keep the same id."""
    turns = sent(bridge(ANTHROPIC, CHAT), {"messages": chat_turns(call_id)})["messages"]

    assert _ANTHROPICS_ID.fullmatch(turns[1]["content"][0]["id"])
    assert turns[2]["content"][0]["tool_use_id"] == turns[1]["content"][0]["id"]


def test_09_kimi_gets_its_own_ids_back() -> None:
    """9: made legal, they break it (litellm PR#34523)."""
    way = bridge("moonshotai", MESSAGES)
    wire = chat({"tool_calls": [piece(0, "{}", _ODD, "look")]}, "tool_calls") + DONE
    ((call_id, _, _),) = read_messages(streamed(way, wire)).calls
    use = {"type": "tool_use", "id": call_id, "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": call_id, "content": "fine"}
    turns = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    told = sent(way, {"messages": turns, "max_tokens": 9})["messages"]

    assert told[1]["tool_calls"][0]["id"] == _ODD
    assert told[2]["tool_call_id"] == _ODD


def test_09_mistral_gets_nine_letters_or_digits() -> None:
    """9: it refuses all others; the result's is the same."""
    turns = sent(bridge("mistral", MESSAGES), {"messages": messages_turns(), "max_tokens": 9})["messages"]

    assert re.fullmatch("[A-Za-z0-9]{9}", turns[1]["tool_calls"][0]["id"])
    assert turns[1]["tool_calls"][0]["id"] == turns[2]["tool_call_id"]


def test_09_ids_that_are_used_again_are_made_unique_in_pairs() -> None:
    """9: vendors that number the calls of every turn from 0."""
    turns = sent(bridge(ANTHROPIC, CHAT), {"messages": [*chat_turns("call_0"), *chat_turns("call_0")]})["messages"]
    uses = [each["id"] for turn in turns for each in turn["content"] if each["type"] == "tool_use"]
    results = [each["tool_use_id"] for turn in turns for each in turn["content"] if each["type"] == "tool_result"]

    assert len(set(uses)) == 2
    assert uses == results
