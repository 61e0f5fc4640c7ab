"""What goes wrong with tools: their declaration, their calls, the ids of those, and their results."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.gateway.fakes import Client, Notes, Provided, Scripted, catalog, gateway
from tests.gateway.test_translation import JSON, body_of, call
from tests.pitfalls.crossing import (
    ANTHROPIC,
    COMPATIBLE,
    DONE,
    GEMINI,
    OPENAI,
    SCHEMA,
    answered,
    begun,
    block,
    bridge,
    called,
    chat,
    crossed,
    ended,
    google,
    named,
    piece,
    sent,
    streamed,
)
from tests.pitfalls.readers import READERS, read_chat, read_messages, read_responses
from tests.pitfalls.serving import Plane
from tokenrouter.dialects.anthropic_codec import MESSAGES_CODEC, MessagesCodec
from tokenrouter.dialects.anthropic_messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.bridge import HubBridge
from tokenrouter.dialects.gemini import GENERATE_CONTENT
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_chat import CHAT
from tokenrouter.dialects.openai_responses import RESPONSES
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import ProviderRefused

_ANTHROPICS_ID: Final = re.compile("[a-zA-Z0-9_-]{1,64}")
_ODD = "functions.look:0"
"""An id as Kimi makes them."""


def chat_turns(call_id: str, arguments: str = '{"path":"a"}', content: str | None = None) -> list[dict[str, Any]]:
    """Return a question, the call that it led to, and the call's result."""
    told = {"id": call_id, "type": "function", "function": {"name": "look", "arguments": arguments}}
    return [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": content, "tool_calls": [told]},
        {"role": "tool", "tool_call_id": call_id, "content": "fine"},
    ]


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
    turns = sent(bridge("mistral", MESSAGES), {"messages": _anthropic_turns(), "max_tokens": 9})["messages"]

    assert re.fullmatch("[A-Za-z0-9]{9}", turns[1]["tool_calls"][0]["id"])
    assert turns[1]["tool_calls"][0]["id"] == turns[2]["tool_call_id"]


def test_09_ids_that_are_used_again_are_made_unique_in_pairs() -> None:
    """9: vendors that number the calls of every turn from 0."""
    turns = sent(bridge(ANTHROPIC, CHAT), {"messages": [*chat_turns("call_0"), *chat_turns("call_0")]})["messages"]
    uses = [each["id"] for turn in turns for each in turn["content"] if each["type"] == "tool_use"]
    results = [each["tool_use_id"] for turn in turns for each in turn["content"] if each["type"] == "tool_result"]

    assert len(set(uses)) == 2
    assert uses == results


def _anthropic_turns() -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "fine"}]},
    ]


_DEMANDING: Final = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "x",
    "type": "object",
    "additionalProperties": False,
    "propertyNames": {"pattern": "^[a-z]+$"},
    "patternProperties": {"^x": {"type": "string"}},
    "properties": {
        "path": {"type": ["string", "null"], "format": "uri", "const": "a"},
        "size": {"type": "integer", "exclusiveMinimum": 0},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "how": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
    },
}
"""Every keyword that Google's own kind of schema does not know."""
_REFUSED: Final = {
    *("$schema", "$id", "additionalProperties", "propertyNames", "patternProperties", "uniqueItems"),
    *("exclusiveMinimum", "const", "oneOf", "allOf"),
}


def _words_of(schema: object) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_words_of, schema))
    return set(schema).union(*map(_words_of, schema.values())) if isinstance(schema, dict) else set()


@pytest.mark.parametrize("client", [CHAT, MESSAGES, RESPONSES])
def test_18_no_keyword_that_gemini_refuses_is_sent_to_it(client: Dialect) -> None:
    """18: each was a 400 (CLIProxyAPI#97, PR#2142, #4754)."""
    tool = _declared(client, _DEMANDING)
    (old,) = sent(bridge(GEMINI, client, "gemini-2.0-flash"), tool)["tools"][0]["functionDeclarations"]
    (new,) = sent(bridge(GEMINI, client, "gemini-3.1-pro"), tool)["tools"][0]["functionDeclarations"]

    assert not _words_of(old["parameters"]) & _REFUSED
    assert old["parameters"]["properties"].keys() == _DEMANDING["properties"].keys()  # type: ignore[attr-defined]
    assert new["parametersJsonSchema"] == _DEMANDING
    assert "parameters" not in new


