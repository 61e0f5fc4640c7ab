"""What goes wrong with tools: their schemas, their kinds, and how a turn with calls ends."""

import json
from typing import Any, Final

import pytest

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
    chat_turns,
    crossed,
    declared,
    ended,
    google,
    named,
    piece,
    sent,
    streamed,
)
from tests.pitfalls.readers import READERS, read_chat, read_responses
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.domain.errors import ProviderRefused

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
    tool = declared(client, _DEMANDING)
    (old,) = sent(bridge(GEMINI, client, "gemini-2.0-flash"), tool)["tools"][0]["functionDeclarations"]
    (new,) = sent(bridge(GEMINI, client, "gemini-3.1-pro"), tool)["tools"][0]["functionDeclarations"]

    assert not _words_of(old["parameters"]) & _REFUSED
    assert old["parameters"]["properties"].keys() == _DEMANDING["properties"].keys()  # type: ignore[attr-defined]
    assert new["parametersJsonSchema"] == _DEMANDING
    assert "parameters" not in new


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


@pytest.mark.parametrize("client", [CHAT, MESSAGES, RESPONSES])
def test_18_nor_in_the_schema_of_an_answer(client: Dialect) -> None:
    """18: structured output has the same two kinds."""
    told: dict[Dialect, dict[str, Any]] = {
        CHAT: {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": _DEMANDING}}},
        RESPONSES: {"text": {"format": {"type": "json_schema", "name": "a", "schema": _DEMANDING}}},
        MESSAGES: {"output_config": {"format": {"type": "json_schema", "schema": _DEMANDING}}},
    }
    body = {**declared(client, SCHEMA), **told[client]}
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
