import json
from typing import Any

import pytest

from tokenrouter.dialects.gemini.losses import REQUEST_LOSSES, GeminiQuirks
from tokenrouter.dialects.gemini.tools import add_tools, function_call, function_name, names_to_undo
from tokenrouter.dialects.hub import CalledAs
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.items import Call
from tokenrouter.domain.requests import HostedTool, Request, Tool, ToolChoice

SCHEMA = b'{"type":"object","properties":{"a":{"type":["string","null"],"format":"uri"}},"additionalProperties":false}'


def told(
    *tools: Tool | HostedTool, choice: ToolChoice | None = None, model: str = "gemini-3-pro"
) -> tuple[dict[str, Any], dict[str, str]]:
    losses = Losses(REQUEST_LOSSES)
    wire: dict[str, Any] = {}
    add_tools(wire, Request("m", (), tools=tools, tool_choice=choice), model, GeminiQuirks(), losses)
    return json.loads(json.dumps(wire, default=lambda raw: json.loads(bytes(raw)))), {
        loss.feature: loss.fate for loss in losses.noted()
    }


def test_schemas_go_as_they_are_or_as_googles_own_kind() -> None:
    tools = (Tool("f", "Does.", SCHEMA), Tool("g"))

    wire, lost = told(*tools)
    assert wire["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "description": "Does.", "parametersJsonSchema": json.loads(SCHEMA)},
                {"name": "g"},
            ]
        }
    ]
    assert lost == {}
    wire, lost = told(*tools, model="gemini-2.0-flash")
    assert wire["tools"][0]["functionDeclarations"][0]["parameters"] == {
        "type": "OBJECT",
        "properties": {"a": {"type": "STRING", "nullable": True}},
        "propertyOrdering": ["a"],
    }
    assert lost == {"schema": "emulated"}


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (None, None),
        (ToolChoice("auto"), None),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("required", ("f",)), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_choices_are_modes_of_calling(choice: ToolChoice | None, config: Any) -> None:
    wire, _ = told(Tool("f"), Tool("g"), choice=choice)

    assert wire.get("toolConfig") == (config and {"functionCallingConfig": config})


def test_a_choice_of_some_that_need_not_be_called_leaves_only_those() -> None:
    wire, lost = told(Tool("f"), Tool("g"), choice=ToolChoice("auto", ("g",)))

    assert [each["name"] for each in wire["tools"][0]["functionDeclarations"]] == ["g"]
    assert "toolConfig" not in wire
    assert lost == {"tool_choice.names": "emulated"}


def test_without_tools_there_is_no_choice() -> None:
    assert told(choice=ToolChoice("required"))[0] == {}


def test_googles_own_tools_take_the_place_of_others() -> None:
    search = HostedTool("web_search", "anthropic-messages", b'{"type":"web_search_20250305"}')
    fetch = HostedTool("web_fetch", "anthropic-messages", b"{}")
    shell = HostedTool("shell", "openai-responses", b"{}")

    wire, lost = told(search, search, fetch, shell)
    assert wire["tools"] == [{"googleSearch": {}}, {"urlContext": {}}]
    assert lost == {"tool.hosted": "dropped", "tool.hosted.other": "emulated"}

    wire, lost = told(Tool("f"), search)
    assert [next(iter(tool)) for tool in wire["tools"]] == ["functionDeclarations"]
    assert lost == {"tool.hosted": "dropped"}


def test_a_search_that_is_bound_to_domains_becomes_none_that_looks_everywhere() -> None:
    bound = HostedTool("web_search", "openai-responses", b'{"filters":{"allowed_domains":["a.example"]}}')

    wire, lost = told(bound)

    assert "tools" not in wire
    assert lost == {"tool.hosted": "dropped"}


def test_what_came_in_geminis_own_words_stays_even_beside_functions() -> None:
    maps = HostedTool("other", "gemini", b'{"googleMaps":{"x":1}}')
    wire, lost = told(Tool("f", extra={"behavior": b'"NON_BLOCKING"', "cache": b"1"}), maps)

    assert wire["tools"] == [
        {"functionDeclarations": [{"name": "f", "behavior": "NON_BLOCKING"}]},
        {"googleMaps": {"x": 1}},
    ]
    assert lost == {"tool.cache": "dropped"}


def test_names_that_gemini_does_not_allow_are_replaced_and_can_be_restored() -> None:
    tools = (
        Tool("f"),
        Tool("2nd"),
        Tool("-x", strict=True, deferred=True, cache="5m"),
        Tool("a.b"),
        Tool("wait", namespace="agents"),
        Tool("patch", kind="custom", syntax="lark", grammar="start: X"),
    )
    wire, lost = told(*tools)
    declared = [each["name"] for each in wire["tools"][0]["functionDeclarations"]]

    assert all(name[0].isalpha() or name[0] == "_" for name in declared)
    undo = names_to_undo(tools)
    assert [undo.get(name, CalledAs(name)) for name in declared] == [
        CalledAs(tool.name, tool.namespace, tool.kind) for tool in tools
    ]
    assert lost.keys() == {
        "tool.name",
        "tool.namespace",
        "tool.custom",
        "tool.strict",
        "tool.deferred",
        "cache.marks",
    }


def test_calls_in_the_history_have_the_declared_names() -> None:
    assert function_call(Call("1", "2nd")).name == function_name("2nd") == "_2nd"
    custom = function_call(Call("1", "patch", "x", "custom", "ns"))
    assert (custom.name, custom.arguments) == ("ns__patch", '{"input":"x"}')
    same = Call("1", "f")
    assert function_call(same) is same