def _declared(client: Dialect, schema: object, **fields: Any) -> dict[str, Any]:
    """Return a question with one tool, in the client's dialect."""
    if client is CHAT:
        function = {"name": "look", "description": "Looks.", "parameters": schema}
        tools: list[Any] = [{"type": "function", "function": function}]
        return {"messages": [{"role": "user", "content": "look"}], "tools": tools, **fields}
    if client is RESPONSES:
        tools = [{"type": "function", "name": "look", "description": "Looks.", "parameters": schema}]
        return {"input": "look", "tools": tools, **fields}
    if client is GENERATE_CONTENT:
        tools = [{"name": "look", "description": "Looks.", "parametersJsonSchema": schema}]
        contents = [{"role": "user", "parts": [{"text": "look"}]}]
        return {"contents": contents, "tools": [{"functionDeclarations": tools}], **fields}
    tools = [{"name": "look", "description": "Looks.", "input_schema": schema}]
    return {"messages": [{"role": "user", "content": "look"}], "tools": tools, "max_tokens": 99, **fields}


_TOOL_STOPS: Final = ((CHAT, "tool_calls"), (MESSAGES, "tool_use"), (RESPONSES, "completed"))


@pytest.mark.parametrize(("client", "stop"), _TOOL_STOPS)
def test_19_geminis_stop_after_a_call_is_told_as_a_call(client: Dialect, stop: str) -> None:
    """19: told as the end, agents stopped there (litellm PR#10485, CLIProxyAPI#866, gcli2api PR#407)."""
    late = google(called("look", {})) + google({"text": ""}) + google(finish="STOP")
    at_once = google(called("look", {}), finish="STOP")

    for wire in (late, at_once):
        heard = READERS[client.name](streamed(bridge(GEMINI, client), wire))
        assert heard.stop == stop
        assert heard.called == [("look", {})]


@pytest.mark.parametrize("client", [CHAT, MESSAGES, RESPONSES])
def test_19_a_malformed_call_is_no_clean_end(client: Dialect) -> None:
    """19: an empty success (OmniRoute PR#6713)."""
    wire = google({"text": "Look:"}) + google(finish="MALFORMED_FUNCTION_CALL")
    relay = crossed(bridge(GEMINI, client)).relay()
    out = relay.feed(wire)
    heard = READERS[client.name](out + (relay.close() or b""))

    assert "MALFORMED_FUNCTION_CALL" in heard.error["message"]
    assert not heard.stop
    with pytest.raises(ProviderRefused):
        answered(bridge(GEMINI, client), {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]})


_PATCH: Final = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: line+"},
}
_AGENTS: Final = {
    "type": "namespace",
    "name": "multi_agent_v1",
    "description": "Agents.",
    "tools": [{"type": "function", "name": "wait_agent", "parameters": SCHEMA}],
}
_CODEX: Final = {
    "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "edit"}]}],
    "tools": [
        _PATCH,
        _AGENTS,
        {"type": "web_search", "external_web_access": False},
        {"type": "tool_search", "execution": "client", "description": "Finds tools.", "parameters": SCHEMA},
    ],
}
_TEXT: Final = '*** Begin Patch\n"ü"\n'


def test_21_a_custom_tools_call_comes_back_as_what_codex_declared() -> None:
    """21: as function_call Codex aborts (litellm PR#31571)."""
    arguments = json.dumps({"input": _TEXT})
    wire = chat({"tool_calls": [piece(0, arguments[:19], "call_a", "apply_patch")]})
    wire += chat({"tool_calls": [piece(0, arguments[19:])]}, "tool_calls") + DONE
    out = streamed(bridge(COMPATIBLE, RESPONSES), wire, body=_CODEX)

    assert read_responses(out).calls == [("call_a", "apply_patch", _TEXT)]
    assert b"event: response.custom_tool_call_input.done" in out
    assert b'"type":"custom_tool_call"' in out
    assert b'"type":"function_call"' not in out


@pytest.mark.parametrize("kind", [COMPATIBLE, ANTHROPIC, GEMINI])
def test_21_a_namespaced_call_comes_back_with_its_namespace(kind: str) -> None:
    """21: namespaces were dropped; a bare or joined name is an unsupported call (litellm#35878)."""
    name = "multi_agent_v1__wait_agent"
    use = {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}
    wires = {
        COMPATIBLE: chat({"tool_calls": [piece(0, "{}", "call_a", name)]}, "tool_calls") + DONE,
        ANTHROPIC: named(begun(input_tokens=1), *block(0, use), *ended("tool_use")),
        GEMINI: google(called(name, {}), finish="STOP"),
    }
    out = streamed(bridge(kind, RESPONSES), wires[kind], body=_CODEX)
    (item,) = json.loads(out.rpartition(b"data: ")[2])["response"]["output"]

    assert name in json.dumps(sent(bridge(kind, RESPONSES), _CODEX)["tools"])
    assert (item["type"], item["namespace"], item["name"]) == ("function_call", "multi_agent_v1", "wait_agent")


