"""Tools: declared in many ways, called in the way they were declared."""

import json
from typing import Any

import pytest

from tests.sandbox.openai_wire import refusal, respond
from tokenrouter.sandbox.responses.tools import PATCH
from tokenrouter.testing.processes import SandboxProcess

CITY: Any = {"type": "object", "properties": {"city": {"type": "string"}}}
CLOSED: Any = {**CITY, "required": ["city"], "additionalProperties": False}
WEATHER: Any = {"type": "function", "name": "get_weather", "parameters": CITY}
CLOCK: Any = {"type": "function", "name": "get_time"}
PATCHER: Any = {
    "type": "custom",
    "name": "apply_patch",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
}
AGENTS: Any = {"type": "namespace", "name": "agents", "description": "others", "tools": [CLOCK, PATCHER]}
SEARCH: Any = {"type": "tool_search", "execution": "client", "parameters": {**CITY, "required": ["city"]}}


def asked(sandbox: SandboxProcess, text: str, *tools: object, **more: object) -> dict[str, Any]:
    answered = respond(sandbox.base_url, {"input": text, "tools": list(tools), **more})
    assert answered.status == 200, answered.body
    return dict(answered.json())


def called(sandbox: SandboxProcess, text: str, *tools: object, **more: object) -> list[dict[str, Any]]:
    return list(asked(sandbox, text, *tools, **more)["output"])


def refused(sandbox: SandboxProcess, *tools: object, **more: object) -> dict[str, Any]:
    return refusal(respond(sandbox.base_url, {"tools": list(tools), **more}))


def test_a_function_is_strict_unless_it_says_otherwise(sandbox: SandboxProcess) -> None:
    loose = {**WEATHER, "strict": False}
    unfit = {**WEATHER, "parameters": {**CITY, "additionalProperties": {"type": "string"}}}

    tools = asked(sandbox, "x", WEATHER, loose, unfit, CLOCK)["tools"]

    assert [tool["strict"] for tool in tools] == [True, False, False, True]
    assert [tool["parameters"] for tool in tools[:2]] == [CLOSED, CITY]


@pytest.mark.parametrize(
    ("tool", "param", "code"),
    [
        ({**WEATHER, "strict": True}, "tools[0].parameters", "invalid_function_parameters"),
        ({**WEATHER, "parameters": {"type": "string"}}, "tools[0].parameters", "invalid_function_parameters"),
        ({**WEATHER, "name": "get.weather"}, "tools[0].name", "invalid_value"),
        ({"type": "function", "function": WEATHER}, "tools[0].name", "missing_required_parameter"),
        ({"type": "teleport"}, "tools[0].type", "invalid_value"),
        ({**AGENTS, "description": None}, "tools[0].description", "missing_required_parameter"),
        ({**AGENTS, "tools": [SEARCH]}, "tools[0].tools[0].type", "invalid_value"),
        ({**PATCHER, "format": {"type": "grammar", "syntax": "ebnf", "definition": "x"}}, "tools[0].format.syntax",
         "invalid_value"),
        ({**PATCHER, "format": {"type": "grammar", "syntax": "regex", "definition": "("}},
         "tools[0].format.definition", None),
        ("get_weather", "tools[0]", "invalid_type"),
    ],
)  # fmt: skip
def test_a_wrong_tool_is_named(sandbox: SandboxProcess, tool: object, param: str, code: str | None) -> None:
    error = refused(sandbox, tool)

    assert (error["param"], error["code"]) == (param, code)


def test_a_function_gets_arguments_that_fit(sandbox: SandboxProcess) -> None:
    [call] = called(sandbox, "use tool", WEATHER)

    assert call.keys() == {"id", "type", "status", "arguments", "call_id", "name"}
    assert json.loads(call["arguments"]) == {"city": "text"}


def test_a_function_without_parameters_gets_an_empty_object(sandbox: SandboxProcess) -> None:
    assert called(sandbox, "use tool", CLOCK)[0]["arguments"] == "{}"


