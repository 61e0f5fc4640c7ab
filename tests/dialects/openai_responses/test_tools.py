import json
from typing import Any

import msgspec
import pytest

from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.openai_responses.losses import OPENAI, REQUEST_LOSSES, ResponsesQuirks
from tokenrouter.dialects.openai_responses.tools import (
    is_native,
    read_tool_choice,
    read_tools,
    searches_tools,
    told_names,
    write_tool_choice,
    write_tools,
)
from tokenrouter.domain.items import Call
from tokenrouter.domain.requests import HostedTool, Request, Tool, ToolChoice

OWN = "openai-responses"
PLAIN = ResponsesQuirks()


def read(*tools: dict[str, Any]) -> list[Tool | HostedTool]:
    return list(read_tools([msgspec.Raw(json.dumps(tool).encode()) for tool in tools], "tools"))


def write(*tools: Tool | HostedTool, quirks: ResponsesQuirks = OPENAI, family: str = "") -> list[dict[str, Any]]:
    written = write_tools(Request("m", (), family, tools=tools), quirks, Losses(REQUEST_LOSSES))
    wires: list[dict[str, Any]] = json.loads(msgspec.json.encode(written))
    return wires


def lost(*tools: Tool | HostedTool, quirks: ResponsesQuirks = OPENAI) -> set[str]:
    losses = Losses(REQUEST_LOSSES)
    write_tools(Request("m", (), tools=tools), quirks, losses)
    return {loss.feature for loss in losses.noted()}


def choose(choice: ToolChoice, *tools: Tool, quirks: ResponsesQuirks = OPENAI) -> object:
    return write_tool_choice(choice, Request("m", (), tools=tools), quirks)


def test_functions_may_stand_flat_or_in_chat_completions_shape() -> None:
    flat = {"type": "function", "name": "f", "description": "d", "parameters": {"a": 1}, "strict": True}
    nested = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"a": 1}, "strict": True}}

    assert read(flat) == read(nested) == [Tool("f", "d", b'{"a": 1}', True)]


def test_a_strictness_that_nobody_spoke_of_is_told_as_none() -> None:
    """OpenAI takes its absence for true; a client of another dialect means false by it."""
    tools = (Tool("a"), Tool("b", strict=True), Tool("c", strict=False))

    assert [wire["strict"] for wire in write(*tools)] == [False, True, False]
    assert [wire.get("strict") for wire in write(*tools, family=OWN)] == [None, True, False]


def test_a_function_always_has_a_schema() -> None:
    assert write(Tool("f"))[0]["parameters"] == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("kind", "hosted"),
    [
        ("web_search_preview_2025_03_11", "web_search"),
        ("file_search", "file_search"),
        ("code_interpreter", "code_execution"),
        ("local_shell", "shell"),
        ("apply_patch", "text_editor"),
        ("tool_search", "tool_search"),
        ("unheard_of", "other"),
    ],
)
def test_what_the_provider_runs_is_known_by_the_beginning_of_its_type(kind: str, hosted: str) -> None:
    (tool,) = read({"type": kind})

    assert isinstance(tool, HostedTool)
    assert tool.kind == hosted


def test_a_search_that_may_not_leave_openais_store_is_not_a_search_of_the_web() -> None:
    (tool,) = read({"type": "web_search", "external_web_access": False})

    assert isinstance(tool, HostedTool)
    assert tool.kind == "other"


def test_a_search_for_tools_by_the_client_is_a_function_with_a_mark() -> None:
    (tool,) = read({"type": "tool_search", "execution": "client"})

    assert isinstance(tool, Tool)
    assert tool.parameters is not None
    assert searches_tools(Request("m", (), tools=(tool,)))
    assert not searches_tools(Request("m", (), tools=(Tool("tool_search"),)))
    assert write(tool, family=OWN)[0]["type"] == "function"


