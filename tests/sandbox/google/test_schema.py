"""What Google refuses in a schema, in its words, and what the rest means as a JSON schema."""

from typing import Any

import pytest

from tokenrouter.sandbox.google.fields import GEMINI
from tokenrouter.sandbox.google.json import read
from tokenrouter.sandbox.google.schema import json_schema, problems


def schema(given: dict[str, Any]) -> dict[str, Any]:
    return read(GEMINI, "Schema", given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "p.type: must be specified when not using one_of, any_of or all_of fields"),
        ({"type": "OBJECT"}, "p.properties: should be non-empty for OBJECT type"),
        ({"type": "ARRAY"}, "p.items: missing field."),
        ({"type": "STRING", "properties": {"a": {"type": "STRING"}}}, "p.properties: only allowed for OBJECT type"),
        ({"type": "INTEGER", "enum": ["1"]}, "p.enum: only allowed for STRING type"),
        ({"type": "STRING", "enum": ["a", ""]}, "p.enum[1]: cannot be empty"),
        ({"type": "STRING", "format": "uri"}, "p.format: only 'enum' and 'date-time' are supported for STRING type"),
        ({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["b"]},
         "p.required[0]: property is not defined"),
        ({"type": "OBJECT", "properties": {"a": {"type": "ARRAY", "items": {}}}},
         "p.properties[a].items.type: must be specified when not using one_of, any_of or all_of fields"),
        ({"anyOf": [{"type": "ARRAY"}]}, "p.any_of[0].items: missing field."),
    ],
)  # fmt: skip
def test_what_google_refuses(given: dict[str, Any], told: str) -> None:
    assert list(problems(schema(given), "p")) == [told]


def test_a_good_schema_is_the_json_schema_it_looks_like() -> None:
    given = schema(
        {
            "type": "OBJECT",
            "propertyOrdering": ["b", "a"],
            "properties": {
                "a": {"type": "STRING", "nullable": True, "minLength": "3"},
                "b": {"type": "ARRAY", "items": {"anyOf": [{"type": "INTEGER", "minimum": 1}, {"type": "BOOLEAN"}]}},
            },
            "required": ["a"],
        }
    )

    assert list(problems(given, "p")) == []
    made = json_schema(given)
    assert list(made["properties"]) == ["b", "a"]  # type: ignore[call-overload]
    assert made == {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"type": ["string", "null"], "minLength": 3},
            "b": {"type": "array", "items": {"anyOf": [{"type": "integer", "minimum": 1.0}, {"type": "boolean"}]}},
        },
    }
