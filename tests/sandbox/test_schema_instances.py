"""Instances are valid for their schemas, judged by a checker of its own below."""

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.sandbox.schema_instances import instance
from tokenrouter.sandbox.schema_values import ImpossibleSchema

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def fits(value: Any, schema: Any, root: Any) -> bool:
    """Whether `value` is valid for `schema`, as far as the keywords below go."""
    if isinstance(schema, bool):
        return schema
    if "$ref" in schema:
        target = root
        for step in schema["$ref"].split("/")[1:]:
            target = target[step]
        return fits(value, target, root)
    kinds = schema.get("type", [])
    names = kinds if isinstance(kinds, list) else [kinds]
    if names and not any(_has_type(value, name) for name in names):
        return False
    return all(
        (
            "const" not in schema or value == schema["const"],
            "enum" not in schema or value in schema["enum"],
            all(fits(value, part, root) for part in schema.get("allOf", [])),
            "anyOf" not in schema or any(fits(value, part, root) for part in schema["anyOf"]),
            _fits_number(value, schema),
            not isinstance(value, str) or _fits_string(value, schema),
            not isinstance(value, list) or _fits_array(value, schema, root),
            not isinstance(value, dict) or _fits_object(value, schema, root),
        )
    )


def _has_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def _fits_number(value: Any, schema: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    step = schema.get("multipleOf")
    return all(
        (
            value >= schema.get("minimum", -math.inf),
            value <= schema.get("maximum", math.inf),
            value > schema.get("exclusiveMinimum", -math.inf),
            value < schema.get("exclusiveMaximum", math.inf),
            step is None or math.isclose(value / step, round(value / step), abs_tol=1e-9),
        )
    )


def _fits_string(value: str, schema: Any) -> bool:
    long_enough = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf)
    return long_enough and ("pattern" not in schema or re.search(schema["pattern"], value) is not None)


def _fits_array(value: list[Any], schema: Any, root: Any) -> bool:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf):
        return False
    if schema.get("uniqueItems") and any(value.count(each) > 1 for each in value):
        return False
    prefix = schema.get("prefixItems", [])
    first = all(fits(each, part, root) for each, part in zip(value, prefix, strict=False))
    return first and all(fits(each, schema.get("items", True), root) for each in value[len(prefix) :])


def _fits_object(value: dict[str, Any], schema: Any, root: Any) -> bool:
    properties = schema.get("properties", {})
    if not set(schema.get("required", [])) <= value.keys() or len(value) < schema.get("minProperties", 0):
        return False
    extra = schema.get("additionalProperties", True)
    return all(fits(each, properties.get(name, extra), root) for name, each in value.items())


def _ranges(low: str, high: str, most: int) -> st.SearchStrategy[dict[str, Any]]:
    """Two bounds in order, either of which may be missing."""
    pairs = st.tuples(st.integers(0, most), st.integers(0, most)).map(sorted)
    return pairs.flatmap(
        lambda pair: st.sampled_from([{}, {low: pair[0]}, {high: pair[1]}, {low: pair[0], high: pair[1]}])
    )


def _joined(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


def _object(properties: dict[str, Any], required: bool) -> dict[str, Any]:
    names = list(properties) if required else []
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    _joined(st.just({"type": "string"}), _ranges("minLength", "maxLength", 30)),
    _joined(st.just({"type": "integer"}), _ranges("minimum", "maximum", 100)),
    _joined(st.just({"type": "number"}), _ranges("minimum", "maximum", 100)),
    st.integers(-50, 50).map(lambda low: {"type": "integer", "exclusiveMinimum": low, "exclusiveMaximum": low + 2}),
    st.integers(-50, 50).map(lambda low: {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + 1}),
    st.integers(1, 9).map(lambda step: {"type": "integer", "multipleOf": step, "minimum": 10, "maximum": 20}),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {"const": [1, {"a": None}]}]),
    st.lists(st.one_of(st.integers(), st.text(), st.none()), min_size=1).map(lambda values: {"enum": values}),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(_object, st.dictionaries(st.text(max_size=5), inner, max_size=4), st.booleans()),
        _joined(inner.map(lambda items: {"type": "array", "items": items}), _ranges("minItems", "maxItems", 5)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"type": "array", "prefixItems": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
    ),
    max_leaves=12,
)


@given(SCHEMAS)
def test_an_instance_is_valid_and_always_the_same(schema: dict[str, Any]) -> None:
    made = instance(schema)

    assert fits(made, schema, schema)
    assert instance(schema) == made


LINKED_LIST: dict[str, Any] = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": _object(
            {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}, True
        )
    },
}
TREE: dict[str, Any] = _object({"name": {"type": "string"}, "leaves": {"type": "array", "items": {"$ref": "#"}}}, True)


@pytest.mark.parametrize(
    "schema",
    [
        LINKED_LIST,
        TREE,
        {"type": "string", "pattern": "^[A-Z]{3}$"},
        {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        {"type": "string", "pattern": "^(red|green)$|^a"},
        {"type": "array", "items": {"type": "string"}, "minItems": 4, "uniqueItems": True},
        {"type": "array", "items": {"type": "integer", "minimum": 3}, "minItems": 4, "uniqueItems": True},
        {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": _object({"id": {"type": "integer"}}, True), "minItems": 3, "uniqueItems": True},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
        {"type": "object", "required": ["a"]},
        {"allOf": [_object({"a": {"type": "integer"}}, True) | {"additionalProperties": True}, {"required": ["b"]}]},
        {"type": ["null", "string"], "enum": ["a", None]},
        {"type": "object", "properties": {"a": True}},
        {},
    ],
)
def test_particular_schemas_have_valid_instances(schema: dict[str, Any]) -> None:
    assert fits(instance(schema), schema, schema)


DOUBLING: dict[str, Any] = {
    "$ref": "#/$defs/0",
    "$defs": {
        **{str(n): _object({side: {"$ref": f"#/$defs/{n + 1}"} for side in "lr"}, True) for n in range(30)},
        "30": {"type": "null"},
    },
}
NESTED: dict[str, Any] = {"type": "null"}
for _ in range(900):
    NESTED = {"type": "array", "items": NESTED, "minItems": 1}


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "nothing"},
        {"enum": []},
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 13},
        {"type": "string", "minLength": 5, "maxLength": 4},
        {"type": "string", "pattern": "("},
        {"$ref": "#/$defs/missing"},
        {"$ref": "https://example.com/schema"},
        _object({"again": {"$ref": "#"}}, True),
        {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "uniqueItems": True},
        pytest.param(DOUBLING, id="doubling"),
        pytest.param(NESTED, id="nested"),
    ],
)
def test_an_impossible_schema_is_refused(schema: object) -> None:
    with pytest.raises(ImpossibleSchema):
        instance(schema)


@pytest.mark.parametrize(
    ("name", "shape"), [("date", r"\d{4}-\d\d-\d\d"), ("uuid", r"[0-9a-f-]{36}"), ("email", ".+@.+")]
)
def test_formats_are_filled_in(name: str, shape: str) -> None:
    assert re.fullmatch(shape, str(instance({"type": "string", "format": name})))