def test_tools_of_one_namespace_stand_together() -> None:
    tools = (
        Tool("a", namespace="x", namespace_description="X."),
        Tool("b"),
        Tool("c", kind="custom", namespace="x", syntax="regex", grammar="y"),
    )
    space, function = write(*tools)

    assert (space["type"], space["name"], space["description"], function["name"]) == ("namespace", "x", "X.", "b")
    assert [tool["name"] for tool in space["tools"]] == ["a", "c"]
    assert space["tools"][1]["format"] == {"type": "grammar", "syntax": "regex", "definition": "y"}
    assert read(space)[0] == Tool(
        "a", "", b'{"type": "object", "properties": {}}', False, namespace="x", namespace_description="X."
    )


def test_namespaces_and_free_text_become_plain_functions_elsewhere() -> None:
    tools = (Tool("a", namespace="x"), Tool("p", kind="custom", grammar="g"), Tool("a.b"))

    assert [wire["name"] for wire in write(*tools, quirks=PLAIN)][:2] == ["x__a", "p"]
    assert lost(*tools, quirks=PLAIN) == {"tool.namespace", "tool.custom", "tool.name"}
    assert lost(*tools) == {"tool.name"}


def test_fields_of_this_dialect_go_to_a_vendor_of_it() -> None:
    (tool,) = read({"type": "function", "name": "f", "defer_loading": True, "allowed_callers": ["programmatic"]})
    (wire,) = write(tool, family=OWN)

    assert (wire["defer_loading"], wire["allowed_callers"]) == (True, ["programmatic"])
    assert lost(tool) == {"tool.deferred", "tool.allowed_callers"}
    assert lost(Tool("f", cache="5m")) == {"cache.marks"}


def test_hosted_tools_go_to_a_vendor_that_runs_them() -> None:
    own = HostedTool("mcp", OWN, b'{"type":"mcp","server_label":"x"}')
    search = HostedTool("web_search", "anthropic-messages", b'{"type":"web_search_20250305"}')
    editor = HostedTool("text_editor", "anthropic-messages", b"{}")

    assert write(own, search, editor) == [{"type": "mcp", "server_label": "x"}, {"type": "web_search"}]
    assert lost(search) == {"tool.hosted.other"}
    assert lost(editor) == {"tool.hosted"}
    assert write(own, search, quirks=PLAIN) == []


@pytest.mark.parametrize(
    ("wire", "choice"),
    [
        ("none", ToolChoice("none")),
        ({"type": "function", "name": "f"}, ToolChoice("required", ("f",))),
        ({"type": "custom", "name": "p"}, ToolChoice("required", ("p",))),
        (
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "f"}, {"type": "mcp", "server_label": "x"}],
            },
            ToolChoice("auto", ("f",)),
        ),
        ({"type": "mcp", "server_label": "x", "name": "y"}, None),
    ],
)
def test_choices_are_read(wire: object, choice: ToolChoice | None) -> None:
    assert read_tool_choice(json.dumps(wire).encode()) == choice


def test_choices_are_written_by_the_names_that_the_vendor_was_told() -> None:
    tools = (Tool("a", namespace="x"), Tool("p", kind="custom"))

    assert choose(ToolChoice("required", ("p",)), *tools) == {"type": "custom", "name": "p"}
    assert choose(ToolChoice("required", ("p",)), *tools, quirks=PLAIN) == {"type": "function", "name": "p"}
    assert choose(ToolChoice("required", ("a",)), *tools, quirks=PLAIN) == {"type": "function", "name": "x__a"}
    assert choose(ToolChoice("auto", ("a", "p")), *tools) == {
        "type": "allowed_tools",
        "mode": "auto",
        "tools": [{"type": "function", "name": "a"}, {"type": "custom", "name": "p"}],
    }
    assert choose(ToolChoice("required", ("gone",)), *tools) == "required"
    assert choose(ToolChoice("none"), *tools) == "none"


def test_a_call_is_native_where_its_tool_is() -> None:
    assert is_native(Call("a", "f", namespace="x"), OPENAI)
    assert not is_native(Call("a", "f", namespace="x"), PLAIN)
    assert not is_native(Call("a", "f.g"), OPENAI)
    assert not is_native(Call("a", "f", kind="custom"), PLAIN)


def test_a_search_that_found_nothing_says_so() -> None:
    assert told_names([]) == "No tool was found."
