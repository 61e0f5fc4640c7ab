import json
from typing import Any

import pytest

from tokenrouter.dialects.anthropic.losses import ANTHROPIC, MessagesQuirks
from tokenrouter.dialects.anthropic.request_encoder import encode_request
from tokenrouter.dialects.hub import CalledAs, EncodedRequest, Target, Undo
from tokenrouter.domain.items import Message, Text
from tokenrouter.domain.requests import HostedTool, OutputFormat, Request, Tool, ToolChoice

HI = (Message("user", (Text("hi"),)),)
SCHEMA = OutputFormat("json_schema", b'{"type":"object","properties":{"n":{"type":"integer","minimum":1}}}')
F = (Tool("f", "Does.", b'{"type":"object"}'),)
FORCED = ToolChoice("required", ("f",))
OLD, SONNET_45, OPUS_47, OPUS_55 = (
    "claude-3-5-sonnet-20241022",
    "claude-sonnet-4-5",
    "claude-opus-4-7",
    "claude-opus-5-5",
)


def encoded(model: str, quirks: MessagesQuirks = ANTHROPIC, **more: Any) -> EncodedRequest:
    return encode_request(Request("m", HI, **more), Target("acme", model, "o"), quirks)


def encode(model: str, quirks: MessagesQuirks = ANTHROPIC, **more: Any) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(encoded(model, quirks, **more).body)
    return wire


def lost(model: str, **more: Any) -> dict[str, str]:
    return {loss.feature: loss.fate for loss in encoded(model, **more).losses}


def test_beside_a_schema_the_clients_own_tools_may_still_be_called() -> None:
    assert encode(OLD, output_format=SCHEMA, tools=F)["tool_choice"] == {"type": "any"}
    only = encode(OLD, output_format=SCHEMA, tools=F, tool_choice=ToolChoice("none"))
    assert only["tool_choice"] == {"type": "tool", "name": "structured_answer"}


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        (ToolChoice("auto"), {"type": "auto"}),
        (ToolChoice("none"), {"type": "none"}),
        (ToolChoice("required"), {"type": "any"}),
        (FORCED, {"type": "tool", "name": "f"}),
        (None, None),
    ],
)
def test_tool_choices_are_told_in_anthropics_words(choice: ToolChoice | None, wire: object) -> None:
    assert encode(SONNET_45, tools=F, tool_choice=choice).get("tool_choice") == wire


def test_calls_one_at_a_time_need_a_choice_to_be_said() -> None:
    assert encode(SONNET_45, tools=F, parallel_calls=False)["tool_choice"] == {
        "type": "auto",
        "disable_parallel_tool_use": True,
    }
    none = encode(SONNET_45, tools=F, parallel_calls=False, tool_choice=ToolChoice("none"))
    assert none["tool_choice"] == {"type": "none"}


def test_a_strict_tools_schema_has_only_what_strict_tools_may_have() -> None:
    tool = Tool("a", parameters=b'{"type":"object","properties":{"n":{"type":"integer","minimum":1}}}', strict=True)

    (wire,) = encode(OPUS_47, tools=(tool,))["tools"]
    assert wire["input_schema"]["additionalProperties"] is False
    assert wire["input_schema"]["properties"]["n"] == {"type": "integer", "description": "(minimum: 1)"}
    assert lost(OPUS_47, tools=(tool,)) == {"tool.keywords": "emulated"}


@pytest.mark.parametrize("model", ["claude-sonnet-5-5", OPUS_55])
def test_a_newer_model_cannot_be_made_to_call(model: str) -> None:
    assert encode(model, tools=F, tool_choice=FORCED)["tool_choice"] == {"type": "auto"}
    assert lost(model, tools=F, tool_choice=FORCED) == {"tool_choice.required": "dropped"}


def test_several_allowed_tools_are_the_only_ones_declared() -> None:
    tools = (Tool("a"), Tool("b"), Tool("c"))
    wire = encode(SONNET_45, tools=tools, tool_choice=ToolChoice("required", ("a", "c")))

    assert [tool["name"] for tool in wire["tools"]] == ["a", "c"]
    assert wire["tool_choice"] == {"type": "any"}


def test_without_tools_there_is_neither_a_list_nor_a_choice() -> None:
    assert encode(SONNET_45, tool_choice=ToolChoice("auto"), parallel_calls=False).keys() == {
        "model",
        "max_tokens",
        "messages",
    }


def test_free_text_tools_and_namespaces_become_functions_that_can_be_told_apart() -> None:
    tools = (
        Tool("apply_patch", "Edits.", kind="custom", syntax="lark", grammar="start: X"),
        Tool("wait", namespace="agents", parameters=b'{"type":"object"}'),
    )
    result = encoded(SONNET_45, tools=tools, tool_choice=ToolChoice("required", ("wait",)))
    wire = json.loads(result.body)

    assert [tool["name"] for tool in wire["tools"]] == ["apply_patch", "agents__wait"]
    assert wire["tool_choice"]["name"] == "agents__wait"
    assert result.undo == Undo(
        {"apply_patch": CalledAs("apply_patch", kind="custom"), "agents__wait": CalledAs("wait", "agents")}
    )


def test_strict_is_said_only_where_it_is_known_and_deferred_tools_are_declared_at_once() -> None:
    tools = (Tool("a", strict=True, deferred=True), Tool("b"))

    assert [tool.get("strict") for tool in encode(SONNET_45, tools=tools)["tools"]] == [True, None]
    assert "strict" not in encode(OLD, tools=tools)["tools"][0]
    assert lost(OLD, tools=tools) == {"tool.strict": "dropped", "tool.deferred": "dropped"}


def test_another_vendors_search_becomes_anthropics_unless_it_is_to_stay_off_the_network() -> None:
    search = HostedTool("web_search", "openai-responses", b'{"type":"web_search"}')
    offline = HostedTool("web_search", "openai-responses", b'{"type":"web_search","external_web_access": false}')
    shell = HostedTool("shell", "openai-responses", b"{}")

    assert encode(OPUS_47, tools=(search,))["tools"] == [{"type": "web_search_20250305", "name": "web_search"}]
    assert "tools" not in encode(OPUS_47, tools=(offline, shell))
    assert "tools" not in encode(OPUS_47, quirks=MessagesQuirks(runs_search=False), tools=(search,))
    assert "tools" not in encode("other-1", tools=(search,))
    assert lost(OPUS_47, tools=(offline,)) == {"tool.hosted": "dropped"}
