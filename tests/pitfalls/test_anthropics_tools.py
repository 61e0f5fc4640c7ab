"""What goes wrong with tools on their way to Anthropic, and from one Anthropic to another."""

import json
from pathlib import Path
from typing import Final

import pytest

from tests.gateway.fakes import Client, Notes, Provided, Scripted, catalog, gateway
from tests.gateway.test_translation import JSON, body_of, call
from tests.pitfalls.crossing import (
    ANTHROPIC,
    COMPATIBLE,
    SCHEMA,
    bridge,
    chat,
    chat_turns,
    crossed,
    declared,
    messages_turns,
    piece,
    sent,
)
from tests.pitfalls.serving import Plane
from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC, MessagesCodec
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.bridge import HubBridge
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.catalog import Provider

_NO_PARALLEL: Final = {"type": "auto", "disable_parallel_tool_use": True}
_CALLERS: Final = ["code_execution_20260120"]


async def test_33_parallel_off_and_callers_survive_from_anthropic_to_anthropic() -> None:
    """33: they were erased (llmgateway#4149)."""
    tools = [{"name": "look", "input_schema": SCHEMA, "allowed_callers": _CALLERS, "eager_input_streaming": True}]
    state = catalog(providers=(Provider("acme", "anthropic", "http://127.0.0.1:9/v1", secret="k"),))
    provided = Provided(Scripted(200, JSON, [b'{"content":[],"usage":{}}']))
    await gateway(provided, Notes(), state).serve(call(MESSAGES, tools=tools, tool_choice=_NO_PARALLEL), Client())
    told = body_of(provided.asked[0])

    assert told["tools"] == tools
    assert told["tool_choice"] == _NO_PARALLEL


def test_33_and_through_the_hub() -> None:
    """33: as between Anthropic and a cloud that serves its models."""
    way = HubBridge(MESSAGES_CODEC, MessagesCodec(), Target("acme", "claude-opus-4-8"), StateMemory(), "alice")
    tools = [{"name": "look", "input_schema": SCHEMA, "allowed_callers": _CALLERS, "eager_input_streaming": True}]
    told = sent(way, {**declared(MESSAGES, SCHEMA), "tools": tools, "tool_choice": _NO_PARALLEL})

    assert told["tools"][0]["allowed_callers"] == _CALLERS
    assert told["tools"][0]["eager_input_streaming"] is True
    assert told["tool_choice"] == _NO_PARALLEL


@pytest.mark.parametrize("client", [CHAT, RESPONSES])
def test_33_parallel_off_is_told_between_openai_and_anthropic(client: Dialect) -> None:
    """33: and Anthropic needs a choice to say it in."""
    there = sent(bridge(ANTHROPIC, client), declared(client, SCHEMA, parallel_tool_calls=False))
    back = sent(bridge(COMPATIBLE, MESSAGES), declared(MESSAGES, SCHEMA, tool_choice=_NO_PARALLEL))

    assert there["tool_choice"] == _NO_PARALLEL
    assert back["parallel_tool_calls"] is False
    assert "tool_choice" not in sent(bridge(ANTHROPIC, client), declared(client, SCHEMA))


