"""Parameters: only those there are, in their ranges, repeated in the answer."""

from typing import Any

import pytest

from tests.sandbox.openai_wire import call, refusal, respond
from tokenrouter.testing.processes import SandboxProcess

PERSON: Any = {"type": "object", "properties": {"name": {"type": "string"}}}
CLOSED: Any = {**PERSON, "required": ["name"], "additionalProperties": False}


@pytest.mark.parametrize("name", ["stop", "n", "seed", "logit_bias", "temprature", "system"])
def test_an_unknown_parameter_is_refused(sandbox: SandboxProcess, name: str) -> None:
    error = refusal(respond(sandbox.base_url, {name: 1}))

    assert error["message"] == f"Unknown parameter: '{name}'."
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", name, "unknown_parameter")


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("max_tokens", "max_output_tokens"),
        ("max_completion_tokens", "max_output_tokens"),
        ("messages", "input"),
        ("response_format", "text.format"),
        ("reasoning_effort", "reasoning.effort"),
    ],
)
def test_a_parameter_of_chat_completions_is_refused_and_shown_the_way(
    sandbox: SandboxProcess, name: str, where: str
) -> None:
    error = refusal(respond(sandbox.base_url, {name: 1}))

    assert f"has moved to '{where}'" in error["message"]
    assert error["code"] == "unsupported_parameter"


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"max_output_tokens": 15}, "max_output_tokens", "integer_below_minimum_value"),
        ({"max_output_tokens": "many"}, "max_output_tokens", "invalid_type"),
        ({"include": ["thoughts"]}, "include[0]", "invalid_value"),
        ({"truncation": "maybe"}, "truncation", "invalid_value"),
        ({"service_tier": "best"}, "service_tier", "invalid_value"),
        ({"temperature": 2.5}, "temperature", "decimal_above_maximum_value"),
        ({"stream_options": {"include_obfuscation": False}}, "stream_options", None),
        ({"stream": True, "stream_options": {"include_usage": True}}, "stream_options.include_usage",
         "unknown_parameter"),
        ({"reasoning": {"effort": "extreme"}}, "reasoning.effort", "invalid_value"),
        ({"reasoning": {"budget": 1}}, "reasoning.budget", "unknown_parameter"),
        ({"text": {"verbosity": "loud"}}, "text.verbosity", "invalid_value"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema",
         "missing_required_parameter"),
        ({"text": {"format": {"type": "json_schema", "schema": PERSON}}}, "text.format.name",
         "missing_required_parameter"),
        ({"text": {"format": {"type": "json_schema", "name": "x", "schema": PERSON, "strict": True}}},
         "text.format.schema", "invalid_json_schema"),
        ({"metadata": {str(number): "x" for number in range(17)}}, "metadata", "object_above_max_properties"),
        ({"metadata": {"x" * 65: "x"}}, f"metadata.{'x' * 65}", "string_above_max_length"),
        ({"metadata": {"x": "x" * 513}}, "metadata.x", "string_above_max_length"),
        ({"metadata": {"x": 1}}, "metadata.x", "invalid_type"),
        ({"background": True, "store": False}, "background", None),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(sandbox: SandboxProcess, body: dict[str, object], param: str, code: str | None) -> None:
    error = refusal(respond(sandbox.base_url, body))

    assert (error["param"], error["code"]) == (param, code)


@pytest.mark.parametrize("name", ["conversation", "prompt"])
def test_what_nobody_has_made_is_not_found(sandbox: SandboxProcess, name: str) -> None:
    assert refusal(respond(sandbox.base_url, {name: "x_1"}), 404)["param"] == name


def test_what_codex_and_others_send_is_taken(sandbox: SandboxProcess) -> None:
    body: dict[str, object] = {
        "instructions": "be brief",
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "session",
        "client_metadata": {"turn": "1"},
        "text": {"verbosity": "low", "format": {"type": "text"}},
        "reasoning": {"effort": "low", "summary": "auto", "context": "all_turns"},
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "max_output_tokens": 16,
        "metadata": {"trace": "1"},
    }

    document = respond(sandbox.base_url, body).json()

    repeated = {name: document[name] for name in body if name not in ("include", "client_metadata")}
    assert repeated == {name: body[name] for name in repeated}


def test_json_is_valid(sandbox: SandboxProcess) -> None:
    form = {"type": "json_schema", "name": "person", "schema": CLOSED, "strict": True}

    document = respond(sandbox.base_url, {"text": {"format": form}}).json()

    assert document["output"][0]["content"][0]["text"] == '{"name": "text"}'


def test_counting_and_compacting_know_fewer_parameters(sandbox: SandboxProcess) -> None:
    for path in ("input_tokens", "compact"):
        error = refusal(call(sandbox.base_url, f"/responses/{path}", {"model": "echo", "input": "x", "stream": True}))
        assert error["message"] == "Unknown parameter: 'stream'."
