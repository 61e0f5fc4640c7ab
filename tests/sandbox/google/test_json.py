"""Google's strict reading of JSON: every mistake is told, with its place."""

import base64
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.sandbox.google.errors import GoogleError
from tokenrouter.sandbox.google.fields import GEMINI, VERTEX
from tokenrouter.sandbox.google.json import MAX_DEPTH, decoded_bytes, read


def parsed(body: dict[str, Any], kind: str = "GenerateContentRequest") -> Any:
    return read(GEMINI, kind, body)


def problems(body: dict[str, Any]) -> list[str]:
    with pytest.raises(GoogleError) as caught:
        parsed(body)
    assert caught.value.status == 400
    return caught.value.message.splitlines()


def test_both_spellings_are_read() -> None:
    camel = parsed({"generationConfig": {"maxOutputTokens": 5, "thinkingConfig": {"thinkingBudget": 0}}})
    snake = parsed({"generation_config": {"max_output_tokens": 5, "thinking_config": {"thinking_budget": 0}}})

    assert camel == snake == {"generation_config": {"max_output_tokens": 5, "thinking_config": {"thinking_budget": 0}}}


def test_a_lone_value_stands_for_a_list_of_it() -> None:
    assert parsed({"contents": {"parts": {"text": "x"}}}) == {"contents": [{"parts": [{"text": "x"}]}]}


def test_null_is_as_if_it_were_not_there() -> None:
    assert parsed({"contents": None, "tools": None}) == {}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"foo": 1}, 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'),
        (
            {"contents": [{"parts": [{"text": "x", "cached": {}}]}]},
            'Invalid JSON payload received. Unknown name "cached" at \'contents[0].parts[0]\': Cannot find field.',
        ),
        (
            {"tools": [{"functionDeclarations": [{"parameters": {"properties": {"a": {}, "b": {"const": 1}}}}]}]},
            'Invalid JSON payload received. Unknown name "const" at '
            "'tools[0].function_declarations[0].parameters.properties[1].value': Cannot find field.",
        ),
        (
            {"generationConfig": {"responseSchema": {"type": ["STRING", "NULL"]}}},
            'Invalid JSON payload received. Unknown name "type" at \'generation_config.response_schema\': '
            "Proto field is not repeating, cannot start list.",
        ),
        (
            {"generationConfig": {"responseSchema": {"enum": [0]}}},
            "Invalid value at 'generation_config.response_schema.enum[0]' (TYPE_STRING), 0",
        ),
        (
            {"contents": [{"parts": [{"text": {"x": 1}}]}]},
            "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), Starting an object on a scalar field",
        ),
        (
            {"contents": [{"parts": [{"text": "x", "functionCall": {"name": "f"}}]}]},
            "Invalid value at 'contents[0].parts[0]' (oneof), oneof field 'data' is already set. "
            "Cannot set 'functionCall'",
        ),
        (
            {"contents": [{"parts": [{"inlineData": {"data": "?!"}}]}]},
            "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed for \"?!\"",
        ),
        (
            {"toolConfig": {"functionCallingConfig": {"mode": "ALWAYS"}}},
            "Invalid value at 'tool_config.function_calling_config.mode' "
            '(type.googleapis.com/google.ai.generativelanguage.v1beta.Mode), "ALWAYS"',
        ),
        ({"generationConfig": {"topP": "high"}}, "Invalid value at 'generation_config.top_p' (TYPE_DOUBLE), \"high\""),
        ({"generationConfig": {"seed": 2**31}}, f"Invalid value at 'generation_config.seed' (TYPE_INT32), {2**31}"),
        ({"systemInstruction": "be kind"}, "Invalid value at 'system_instruction' "
         '(type.googleapis.com/google.ai.generativelanguage.v1beta.Content), "be kind"'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_as_google_does(body: dict[str, Any], told: str) -> None:
    assert problems(body) == [told]


def test_all_mistakes_are_told_at_once_with_their_places() -> None:
    with pytest.raises(GoogleError) as caught:
        parsed({"foo": 1, "contents": [{"bar": 1}]})

    [detail] = caught.value.details
    violations: Any = detail["fieldViolations"]
    assert [violation.get("field") for violation in violations] == [None, "contents[0]"]


def test_what_vertex_knows_ai_studio_may_not() -> None:
    body: dict[str, Any] = {"labels": {"team": "a"}}

    assert read(VERTEX, "GenerateContentRequest", body) == body
    assert "labels" in problems(body)[0]


def test_nesting_is_bounded() -> None:
    schema: dict[str, Any] = {}
    for _ in range(MAX_DEPTH + 5):
        schema = {"items": schema}

    assert "too deep" in problems({"generationConfig": {"responseSchema": schema}})[0]


@given(st.binary(max_size=40), st.booleans(), st.booleans())
def test_base64_is_read_in_either_alphabet(data: bytes, url_safe: bool, padded: bool) -> None:
    text = (base64.urlsafe_b64encode(data) if url_safe else base64.b64encode(data)).decode()

    assert decoded_bytes(text if padded else text.rstrip("=")) == data


NAMES = st.sampled_from(["contents", "parts", "text", "tools", "generationConfig", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(VALUES)
def test_whatever_comes_is_read_or_refused(value: object) -> None:
    with suppress(GoogleError):
        parsed({"contents": value, "tools": value, "generationConfig": value})
