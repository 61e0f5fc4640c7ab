"""Google's Schema: the subset of OpenAPI 3.0 it is, what Google refuses in it, and the JSON schema it stands for.

From the Gemini API reference ("Schema", read 2026-11) and what its validator answers (2025-2026): each mistake is a
line that begins with `* GenerateContentRequest.`, with the property's name in brackets.
"""

from collections.abc import Iterator
from typing import Final, cast

from tokenrouter.sandbox.google.json import Message

_FORMATS: Final = {
    "STRING": ("enum", "date-time"),
    "NUMBER": ("float", "double"),
    "INTEGER": ("int32", "int64"),
}
"""By type; Google refuses other formats of a string, and ignores those of the rest."""

_JSON_NAMES: Final = {
    "max_items": "maxItems",
    "min_items": "minItems",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "required": "required",
    "enum": "enum",
}


def problems(schema: Message, path: str) -> Iterator[str]:
    """What Google refuses in a schema that could be read, one line each, without the leading `* `."""
    kind = _type(schema)
    if not kind and not schema.get("any_of"):
        yield f"{path}.type: must be specified when not using one_of, any_of or all_of fields"
    yield from _enum_problems(schema, kind, path)
    yield from _object_problems(schema, kind, path)
    if kind == "ARRAY" and "items" not in schema:
        yield f"{path}.items: missing field."
    if kind != "ARRAY" and "items" in schema:
        yield f"{path}.items: field predicate failed: $type == Type.ARRAY"
    shape = schema.get("format")
    if kind == "STRING" and shape and shape not in _FORMATS["STRING"]:
        yield f"{path}.format: only 'enum' and 'date-time' are supported for STRING type"
    for name, child in _children(schema):
        yield from problems(child, f"{path}.{name}")


def json_schema(schema: Message) -> dict[str, object]:
    """The same as a JSON schema (2020-12)."""
    made: dict[str, object] = {name: schema[key] for key, name in _JSON_NAMES.items() if key in schema}
    kind = _type(schema).lower()
    if kind:
        made["type"] = [kind, "null"] if schema.get("nullable") else kind
    if schema.get("format") in ("date-time",):
        made["format"] = schema["format"]
    if "items" in schema:
        made["items"] = json_schema(_message(schema["items"]))
    if "any_of" in schema:
        made["anyOf"] = [json_schema(_message(each)) for each in _list(schema["any_of"])]
    if "properties" in schema:
        made["properties"] = {name: json_schema(_message(each)) for name, each in _ordered(schema)}
    return made


def _ordered(schema: Message) -> list[tuple[str, object]]:
    properties = _message(schema["properties"])
    order = [name for name in _list(schema.get("property_ordering") or []) if name in properties]
    names = [*order, *(name for name in properties if name not in order)]
    return [(str(name), properties[str(name)]) for name in names]


def _enum_problems(schema: Message, kind: str, path: str) -> Iterator[str]:
    values = _list(schema.get("enum") or [])
    if values and kind != "STRING":
        yield f"{path}.enum: only allowed for STRING type"
    for number, value in enumerate(values):
        if value == "":
            yield f"{path}.enum[{number}]: cannot be empty"


def _object_problems(schema: Message, kind: str, path: str) -> Iterator[str]:
    properties = _message(schema.get("properties") or {})
    if kind == "OBJECT" and not properties and "additional_properties" not in schema:
        yield f"{path}.properties: should be non-empty for OBJECT type"
    if kind != "OBJECT":
        yield from (
            f"{path}.{name}: only allowed for OBJECT type" for name in ("properties", "required") if schema.get(name)
        )
        return
    for number, name in enumerate(_list(schema.get("required") or [])):
        if name not in properties:
            yield f"{path}.required[{number}]: property is not defined"


def _children(schema: Message) -> Iterator[tuple[str, Message]]:
    for name, child in _message(schema.get("properties") or {}).items():
        yield f"properties[{name}]", _message(child)
    if "items" in schema:
        yield "items", _message(schema["items"])
    for number, child in enumerate(_list(schema.get("any_of") or [])):
        yield f"any_of[{number}]", _message(child)


def _type(schema: Message) -> str:
    kind = str(schema.get("type") or "").upper()
    return "" if kind == "TYPE_UNSPECIFIED" else kind


def _message(value: object) -> Message:
    return cast(Message, value)


def _list(value: object) -> list[object]:
    return cast(list[object], value)
