"""JSON schemas as Anthropic takes them.

Structured output knows a part of JSON Schema and answers 400 to the rest: objects must be closed, and numbers,
lengths and patterns cannot be bounded (platform.claude.com/docs, structured outputs, read 2026-11). What it cannot
hold a model to is told in the description instead, as the vendor's own SDK does it.
"""

from typing import Any, Final

import msgspec

from tokenrouter.domain.items import RawJson

Schema = dict[str, Any]
EMPTY: Final = msgspec.Raw(b'{"type":"object","properties":{}}')
_KEPT: Final = frozenset(("type", "enum", "const", "description", "title", "required", "$ref", "default"))
_NAMED: Final = frozenset(("properties", "$defs", "definitions"))
_ALTERNATIVES: Final = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_MEANINGLESS: Final = frozenset(("$schema", "$id", "$comment", "examples"))
_FORMATS: Final = frozenset(
    ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
)
_raw_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def input_schema(parameters: RawJson | None) -> msgspec.Raw:
    """Return a tool's schema with the `type` that is demanded at its top."""
    if parameters is None:
        return EMPTY
    if parameters.startswith(b'{"type"'):
        return msgspec.Raw(parameters)
    try:
        fields = _raw_fields.decode(parameters)
    except msgspec.DecodeError:
        return msgspec.Raw(parameters)
    if "type" in fields:
        return msgspec.Raw(parameters)
    return msgspec.Raw(msgspec.json.encode({"type": "object", **fields})) if fields else EMPTY


def answer_schema(schema: RawJson) -> tuple[msgspec.Raw, bool]:
    """Return a schema for an answer, and whether some of it is only told in descriptions now."""
    decoded = msgspec.json.decode(schema)
    if not isinstance(decoded, dict):
        return msgspec.Raw(schema), False
    closing = _Closing()
    return msgspec.Raw(msgspec.json.encode(closing.closed(decoded))), closing.has_told


class _Closing:
    """Rewrites one schema. `has_told`: whether constraints became descriptions."""

    def __init__(self) -> None:
        self.has_told = False

    def closed(self, schema: Schema) -> Schema:
        out: Schema = {}
        told: Schema = {}
        for key, value in schema.items():
            self._sort(key, value, out, told)
        if out.get("type") == "object" or "properties" in out:
            out["additionalProperties"] = False
        if told:
            self.has_told = True
            words = ", ".join(f"{key}: {msgspec.json.encode(value).decode()}" for key, value in told.items())
            out["description"] = f"{out['description']}\n({words})" if "description" in out else f"({words})"
        return out

    def _sort(self, key: str, value: Any, out: Schema, told: Schema) -> None:
        if key in _NAMED and isinstance(value, dict):
            out[key] = {name: self._inner(inner) for name, inner in value.items()}
        elif key in _ALTERNATIVES and isinstance(value, list):
            out[_ALTERNATIVES[key]] = [self._inner(inner) for inner in value]
        elif key == "items":
            out[key] = self._inner(value)
        elif key in _KEPT or (key == "format" and value in _FORMATS) or (key == "minItems" and value in (0, 1)):
            out[key] = value
        elif key in _MEANINGLESS or (key == "additionalProperties" and not isinstance(value, dict)):
            return
        else:
            told[key] = value

    def _inner(self, value: Any) -> Any:
        return self.closed(value) if isinstance(value, dict) else value
