"""Declared functions and the choice among them."""

from typing import Any

import pytest

from tokenrouter.sandbox.google.errors import GoogleError
from tokenrouter.sandbox.google.json import read
from tokenrouter.sandbox.google.surface import AI_STUDIO
from tokenrouter.sandbox.google.tools import read_choice, read_tools
from tokenrouter.sandbox.prompt import Tool

TOOLS = (Tool("a", {}), Tool("b", {}))


def tools(*functions: dict[str, Any]) -> tuple[Tool, ...]:
    body = {"tools": [{"functionDeclarations": list(functions)}, {"googleSearch": {}}]}
    return read_tools(read(AI_STUDIO.declared, "GenerateContentRequest", body)["tools"])  # type: ignore[arg-type]


def choice(**calling: object) -> tuple[str, list[str]]:
    body = {"toolConfig": {"functionCallingConfig": calling}}
    message: Any = read(AI_STUDIO.declared, "GenerateContentRequest", body)
    mode, left = read_choice(message["tool_config"], TOOLS)
    return mode, [tool.name for tool in left]


def test_parameters_come_in_two_forms_or_none() -> None:
    as_json = {"type": "object", "additionalProperties": False, "properties": {"x": {"const": 1}}}
    read_ = tools(
        {"name": "own", "parameters": {"type": "OBJECT", "properties": {"x": {"type": "STRING"}}}},
        {"name": "json", "parametersJsonSchema": as_json},
        {"name": "none"},
    )

    assert [tool.name for tool in read_] == ["own", "json", "none"]
    assert read_[0].parameters == {"type": "object", "properties": {"x": {"type": "string"}}}
    assert read_[1].parameters == as_json


@pytest.mark.parametrize(
    ("functions", "told"),
    [
        ([{"name": "1st"}], "Invalid function name"),
        ([{"name": "a b"}], "Invalid function name"),
        ([{"name": "x" * 65}], "Invalid function name"),
        ([{"name": "a"}, {"name": "a"}], "Duplicate function declaration found: a"),
        (
            [{"name": "a", "parameters": {"type": "OBJECT"}}],
            "* GenerateContentRequest.tools[0].function_declarations[0].parameters.properties: should be non-empty",
        ),
        ([{"name": "a", "parameters": {"type": "STRING"}, "parametersJsonSchema": {}}], "only one of parameters"),
    ],
)
def test_what_google_refuses(functions: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(GoogleError) as caught:
        tools(*functions)

    assert told in caught.value.message


@pytest.mark.parametrize(
    ("calling", "expected"),
    [
        ({}, ("auto", ["a", "b"])),
        ({"mode": "NONE"}, ("none", ["a", "b"])),
        ({"mode": "ANY"}, ("required", ["a", "b"])),
        ({"mode": "ANY", "allowedFunctionNames": ["b"]}, ("required", ["b"])),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["a"]}, ("auto", ["a"])),
    ],
)
def test_a_mode_decides(calling: dict[str, Any], expected: tuple[str, list[str]]) -> None:
    assert choice(**calling) == expected


@pytest.mark.parametrize(
    "calling", [{"mode": "AUTO", "allowedFunctionNames": ["a"]}, {"mode": "ANY", "allowedFunctionNames": ["c"]}]
)
def test_allowed_names_need_their_mode_and_their_function(calling: dict[str, Any]) -> None:
    with pytest.raises(GoogleError):
        choice(**calling)


def test_any_needs_functions() -> None:
    with pytest.raises(GoogleError, match="without function_declarations"):
        read_choice({"function_calling_config": {"mode": "ANY"}}, ())
