"""Which schemas are strict, and which can be made so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.sandbox.responses.strict import made_strict, root_problem, strict_problem

TEXT: Any = {"type": "string"}


def closed(**properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


@pytest.mark.parametrize(
    "schema",
    [
        closed(),
        closed(a=TEXT, b={"type": ["string", "null"]}, c={"enum": ["x"]}),
        closed(list={"type": "array", "items": closed(a=TEXT)}),
        closed(either={"anyOf": [TEXT, {"$ref": "#/$defs/x"}]}) | {"$defs": {"x": closed()}},
    ],
)
def test_a_closed_schema_is_strict(schema: dict[str, Any]) -> None:
    assert strict_problem(schema) is None


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (closed() | {"additionalProperties": True}, "In context=(), 'additionalProperties' is required to be supplied"),
        (closed(a=TEXT) | {"required": []}, "Missing 'a'."),
        (closed(a={"type": "object", "properties": {}}), "In context=('properties', 'a'), 'additionalProperties'"),
        (closed(a={"type": "array"}), "In context=('properties', 'a'), array schema missing items."),
        (closed(a={"description": "x"}), "In context=('properties', 'a'), schema must have a 'type' key."),
        (closed(a={"oneOf": [TEXT], "type": "string"}), "'oneOf' is not permitted."),
        (closed(a={"type": "array", "items": {"type": "object"}}), "In context=('properties', 'a', 'items'),"),
    ],
)
def test_what_is_not_strict_is_told_where(schema: dict[str, Any], problem: str) -> None:
    assert problem in str(strict_problem(schema))


def test_only_an_object_can_be_the_root() -> None:
    assert root_problem(closed()) is None
    assert root_problem(TEXT) == """schema must be a JSON Schema of 'type: "object"', got 'type: "string"'."""


def test_a_schema_is_closed_all_the_way_down() -> None:
    inner: Any = {"type": "object", "properties": {"b": TEXT}}
    open_schema: Any = {"type": "object", "properties": {"a": {"type": "array", "items": inner}}, "required": []}

    assert made_strict(open_schema) == closed(a={"type": "array", "items": closed(b=TEXT)})
    assert "additionalProperties" not in inner


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "additionalProperties": TEXT},
        {"type": "object", "properties": {"a": {"oneOf": [TEXT]}}},
        {"type": "object", "properties": {"a": {}}},
    ],
)
def test_what_would_change_its_meaning_is_left_alone(schema: dict[str, Any]) -> None:
    assert made_strict(schema) is None


def test_a_deep_schema_is_refused_and_not_followed() -> None:
    schema: dict[str, Any] = closed()
    for _ in range(5000):
        schema = closed(a=schema)

    assert "levels of nesting" in str(strict_problem(schema))
    assert made_strict(schema) is None


SCHEMAS = st.recursive(
    st.just(TEXT) | st.just({"type": "integer"}),
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner).map(lambda found: {"type": "object", "properties": found})
        | inner.map(lambda found: {"type": "array", "items": found})
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abc"), SCHEMAS))
def test_what_was_made_strict_is_strict(properties: dict[str, Any]) -> None:
    made = made_strict({"type": "object", "properties": properties})

    assert made is None or strict_problem(made) is None