@pytest.mark.parametrize(
    ("text", "form", "spoken"),
    [
        ("use tool", None, "text"),
        ("use tool", {"type": "text"}, "text"),
        ("use tool", {"type": "grammar", "syntax": "regex", "definition": "[0-9]{4}"}, "0000"),
        ("use tool with ```SELECT 1```", {"type": "grammar", "syntax": "lark", "definition": "x"}, "SELECT 1"),
        ("use tool with\n```sql\nSELECT 1\n```", None, "SELECT 1\n"),
    ],
)
def test_a_free_form_tool_gets_free_text(sandbox: SandboxProcess, text: str, form: object, spoken: str) -> None:
    [call] = called(sandbox, text, {"type": "custom", "name": "write", "format": form})

    assert call.keys() == {"id", "type", "status", "input", "call_id", "name"}
    assert (call["type"], call["name"], call["input"]) == ("custom_tool_call", "write", spoken)


def test_a_patch_tool_gets_a_patch(sandbox: SandboxProcess) -> None:
    assert called(sandbox, "use tool", PATCHER)[0]["input"] == PATCH


def test_a_call_in_a_namespace_says_which(sandbox: SandboxProcess) -> None:
    [clock] = called(sandbox, "use tool get_time", AGENTS)
    [patch] = called(sandbox, "use tool apply_patch", AGENTS)
    outside = called(sandbox, "use tools", CLOCK, AGENTS)

    assert (clock["type"], clock["name"], clock["namespace"]) == ("function_call", "get_time", "agents")
    assert (patch["type"], patch["name"], patch["namespace"]) == ("custom_tool_call", "apply_patch", "agents")
    assert "namespace" not in outside[0]


def test_a_deferred_tool_is_searched_and_then_called(sandbox: SandboxProcess) -> None:
    deferred = {**WEATHER, "defer_loading": True}
    [search] = called(sandbox, "use tool get_weather", deferred, CLOCK, SEARCH)
    assert (search["type"], search["execution"], search["arguments"]) == (
        "tool_search_call",
        "client",
        {"city": "text"},
    )

    found = {"type": "tool_search_output", "call_id": search["call_id"], "execution": "client", "tools": [WEATHER]}
    items = [{"role": "user", "content": "use tool get_weather"}, search, found]
    answered = respond(sandbox.base_url, {"input": items, "tools": [deferred, CLOCK, SEARCH]}).json()

    assert [(item["type"], item["name"]) for item in answered["output"]] == [("function_call", "get_weather")]


def test_other_tools_need_no_search(sandbox: SandboxProcess) -> None:
    assert called(sandbox, "use tool get_time", CLOCK, SEARCH)[0]["name"] == "get_time"
    assert called(sandbox, "use tool tool_search", CLOCK, SEARCH)[0]["type"] == "tool_search_call"
    assert called(sandbox, "use tool", {**WEATHER, "defer_loading": True}, {"type": "tool_search"})[0]["name"]


def test_the_vendors_own_tools_are_never_used(sandbox: SandboxProcess) -> None:
    [message] = called(sandbox, "use tool", {"type": "web_search", "external_web_access": False})

    assert message["content"][0]["text"] == "use tool"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", ["get_weather"]),
        ("none", []),
        ({"type": "function", "name": "get_time"}, ["get_time"]),
        ({"type": "custom", "name": "apply_patch"}, ["apply_patch"]),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "get_time"}]},
            ["get_time"],
        ),
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "get_time"}]}, []),
        ({"type": "web_search"}, []),
    ],
)
def test_a_choice_is_kept_to(sandbox: SandboxProcess, choice: object, names: list[str]) -> None:
    output = called(sandbox, "x", WEATHER, CLOCK, PATCHER, {"type": "web_search"}, tool_choice=choice)

    assert [item["name"] for item in output if item["type"].endswith("_call")] == names


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "function", "name": "get_food"},
        {"type": "custom", "name": "get_weather"},
        {"type": "file_search"},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "get_food"}]},
    ],
)
def test_a_choice_of_what_is_not_there_is_refused(sandbox: SandboxProcess, choice: object) -> None:
    error = refused(sandbox, WEATHER, tool_choice=choice)

    assert error["param"] == "tool_choice"
    assert "not found in 'tools' parameter" in error["message"]


def test_something_has_to_be_there_to_be_required(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, tool_choice="required")["param"] == "tool_choice"


def test_one_call_at_a_time_if_asked(sandbox: SandboxProcess) -> None:
    assert len(called(sandbox, "use tools", WEATHER, CLOCK)) == 2
    assert len(called(sandbox, "use tools", WEATHER, CLOCK, parallel_tool_calls=False)) == 1
