"""Schemas for structured output keep to what Anthropic supports."""

import pytest

from tokenrouter.sandbox.anthropic.errors import AnthropicError
from tokenrouter.sandbox.anthropic.schema import check_schema

OPEN = {"type": "object", "properties": {}}
CLOSED = {**OPEN, "additionalProperties": False}
NOT_CLOSED = "s: For 'object' type, 'additionalProperties' must be explicitly set to false"


@pytest.mark.parametrize(
    "schema",
    [
        CLOSED,
        {"type": "array", "items": CLOSED, "minItems": 1},
        {"anyOf": [CLOSED, {"type": "null"}]},
        {**CLOSED, "$defs": {"a": CLOSED}, "properties": {"x": {"$ref": "#/$defs/a"}}},
        {"type": "string", "enum": ["a"], "format": "date"},
        {"type": ["string", "null"]},
    ],
)
def test_a_closed_schema_without_bounds_is_taken(schema: object) -> None:
    check_schema(schema, "s")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (OPEN, NOT_CLOSED),
        ({**OPEN, "additionalProperties": True}, NOT_CLOSED),
        ({"type": "array", "items": OPEN}, NOT_CLOSED),
        ({"anyOf": [{"type": "null"}, OPEN]}, NOT_CLOSED),
        ({**CLOSED, "properties": {"x": OPEN}}, NOT_CLOSED),
        ({**CLOSED, "$defs": {"a": OPEN}}, NOT_CLOSED),
        (
            {"type": "integer", "minimum": 1, "maximum": 2},
            "s: For 'integer' type, properties minimum, maximum are not supported",
        ),
        ({"type": "string", "maxLength": 5}, "s: For 'string' type, properties maxLength are not supported"),
        ({"$ref": "https://x/schema"}, "s: External $ref 'https://x/schema' is not supported"),
    ],
)
def test_what_is_open_or_bounded_is_refused(schema: object, message: str) -> None:
    with pytest.raises(AnthropicError) as caught:
        check_schema(schema, "s")

    assert caught.value.message == message
