"""Requests are read field by field, as strictly as Anthropic does."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.anthropic_wire import (
    CLOCK,
    MODERN,
    WEATHER,
    asking,
    assistant,
    call,
    image,
    post,
    refusal,
    result,
    text,
    user,
)
from tokenrouter.sandbox.anthropic.request import read_count, read_messages
from tokenrouter.sandbox.anthropic.terms import Terms
from tokenrouter.sandbox.anthropic.thinking import encoded_signature, signer
from tokenrouter.sandbox.catalog import find
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.testing.processes import SandboxProcess

CLOSED: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "s": {"type": "string"}},
    "required": ["n", "s"],
    "additionalProperties": False,
}


def without(name: str, **more: object) -> dict[str, Any]:
    return {key: value for key, value in asking(**more).items() if key != name}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (without("max_tokens"), "max_tokens: Field required"),
        (without("messages"), "messages: Field required"),
        (without("model"), "model: Field required"),
        ({**asking(), "model": 5}, "model: Input should be a valid string"),
        ({**asking(), "max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
        ({**asking(), "max_tokens": "5"}, "max_tokens: Input should be a valid integer"),
        (
            {**asking(), "max_tokens": 128_001},
            "max_tokens: 128001 > 128000, which is the maximum allowed number of outp",
        ),
        ({**asking(), "messages": "hello"}, "messages: Input should be a valid list"),
        ({**asking(), "messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({**asking(), "messages": [{"content": "x"}]}, "messages.0.role: Field required"),
        ({**asking(), "messages": [user({"type": "text"})]}, "messages.0.content.0.text.text: Field required"),
        (
            {**asking(), "messages": [user({"type": "input_text"})]},
            "messages.0.content.0: Input tag 'input_text' found",
        ),
        (asking({"role": "user", "content": "x", "name": "me"}), "messages.0.name: Extra inputs are not permitted"),
        (
            asking(user({"type": "text", "text": "x", "index": 0})),
            "messages.0.content.0.text.index: Extra inputs are no",
        ),
        (
            asking(user({"type": "tool_result", "tool_use_id": "call:1"})),
            "messages.0.content.0.tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'",
        ),
        (
            asking(user({"type": "tool_use", "id": "1", "name": "x", "input": "{}"})),
            "messages.0.content.0.tool_use.input: Input should be a valid dictionary",
        ),
        (asking(system=[{"type": "image"}]), "system.0: Input tag 'image' found using 'type' does not match any"),
        (asking(stop_sequences=["ok", " \n"]), "stop_sequences: each stop sequence must contain non-whitespace"),
        (asking(stop_sequences="ok"), "stop_sequences: Input should be a valid list"),
        (asking(temperature=1.5), "temperature: Input should be less than or equal to 1"),
        (asking(metadata={"team": "x"}), "metadata.team: Extra inputs are not permitted"),
        (asking(service_tier="flex"), "service_tier: Input should be 'auto' or 'standard_only'"),
        (asking(n=2), "n: Extra inputs are not permitted"),
        (asking(max_completion_tokens=5), "max_completion_tokens: Extra inputs are not permitted"),
        (asking(response_format={"type": "json_object"}), "response_format: Extra inputs are not permitted"),
        (asking(user("w" * 9000), model="narrow"), "prompt is too long: 2256 tokens > 2000 maximum"),
    ],
)
def test_what_anthropic_would_not_take_is_refused(sandbox: SandboxProcess, body: dict[str, Any], message: str) -> None:
    assert refusal(sandbox.base_url, body).startswith(message)


@pytest.mark.parametrize(
    "more",
    [
        {"temperature": 0.5, "top_p": 0.9, "top_k": 5},
        {"metadata": {"user_id": '{"session_id":"1"}'}, "service_tier": "auto", "inference_geo": "us"},
        {"stop_sequences": ["\n\nHuman:"], "system": "Be brief.", "tools": []},
        {"thinking": None, "system": None, "stop_sequences": None},
        {"container": None, "diagnostics": {"previous_message_id": None}, "speed": "standard"},
    ],
)
def test_every_documented_field_is_taken(sandbox: SandboxProcess, more: dict[str, Any]) -> None:
    assert refusal(sandbox.base_url, asking(**more)) == ""


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k"])
def test_sampling_is_gone_from_the_newest_version_and_the_adaptive_model(sandbox: SandboxProcess, name: str) -> None:
    body = asking(**{name: 1})

    assert refusal(sandbox.base_url, body) == ""
    assert refusal(sandbox.base_url, body, MODERN) == f"{name}: Extra inputs are not permitted"
    assert refusal(sandbox.base_url, {**body, "model": "thinker-adaptive"}) == f"`{name}` is deprecated for this model."


@pytest.mark.parametrize(
    ("field", "value", "beta"),
    [
        ("context_management", {"edits": []}, "context-management-2025-06-27"),
        ("mcp_servers", [], "mcp-client-2025-11-20"),
        ("output_format", {"type": "json_schema", "schema": CLOSED}, "structured-outputs-2025-11-13"),
    ],
)
def test_a_field_of_a_beta_needs_its_name(sandbox: SandboxProcess, field: str, value: object, beta: str) -> None:
    body = asking(**{field: value})

    assert refusal(sandbox.base_url, body) == f"{field}: Extra inputs are not permitted"
    assert refusal(sandbox.base_url, body, "2023-06-01", "other-2025-01-01", beta) == ""


def test_a_schema_gets_a_valid_instance(sandbox: SandboxProcess) -> None:
    config = {"format": {"type": "json_schema", "schema": CLOSED}, "effort": "low"}

    message = post(sandbox.base_url, asking(output_config=config)).json()

    assert message["content"] == [{"type": "text", "text": '{"n": 1, "s": "text"}'}]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"type": "json_object"}, "output_config.format: Input tag 'json_object' found using 'type' does not match"),
        ({"type": "json_schema"}, "output_config.format.json_schema.schema: Field required"),
        (
            {"type": "json_schema", "schema": {"type": "object"}},
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        (
            {"type": "json_schema", "schema": CLOSED, "name": "x"},
            "output_config.format.json_schema.name: Extra inputs are not permitted",
        ),
    ],
)
def test_a_format_that_anthropic_would_not_take_is_refused(
    sandbox: SandboxProcess, form: dict[str, Any], message: str
) -> None:
    assert refusal(sandbox.base_url, asking(output_config={"format": form})).startswith(message)


SIGNATURE = encoded_signature(signer(find("thinker")), "hm")
VALID: dict[str, Any] = {
    "model": "thinker",
    "max_tokens": 4096,
    "system": [text("Be kind.", cache_control={"type": "ephemeral"})],
    "tools": [WEATHER, {**CLOCK, "defer_loading": True}, {"type": "web_search_20250305", "name": "web_search"}],
    "tool_choice": {"type": "auto"},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": CLOSED}},
    "metadata": {"user_id": "u"},
    "stop_sequences": ["stop"],
    "stream": False,
    "messages": [
        user(text("look"), image(), {"type": "document", "source": {"type": "content", "content": [text("x")]}}),
        assistant({"type": "thinking", "thinking": "hm", "signature": SIGNATURE}, text("so"), call()),
        user(result(content=[text("21"), image(), {"type": "tool_reference", "tool_name": "get_time"}]), text("and?")),
        {"role": "system", "content": "Be brief."},
        assistant({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}),
        user("hello"),
    ],
}
JUNK = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", " ", "x", "user", "tool_use", [], {}, [{}]])
)


ONLY_IN_MESSAGES = ("max_tokens", "metadata", "stop_sequences", "stream")
TERMS = Terms(False, frozenset({"mid-conversation-system-2026-04-07", "interleaved-thinking-2025-05-14"}))


def status(body: dict[str, Any]) -> int:
    """The worse of what a message and a count of it are answered with."""
    counted = {name: value for name, value in body.items() if name not in ONLY_IN_MESSAGES}
    statuses = []
    for read, asked in ((read_messages, body), (read_count, counted)):
        try:
            read(asked, b"", find("thinker"), TERMS)
            statuses.append(200)
        except ApiError as error:
            statuses.append(error.status)
    return max(statuses)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_damage_to_a_request_is_more_than_a_refusal(data: st.DataObject) -> None:
    damaged = copy.deepcopy(VALID)
    assert status(damaged) == 200

    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(list(_places(damaged))))
        _damage(place, data.draw(JUNK), delete=data.draw(st.booleans()))

    assert status(damaged) in (200, 400)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every list or object in the value with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _damage(place: tuple[Any, Any], junk: object, *, delete: bool) -> None:
    container, key = place
    if delete:
        del container[key]
    else:
        container[key] = junk
