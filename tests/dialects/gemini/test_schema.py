import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenrouter.dialects.gemini.schema import google_schema, json_schema
from tokenrouter.sandbox.google import schema as judge
from tokenrouter.sandbox.google.fields import GEMINI
from tokenrouter.sandbox.google.json import read

Schema = dict[str, Any]
names = st.text(st.sampled_from("abc_$é"), min_size=1, max_size=6)
words = st.text(st.sampled_from("ab é"), max_size=4)
leaves = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={
            "description": words,
            "enum": st.lists(words, max_size=3),
            "const": words,
            "format": st.sampled_from(["date-time", "uri", "email"]),
            "pattern": words,
            "minLength": st.integers(0, 9),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={
            "minimum": st.integers(-9, 9),
            "exclusiveMaximum": st.integers(-9, 9),
            "enum": st.lists(st.integers(), max_size=3),
            "multipleOf": st.integers(1, 9),
            "format": st.sampled_from(["int32", "uint8"]),
        },
    ),
    st.sampled_from(
        [
            {},
            True,
            {"type": "boolean", "default": False},
            {"type": "object"},
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"type": ["string", "null"]},
            {"type": ["string", "integer"]},
            {"enum": ["a", "", None]},
            {"const": 3},
            {"$ref": "#/$defs/node"},
            {"$ref": "#/nowhere", "description": "x"},
            {"type": "null"},
        ]
    ),
)


def branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(names, inner, max_size=3)},
            optional={
                "required": st.lists(names, max_size=3),
                "additionalProperties": st.booleans(),
                "propertyNames": st.just({"pattern": "a"}),
                "minProperties": st.integers(0, 2),
            },
        ),
        st.fixed_dictionaries({"type": st.just("array")}, optional={"items": inner, "uniqueItems": st.booleans()}),
        st.fixed_dictionaries({"type": st.just("array"), "prefixItems": several}),
        st.fixed_dictionaries({"anyOf": several}, optional={"description": words}),
        st.fixed_dictionaries({"oneOf": several}),
        st.fixed_dictionaries({"allOf": st.lists(inner.filter(lambda each: isinstance(each, dict)), max_size=2)}),
    )


schemas = st.recursive(leaves, branches, max_leaves=8)
NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "value": {"type": "integer"}}}


def whole(schema: Any) -> Schema:
    properties = {"p": schema, "q": {"type": "string"}}
    return {"$schema": "https://json-schema.org/x", "type": "object", "properties": properties, "$defs": {"node": NODE}}


def google(schema: Any) -> Schema:
    raw = google_schema(json.dumps(schema).encode())
    assert raw is not None
    made: Schema = json.loads(raw)
    return made


def plain(schema: Schema) -> Schema:
    made: Schema = json.loads(json_schema(json.dumps(schema).encode()))
    return made


@settings(deadline=None)
@given(schemas)
def test_googles_parser_takes_whatever_schema_a_client_sends(schema: Any) -> None:
    tool = {"functionDeclarations": [{"name": "f", "parameters": google(whole(schema))}]}
    message: Any = read(GEMINI, "GenerateContentRequest", {"tools": [tool]})
    parameters = message["tools"][0]["function_declarations"][0]["parameters"]

    assert list(judge.problems(parameters, "parameters")) == []


@settings(deadline=None)
@given(schemas)
def test_the_way_to_google_and_back_loses_nothing_more_the_second_time(schema: Any) -> None:
    once = google(whole(schema))

    assert google(plain(once)) == once


@given(schemas)
def test_a_json_schema_is_one_already(schema: Any) -> None:
    raw = json.dumps(whole(schema)).encode()

    assert json_schema(raw) is raw


def test_types_become_lower_case_and_the_order_of_properties_is_kept() -> None:
    told = {
        "type": "OBJECT",
        "property_ordering": ["b", "TYPE"],
        "properties": {
            "TYPE": {"type": "STRING", "nullable": True, "enum": ["A"], "format": "enum"},
            "b": {"type": "ARRAY", "items": {"type": "INTEGER"}, "min_items": "2"},
            "c": {"any_of": [{"type": "NUMBER"}], "nullable": True},
            "d": {"type": "TYPE_UNSPECIFIED", "example": 3},
        },
        "required": ["b"],
    }

    made = plain(told)
    assert made == {
        "type": "object",
        "properties": {
            "b": {"type": "array", "items": {"type": "integer"}, "minItems": 2},
            "TYPE": {"type": ["string", "null"], "enum": ["A", None]},
            "c": {"anyOf": [{"type": "number"}, {"type": "null"}]},
            "d": {"examples": [3]},
        },
        "required": ["b"],
    }
    assert list(made["properties"]) == ["b", "TYPE", "c", "d"]


def test_properties_keep_their_names_whatever_they_are() -> None:
    told = {"type": "OBJECT", "properties": {"min_items": {"type": "STRING"}, "nullable": {"type": "STRING"}}}

    assert plain(told)["properties"] == {"min_items": {"type": "string"}, "nullable": {"type": "string"}}


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}),
        ({"type": "integer", "enum": [1, 2]}, {"type": "INTEGER"}),
        ({"type": "number", "exclusiveMinimum": 0}, {"type": "NUMBER", "minimum": 0}),
        ({"type": "string", "format": "uri"}, {"type": "STRING"}),
        ({"type": "array"}, {"type": "ARRAY", "items": {"type": "STRING"}}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "INTEGER", "nullable": True}),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, {"anyOf": [{"type": "INTEGER"}, {"type": "STRING"}]}),
        ({"type": ["integer", "string"]}, {"anyOf": [{"type": "INTEGER"}, {"type": "STRING"}]}),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}]},
            {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "propertyOrdering": ["a"]},
        ),
        (
            {"type": "integer", "anyOf": [{"minimum": 1}, {"maximum": 0}]},
            {"anyOf": [{"type": "INTEGER", "minimum": 1}, {"type": "INTEGER", "maximum": 0}]},
        ),
        (
            {"allOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["a"]}]},
            {
                "type": "OBJECT",
                "properties": {"a": {"type": "STRING"}},
                "required": ["a"],
                "propertyOrdering": ["a"],
            },
        ),
    ],
)
def test_what_google_has_no_word_for_is_said_as_well_as_it_can_be(schema: Schema, made: Schema) -> None:
    assert google(whole(schema))["properties"]["p"] == made


def test_a_schema_inside_itself_ends_where_it_begins_again() -> None:
    node = google(whole({"$ref": "#/$defs/node"}))["properties"]["p"]

    assert node["properties"]["value"] == {"type": "INTEGER"}
    assert node["properties"]["next"]["type"] == "STRING"


def test_references_that_double_at_every_step_stay_bounded() -> None:
    twice = {
        f"d{n}": {"type": "object", "properties": {s: {"$ref": f"#/$defs/d{n + 1}"} for s in "ab"}} for n in range(30)
    }

    raw = google_schema(json.dumps({**whole({"$ref": "#/$defs/d0"}), "$defs": twice}).encode())
    assert raw is not None
    assert len(raw) < 2 * 2**20


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "object", "properties": {}}, {}, True])
def test_an_object_that_says_nothing_is_left_out(schema: Any) -> None:
    assert google_schema(json.dumps(schema).encode()) is None