def test_21_a_search_for_tools_comes_back_as_one() -> None:
    """21: dropped (litellm#27655, llama.cpp PR#23041)."""
    wire = chat({"tool_calls": [piece(0, '{"query":"x"}', "call_a", "tool_search")]}, "tool_calls") + DONE
    out = streamed(bridge(COMPATIBLE, RESPONSES), wire, body=_CODEX)
    (item,) = json.loads(out.rpartition(b"data: ")[2])["response"]["output"]

    assert (item["type"], item["execution"], item["arguments"]) == ("tool_search_call", "client", {"query": "x"})


@pytest.mark.parametrize("kind", [COMPATIBLE, ANTHROPIC, GEMINI])
def test_21_no_type_of_tool_is_sent_to_a_vendor_that_does_not_know_it(kind: str) -> None:
    """21: built-in types were passed through (litellm#27655)."""
    told = json.dumps(sent(bridge(kind, RESPONSES), _CODEX)["tools"])

    assert "apply_patch" in told
    for word in ('"custom"', '"namespace"', '"tool_search"', '"grammar"'):
        assert f'"type": {word}' not in told
    assert "web_search" not in told


def test_21_openai_gets_them_as_they_were_declared() -> None:
    """21: through a client of another dialect too, a free-text tool stays one."""
    custom = {"type": "custom", "custom": {"name": "apply_patch"}}
    body = {"messages": [{"role": "user", "content": "edit"}], "tools": [custom]}

    assert sent(bridge(OPENAI, CHAT), body)["tools"][0]["type"] == "custom"


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
@pytest.mark.parametrize("arguments", ["", " ", "{}"])
def test_27_a_call_without_arguments_has_an_empty_object(client: Dialect, arguments: str) -> None:
    """27: an empty text is no JSON (litellm#5063, vercel/ai PR#10747, simonw/llm PR#1164)."""
    way = bridge(COMPATIBLE, client)
    wire = chat({"tool_calls": [piece(0, arguments, "call_a", "look")]}) + chat({}, "tool_calls") + DONE
    told = {"id": "call_a", "type": "function", "function": {"name": "look", "arguments": arguments}}
    whole = {"choices": [{"message": {"role": "assistant", "tool_calls": [told]}, "finish_reason": "tool_calls"}]}

    assert READERS[client.name](streamed(way, wire)).called == [("look", {})]
    text = json.dumps(answered(way, whole))
    assert any(empty in text for empty in ('"input": {}', '"args": {}', '"arguments": "{}"'))


@pytest.mark.parametrize("kind", [ANTHROPIC, GEMINI, OPENAI])
@pytest.mark.parametrize("arguments", ["", " ", "{}"])
def test_27_nor_does_a_provider_get_an_empty_text(kind: str, arguments: str) -> None:
    """27: when such a call is in the history."""
    told = json.dumps(sent(bridge(kind, CHAT), {"messages": chat_turns("call_a", arguments)}))

    assert any(empty in told for empty in ('"input": {}', '"args": {}', '"arguments": "{}"'))


