"""Values are read against declared shapes, and the first mistake is told with its path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.sandbox.anthropic.errors import AnthropicError
from tokenrouter.sandbox.anthropic.fields import CREATE
from tokenrouter.sandbox.anthropic.json import (
    Anything,
    Declared,
    Dictionary,
    Flag,
    Items,
    Number,
    Shape,
    Tagged,
    Text,
    TextOr,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from([*CREATE.fields, "type", "text", "role", "content", "source", "unknown"])
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["user", "text", "tool_use"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=30,
)


def refusal(declared: Declared, value: object, path: str = "x") -> str:
    """What is wrong with the value, or nothing."""
    try:
        declared.check(value, path)
    except AnthropicError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        (Text(), 1, "x: Input should be a valid string"),
        (Text(low=1), "", "x: String should have at least 1 character"),
        (Text(high=2), "abc", "x: String should have at most 2 characters"),
        (Text(pattern="^a+$"), "ab", "x: String should match pattern '^a+$'"),
        (Text(one_of=("a",)), "b", "x: Input should be 'a'"),
        (Text(one_of=("a", "b", "c")), 1, "x: Input should be 'a', 'b' or 'c'"),
        (Number(0, 1), "1", "x: Input should be a valid number"),
        (Number(0, 1), True, "x: Input should be a valid number"),
        (Number(0, 1), 1.5, "x: Input should be less than or equal to 1"),
        (Number(1, whole=True), 0, "x: Input should be greater than or equal to 1"),
        (Number(1, whole=True), 1.5, "x: Input should be a valid integer"),
        (Flag(), 0, "x: Input should be a valid boolean"),
        (Dictionary(), [], "x: Input should be a valid dictionary"),
        (Items(Flag()), {}, "x: Input should be a valid list"),
        (Items(Flag()), [True, 1], "x.1: Input should be a valid boolean"),
        (Items(Flag(), low=1), [], "x: List should have at least 1 item after validation, not 0"),
        (TextOr(Items(Flag())), 1, "x: Input should be a valid list"),
        (Shape({"a": Flag()}), [], "x: Input should be a valid dictionary"),
        (Shape({"a": Flag()}, ("a",)), {}, "x.a: Field required"),
        (Shape({"a": Flag()}, ("a",)), {"a": None}, "x.a: Field required"),
        (Shape({"a": Flag()}), {"a": 1}, "x.a: Input should be a valid boolean"),
        (Shape({"a": Flag()}), {"b": 1}, "x.b: Extra inputs are not permitted"),
        (Tagged({"a": Shape({})}), 1, "x: Input should be an object"),
        (Tagged({"a": Shape({})}), {}, "x.type: Field required"),
        (Tagged({"a": Shape({"b": Flag()})}), {"type": "a", "b": 1}, "x.a.b: Input should be a valid boolean"),
        (Tagged({"a": Shape({"b": Flag()})}, default="a"), {"b": 1}, "x.a.b: Input should be a valid boolean"),
        (
            Tagged({"a": Shape({}), "b": Shape({})}),
            {"type": "c"},
            "x: Input tag 'c' found using 'type' does not match any of the expected tags: 'a', 'b'",
        ),
        (
            Tagged({"a": Shape({})}),
            {"type": ["a"]},
            "x: Input tag '['a']' found using 'type' does not match any of the",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(declared: Declared, value: object, message: str) -> None:
    told = refusal(declared, value)

    assert told.startswith(message)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (Text(1, 3, "^a"), "abc"),
        (Number(0, 1), 0.5),
        (Number(0, 1), 1),
        (Flag(), False),
        (Anything(), [{}]),
        (Dictionary(), {"a": 1}),
        (TextOr(Items(Flag())), "text"),
        (Shape({"a": Flag()}), {"a": None}),
        (Shape({"a": Flag()}, is_open=True), {"b": 1}),
        (Tagged({"a": Shape({"b": Flag()})}), {"type": "a", "b": True}),
    ],
)
def test_what_fits_is_taken(declared: Declared, value: object) -> None:
    assert refusal(declared, value) == ""


def test_at_the_top_a_field_has_no_path_before_it() -> None:
    assert refusal(Shape({"a": Flag()}, ("a",)), {}, "") == "a: Field required"


@given(value=JSON)
def test_anything_is_taken_or_refused_with_words(value: object) -> None:
    assert refusal(CREATE, value, "") != ""


@given(value=BODIES)
def test_the_shape_of_a_request_fails_on_nothing_it_is_shown(value: object) -> None:
    told = refusal(CREATE, value, "")

    assert told == "" or ": " in told
