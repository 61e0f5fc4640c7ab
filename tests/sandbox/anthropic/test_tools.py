"""Tools are declared, deferred and chosen as Anthropic's guides say."""

from typing import Any

import pytest

from tests.sandbox.anthropic_wire import CLOCK, WEATHER, asking, assistant, call, post, refusal, result, user
from tokenrouter.sandbox.anthropic.errors import AnthropicError
from tokenrouter.sandbox.anthropic.tools import read_tools
from tokenrouter.testing.processes import SandboxProcess

SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
DEFERRED = {**WEATHER, "defer_loading": True}
LOADED = [
    user("find a tool"),
    assistant(call()),
    user(result(content=[{"type": "tool_reference", "tool_name": "late"}])),
]
LATE = {**CLOCK, "name": "late", "defer_loading": True}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"tools": [{**CLOCK, "name": "a b"}]},
            "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$",
        ),
        ({"tools": [{**CLOCK, "name": "x" * 129}]}, "tools.0.custom.name: String should match pattern"),
        ({"tools": [{"name": "x"}]}, "tools.0.custom.input_schema: Field required"),
        ({"tools": [{"name": "x", "input_schema": {}}]}, "tools.0.custom.input_schema.type: Field required"),
        ({"tools": [{**CLOCK, "parameters": {}}]}, "tools.0.custom.parameters: Extra inputs are not permitted"),
        ({"tools": [{**CLOCK, "type": "function"}]}, "tools.0: Input tag 'function' found using 'type' does not match"),
        (
            {"tools": [{"type": "web_search_2020", "name": "x"}]},
            "tools.0: Input tag 'web_search_2020' found using 'type'",
        ),
        (
            {"tools": [{"name": "x", "input_schema": {"type": "object", "anyOf": [{}]}}]},
            "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level",
        ),
        ({"tools": [CLOCK, CLOCK]}, "tools: Tool names must be unique."),
        ({"tool_choice": {"type": "auto"}}, "tool_choice: tool_choice may only be specified while providing tools"),
        (
            {"tools": [CLOCK], "tool_choice": {"type": "required"}},
            "tool_choice: Input tag 'required' found using 'type'",
        ),
        ({"tools": [CLOCK], "tool_choice": "auto"}, "tool_choice: Input should be an object"),
        ({"tools": [CLOCK], "tool_choice": {"type": "tool"}}, "tool_choice.tool.name: Field required"),
        ({"tools": [CLOCK], "tool_choice": {"type": "tool", "name": "x"}}, "Tool 'x' not found in provided tools"),
        (
            {"tools": [CLOCK], "tool_choice": {"type": "none", "disable_parallel_tool_use": True}},
            "tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted",
        ),
        ({"tools": [DEFERRED]}, "At least one tool must have defer_loading=false. All tools cannot be deferred."),
        (
            {"tools": [CLOCK, {**DEFERRED, "cache_control": {"type": "ephemeral"}}]},
            "Tool 'get_weather' cannot have both defer_loading=true and cache_control set.",
        ),
        (
            {"tools": [{**WEATHER, "strict": True}]},
            "tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
    ],
)
def test_tools_that_anthropic_would_not_take_are_refused(
    sandbox: SandboxProcess, more: dict[str, Any], message: str
) -> None:
    assert refusal(sandbox.base_url, asking(**more)).startswith(message)


@pytest.mark.parametrize(
    "tools",
    [
        [],
        [{**CLOCK, "type": "custom", "cache_control": {"type": "ephemeral"}, "eager_input_streaming": True}],
        [{**WEATHER, "input_examples": [{"city": "Oslo"}], "allowed_callers": ["direct"], "description": "x"}],
        [SEARCH],
        [CLOCK, DEFERRED],
        [
            {"type": "bash_20250124", "name": "bash"},
            {"type": "tool_search_tool_bm25_20251119", "name": "search"},
            DEFERRED,
        ],
    ],
)
def test_tools_of_every_kind_are_taken(sandbox: SandboxProcess, tools: list[dict[str, Any]]) -> None:
    assert refusal(sandbox.base_url, asking(tools=tools)) == ""


def test_a_search_of_the_web_is_answered_with_plain_text(sandbox: SandboxProcess) -> None:
    body = asking(user("use tool"), tools=[SEARCH], tool_choice={"type": "tool", "name": "web_search"})

    message = post(sandbox.base_url, body).json()

    assert message["content"] == [{"type": "text", "text": "use tool"}]
    assert message["stop_reason"] == "end_turn"


def test_a_deferred_tool_is_neither_counted_nor_called_before_it_is_loaded() -> None:
    body: dict[str, Any] = {"tools": [WEATHER, LATE]}

    before, after = read_tools(body, set()), read_tools(body, {"late"})

    assert [tool.name for tool in before.callable] == ["get_weather"]
    assert [tool.name for tool in after.callable] == ["get_weather", "late"]
    assert before.loaded == (WEATHER,)
    assert after.loaded == (WEATHER, LATE)


def test_a_reference_loads_the_tool_that_it_names(sandbox: SandboxProcess) -> None:
    tail = [*LOADED[:2], user(*LOADED[2]["content"], {"type": "text", "text": "use tool late"})]

    message = post(sandbox.base_url, asking(*tail, tools=[WEATHER, LATE])).json()

    assert message["content"][0]["name"] == "late"


def test_a_reference_to_a_tool_that_is_not_there_is_refused(sandbox: SandboxProcess) -> None:
    message = refusal(sandbox.base_url, asking(*LOADED, tools=[WEATHER]))

    assert message == "Tool reference 'late' not found in available tools"


@pytest.mark.parametrize(
    ("choice", "told", "parallel", "is_forced"),
    [
        (None, "auto", True, False),
        ({"type": "auto", "disable_parallel_tool_use": True}, "auto", False, False),
        ({"type": "any"}, "required", True, True),
        ({"type": "none"}, "none", True, False),
        ({"type": "tool", "name": "get_weather"}, "get_weather", True, True),
    ],
)
def test_a_choice_is_put_in_the_words_of_the_question(
    choice: dict[str, Any] | None, told: str, parallel: bool, is_forced: bool
) -> None:
    body: dict[str, Any] = {"tools": [WEATHER]} | ({"tool_choice": choice} if choice else {})

    tools = read_tools(body, set())

    assert (tools.choice, tools.parallel, tools.is_forced) == (told, parallel, is_forced)


def test_a_name_is_used_once() -> None:
    with pytest.raises(AnthropicError, match="must be unique"):
        read_tools({"tools": [SEARCH, {**CLOCK, "name": "web_search"}]}, set())