def test_27_anthropics_own_call_without_arguments_has_them_for_openais_clients() -> None:
    """27: its stream tells no piece at all."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    wire = named(begun(input_tokens=1), *block(0, use), *ended("tool_use"))

    assert read_chat(streamed(bridge(ANTHROPIC, CHAT), wire)).called == [("look", {})]
    assert read_responses(streamed(bridge(ANTHROPIC, RESPONSES), wire)).called == [("look", {})]


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
    told = sent(way, {**_declared(MESSAGES, SCHEMA), "tools": tools, "tool_choice": _NO_PARALLEL})

    assert told["tools"][0]["allowed_callers"] == _CALLERS
    assert told["tools"][0]["eager_input_streaming"] is True
    assert told["tool_choice"] == _NO_PARALLEL


@pytest.mark.parametrize("client", [CHAT, RESPONSES])
def test_33_parallel_off_is_told_between_openai_and_anthropic(client: Dialect) -> None:
    """33: and Anthropic needs a choice to say it in."""
    there = sent(bridge(ANTHROPIC, client), _declared(client, SCHEMA, parallel_tool_calls=False))
    back = sent(bridge(COMPATIBLE, MESSAGES), _declared(MESSAGES, SCHEMA, tool_choice=_NO_PARALLEL))

    assert there["tool_choice"] == _NO_PARALLEL
    assert back["parallel_tool_calls"] is False
    assert "tool_choice" not in sent(bridge(ANTHROPIC, client), _declared(client, SCHEMA))


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
    told = sent(bridge(ANTHROPIC, client, "claude-opus-4-8"), _declared(client, SCHEMA))

    assert told["tools"] == [_LOOK]
    assert told["messages"] == [{"role": "user", "content": [{"type": "text", "text": "look"}]}]


def test_35_and_every_choice_among_them() -> None:
    """35: each in its own words."""
    named_one = {"type": "function", "function": {"name": "look"}}
    told = {"auto": {"type": "auto"}, "none": {"type": "none"}, "required": {"type": "any"}}
    for choice, wanted in [*told.items(), (named_one, {"type": "tool", "name": "look"})]:
        body = _declared(CHAT, SCHEMA, tool_choice=choice)
        assert sent(bridge(ANTHROPIC, CHAT, "claude-opus-4-8"), body)["tool_choice"] == wanted


def test_35_a_turn_of_parallel_calls_and_their_results_is_what_anthropic_demands() -> None:
    """35: all results in the next user turn, before its words; inputs are objects."""
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": "look", "arguments": f'{{"path":"{n}"}}'}}
        for n in "ab"
    ]
    results = [{"role": "tool", "tool_call_id": f"call_{n}", "content": n} for n in "ba"]
    turns = [{"role": "user", "content": "look"}, {"role": "assistant", "content": None, "tool_calls": calls}]
    body = _declared(CHAT, SCHEMA) | {"messages": [*turns, *results, {"role": "user", "content": "well?"}]}
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


@pytest.mark.parametrize("client", [CHAT, MESSAGES, RESPONSES])
def test_18_nor_in_the_schema_of_an_answer(client: Dialect) -> None:
    """18: structured output has the same two kinds."""
    told: dict[Dialect, dict[str, Any]] = {
        CHAT: {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": _DEMANDING}}},
        RESPONSES: {"text": {"format": {"type": "json_schema", "name": "a", "schema": _DEMANDING}}},
        MESSAGES: {"output_config": {"format": {"type": "json_schema", "schema": _DEMANDING}}},
    }
    body = {**_declared(client, SCHEMA), **told[client]}
    del body["tools"]
    old = sent(bridge(GEMINI, client, "gemini-2.0-flash"), body)["generationConfig"]
    new = sent(bridge(GEMINI, client, "gemini-3.1-pro"), body)["generationConfig"]

    assert not _words_of(old["responseSchema"]) & _REFUSED
    assert new["responseJsonSchema"] == _DEMANDING
    assert old["responseMimeType"] == new["responseMimeType"] == "application/json"


@pytest.mark.parametrize(("client", "stop"), _TOOL_STOPS)
def test_19_so_is_that_of_a_whole_answer(client: Dialect, stop: str) -> None:
    """19: without a stream."""
    content = {"role": "model", "parts": [called("look", {})]}
    told = answered(bridge(GEMINI, client), {"candidates": [{"content": content, "finishReason": "STOP"}]})

    assert stop in (told.get("stop_reason"), told.get("status"), told.get("choices", [{}])[0].get("finish_reason"))


@pytest.mark.parametrize("kind", [COMPATIBLE, ANTHROPIC, GEMINI])
def test_21_tools_that_stand_in_an_item_of_the_input_are_declared(kind: str) -> None:
    """21: as Codex has it with its own models (facts, 0.6), and what its search for tools has found."""
    words = [{"type": "message", "role": "user", "content": "edit"}]
    asked = {"type": "tool_search_call", "call_id": "call_s", "execution": "client", "arguments": {"query": "x"}}
    found = {"type": "tool_search_output", "call_id": "call_s", "execution": "client", "tools": [_AGENTS]}
    given = {"type": "additional_tools", "role": "developer", "tools": [_PATCH]}
    told = json.dumps(sent(bridge(kind, RESPONSES), {"input": [given, *words, asked, found]})["tools"])

    assert '"apply_patch"' in told
    assert '"multi_agent_v1__wait_agent"' in told


@pytest.mark.parametrize("client", [RESPONSES, GENERATE_CONTENT])
def test_35_other_clients_turns_of_calls_are_the_same_there(client: Dialect) -> None:
    """35: the suite of each client's tools runs on every change."""
    calls = [("call_a", {"path": "a"}), ("call_b", {"path": "b"})]
    body = _declared(client, SCHEMA)
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
    turns = _anthropic_turns()
    turns[1]["content"].insert(0, thought)
    told = sent(bridge("openrouter", MESSAGES), {"messages": turns, "max_tokens": 9})["messages"]

    assert "c2ln" not in json.dumps(told)
    assert told[1]["reasoning"] == "hm"