async def test_34_the_names_of_betas_reach_anthropic(tmp_path: Path) -> None:
    """34: fine-grained streaming of arguments was lost with its header (bifrost#2048)."""
    plane = Plane(tmp_path, "anthropic", Scripted(200, JSON, [b'{"content":[],"usage":{}}']))
    betas = b"fine-grained-tool-streaming-2025-05-14,interleaved-thinking-2025-05-14"
    headers = {b"anthropic-beta": betas, b"anthropic-version": b"2026-10-21"}
    body = {"model": "acme/claude-opus-4-8", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    for path in (b"/v1/messages", b"/anthropic/v1/messages"):
        await plane.post(path, body, headers=headers)

        assert b"\r\nanthropic-beta: " + betas + b"\r\n" in plane.asked[0]
        assert b"\r\nanthropic-version: 2026-10-21\r\n" in plane.asked[0]


def test_34_arguments_are_told_as_they_come() -> None:
    """34: piece by piece, not at their end."""
    relay = crossed(bridge(COMPATIBLE, MESSAGES)).relay()
    relay.feed(chat({"tool_calls": [piece(0, '{"path":', "call_a", "look")]}))

    assert b'"partial_json":"\\"a' in relay.feed(chat({"tool_calls": [piece(0, '"a')]}))


_LOOK: Final = {"name": "look", "description": "Looks.", "input_schema": SCHEMA}


@pytest.mark.parametrize("client", [CHAT, RESPONSES, GENERATE_CONTENT])
def test_35_anthropic_gets_tools_as_its_reference_has_them(client: Dialect) -> None:
    """35: a wrong payload broke all calls of a release (bifrost#3511)."""
    told = sent(bridge(ANTHROPIC, client, "claude-opus-4-8"), declared(client, SCHEMA))

    assert told["tools"] == [_LOOK]
    assert told["messages"] == [{"role": "user", "content": [{"type": "text", "text": "look"}]}]


def test_35_and_every_choice_among_them() -> None:
    """35: each in its own words."""
    named_one = {"type": "function", "function": {"name": "look"}}
    told = {"auto": {"type": "auto"}, "none": {"type": "none"}, "required": {"type": "any"}}
    for choice, wanted in [*told.items(), (named_one, {"type": "tool", "name": "look"})]:
        body = declared(CHAT, SCHEMA, tool_choice=choice)
        assert sent(bridge(ANTHROPIC, CHAT, "claude-opus-4-8"), body)["tool_choice"] == wanted


def test_35_a_turn_of_parallel_calls_and_their_results_is_what_anthropic_demands() -> None:
    """35: all results in the next user turn, before its words; inputs are objects."""
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": "look", "arguments": f'{{"path":"{n}"}}'}}
        for n in "ab"
    ]
    results = [{"role": "tool", "tool_call_id": f"call_{n}", "content": n} for n in "ba"]
    turns = [{"role": "user", "content": "look"}, {"role": "assistant", "content": None, "tool_calls": calls}]
    body = declared(CHAT, SCHEMA) | {"messages": [*turns, *results, {"role": "user", "content": "well?"}]}
    _, said, answer = sent(bridge(ANTHROPIC, CHAT), body)["messages"]

    assert [each["type"] for each in answer["content"]] == ["tool_result", "tool_result", "text"]
    assert said["content"] == [
        {"type": "tool_use", "id": f"call_{n}", "name": "look", "input": {"path": n}} for n in "ab"
    ]
    assert [each["tool_use_id"] for each in answer["content"][:2]] == ["call_a", "call_b"]
    assert answer["content"][0]["content"] == [{"type": "text", "text": "a"}]


def test_35_a_call_without_a_result_gets_one_and_a_result_without_a_call_becomes_words() -> None:
    """35: Anthropic refuses both, on every later turn."""
    first, asked, _ = chat_turns("call_a")
    stray = {"role": "tool", "tool_call_id": "call_z", "content": "lost"}
    told = sent(bridge(ANTHROPIC, CHAT), {"messages": [first, asked, {"role": "user", "content": "stop"}, stray]})
    blocks = [each for turn in told["messages"] for each in turn["content"]]

    assert [each["type"] for each in blocks] == ["text", "tool_use", "tool_result", "text", "text"]
    assert blocks[2]["tool_use_id"] == "call_a"
    assert blocks[2]["is_error"]
    assert "lost" in blocks[4]["text"]


@pytest.mark.parametrize("client", [RESPONSES, GENERATE_CONTENT])
def test_35_other_clients_turns_of_calls_are_the_same_there(client: Dialect) -> None:
    """35: the suite of each client's tools runs on every change."""
    calls = [("call_a", {"path": "a"}), ("call_b", {"path": "b"})]
    body = declared(client, SCHEMA)
    if client is RESPONSES:
        asked = [{"type": "function_call", "call_id": i, "name": "look", "arguments": json.dumps(a)} for i, a in calls]
        told = [{"type": "function_call_output", "call_id": i, "output": a["path"]} for i, a in calls]
        body["input"] = [{"role": "user", "content": "look"}, *asked, *told]
    else:
        parts = [{"functionCall": {"id": i, "name": "look", "args": a}} for i, a in calls]
        results = [{"functionResponse": {"id": i, "name": "look", "response": {"output": a["path"]}}} for i, a in calls]
        body["contents"] += [{"role": "model", "parts": parts}, {"role": "user", "parts": results}]
    _, said, answer = sent(bridge(ANTHROPIC, client), body)["messages"]

    assert said["content"] == [{"type": "tool_use", "id": i, "name": "look", "input": a} for i, a in calls]
    assert [(each["tool_use_id"], each["content"]) for each in answer["content"]] == [
        (i, [{"type": "text", "text": a["path"]}]) for i, a in calls
    ]


def test_35_openrouter_is_sent_no_signature() -> None:
    """35: its route to Bedrock answered 400 to one (nagobot#21)."""
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln" * 20}
    turns = messages_turns()
    turns[1]["content"].insert(0, thought)
    told = sent(bridge("openrouter", MESSAGES), {"messages": turns, "max_tokens": 9})["messages"]

    assert "c2ln" not in json.dumps(told)
    assert told[1]["reasoning"] == "hm"
