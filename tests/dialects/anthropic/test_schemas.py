import json
from typing import Any

from tokenrouter.dialects.anthropic.schemas import EMPTY, answer_schema, input_schema


def closed(schema: dict[str, Any]) -> tuple[Any, bool]:
    raw, has_told = answer_schema(json.dumps(schema).encode())
    return json.loads(bytes(raw)), has_told


def test_objects_are_closed_wherever_they_stand() -> None:
    inner = {"type": "object", "properties": {"n": {"type": "integer"}}}
    schema = {
        "type": "object",
        "properties": {"a": inner, "b": {"type": "array", "items": inner}, "c": {"anyOf": [inner, {"type": "null"}]}},
        "$defs": {"d": inner},
        "required": ["a"],
    }
    told, has_told = closed(schema)

    assert json.dumps(told).count('"additionalProperties": false') == 5
    assert told["required"] == ["a"]
    assert not has_told


def test_what_a_model_cannot_be_held_to_is_told_in_the_description() -> None:
    told, has_told = closed({"type": "integer", "minimum": 1, "maximum": 9, "description": "A number."})

    assert told == {"type": "integer", "description": "A number.\n(minimum: 1, maximum: 9)"}
    assert has_told


def test_formats_and_counts_are_kept_as_far_as_they_are_known() -> None:
    assert closed({"type": "string", "format": "date"}) == ({"type": "string", "format": "date"}, False)
    assert closed({"type": "string", "format": "iban"})[0]["description"] == '(format: "iban")'
    assert closed({"type": "array", "minItems": 1})[0] == {"type": "array", "minItems": 1}
    assert "minItems" not in closed({"type": "array", "minItems": 3})[0]


def test_alternatives_and_maps_are_told_as_they_can_be() -> None:
    assert closed({"oneOf": [{"type": "string"}, {"type": "null"}]})[0] == {
        "anyOf": [{"type": "string"}, {"type": "null"}]
    }
    told, _ = closed({"type": "object", "additionalProperties": {"type": "string"}})
    assert told["additionalProperties"] is False
    assert told["description"] == '(additionalProperties: {"type":"string"})'
    assert closed({"$schema": "x", "type": "object", "additionalProperties": True})[1] is False


def test_a_property_may_be_called_as_a_keyword_is() -> None:
    told, has_told = closed({"type": "object", "properties": {"minimum": {"type": "string"}}})

    assert told["properties"] == {"minimum": {"type": "string"}}
    assert not has_told


def test_a_schema_that_is_no_object_is_left_as_it_is() -> None:
    raw, has_told = answer_schema(b"true")

    assert bytes(raw) == b"true"
    assert not has_told


def test_a_tools_schema_says_that_it_is_an_object() -> None:
    assert input_schema(None) is EMPTY
    assert input_schema(b"{}") is EMPTY
    assert bytes(input_schema(b'{"type": "object"}')) == b'{"type": "object"}'
    assert json.loads(bytes(input_schema(b'{"properties":{"a":{}}}'))) == {"type": "object", "properties": {"a": {}}}
    assert bytes(input_schema(b"true")) == b"true"
