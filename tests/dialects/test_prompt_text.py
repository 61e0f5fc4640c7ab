import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.prompt_text import estimated_tokens

RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "y" * 40}
PICTURE = "data:image/png;base64," + "A" * 4000


def estimate(body: dict[str, Any]) -> int:
    return estimated_tokens(peek_object(json.dumps(body).encode()).fields)


@pytest.mark.parametrize(
    ("text", "expected"), [("", 0), ("a", 1), ("abcd", 1), ("abcdefg", 1), ("abcdefgh", 2), ("ü" * 400, 100)]
)
def test_it_is_a_quarter_of_the_characters_rounded_down_and_at_least_one(text: str, expected: int) -> None:
    assert estimate({"model": "m" * 999, "messages": [{"role": "user", "content": text}]}) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "system", "content": "x" * 40}, {"role": "user", "content": "y" * 40}]},
        {"system": "x" * 40, "messages": [{"role": "user", "content": [{"type": "text", "text": "y" * 40}]}]},
        {"system": [{"type": "text", "text": "x" * 40}], "messages": [{"content": [RESULT]}]},
        {"instructions": "x" * 40, "input": "y" * 40},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "x" * 80}]}]},
        {"input": [{"type": "function_call_output", "call_id": "c", "output": "x" * 80}]},
        {"systemInstruction": {"parts": [{"text": "x" * 40}]}, "contents": [{"parts": [{"text": "y" * 40}]}]},
        {"prompt": ["x" * 40, "y" * 40]},
    ],
)  # fmt: skip
def test_every_dialect_is_measured_alike(body: dict[str, Any]) -> None:
    assert estimate(body) == 20


def test_tools_pictures_and_numbers_count_nothing() -> None:
    picture = {"type": "image_url", "image_url": {"url": PICTURE}}
    blob = {"type": "image", "source": {"type": "base64", "data": PICTURE}}
    tools = [{"type": "function", "function": {"name": "f", "description": "x" * 4000}}]

    assert estimate({"tools": tools, "messages": [{"content": [picture, blob, {"type": "text", "text": "abcd"}]}]}) == 1
    assert estimate({"input": [[1, 2, 3], None]}) == 0


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=4), max_leaves=9
    )
)
def test_whatever_a_client_sends_is_measured(value: Any) -> None:
    assert estimate({"messages": value, "contents": value}) >= 0


def test_depth_costs_nothing() -> None:
    body = b'{"messages":' + b"[" * 900 + b'"abcdefgh"' + b"]" * 900 + b"}"

    assert estimated_tokens(peek_object(body).fields) == 2
