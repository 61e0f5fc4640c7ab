"""JSON schemas and Google's own kind of schema, each turned into the other.

Google's `Schema` (Gemini API reference, "Schema", read 2026-11) is what OpenAPI 3.0 makes of JSON schema, with types in
upper case and the order of properties told. Its parser refuses every keyword it does not know, so what goes there
is chosen by a list of what it knows, not by one of what it does not. JSON schemas go to Gemini as they are
(`parametersJsonSchema`, `responseJsonSchema`) wherever the model takes them.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tokenrouter.dialects.gemini.spelling import camel
from tokenrouter.domain.items import RawJson

Schema = dict[str, Any]
MAX_NODES: Final = 5_000
"""Most schemas that are written for one: where each refers to the next twice, a few lines would have no end."""

_GOOGLES: Final = re.compile(rb'"(?:[A-Z]{4,7}"|nullable"|property_?[oO]rdering"|any_of"|m(?:in|ax)_)')
"""What tells Google's kind from a JSON schema. A property of such a name is a false alarm that does no harm."""
_COUNTS: Final = frozenset(("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"))
"""Protobuf's JSON writes these as text."""
_TYPES: Final = frozenset(("string", "number", "integer", "boolean", "array", "object", "null"))
_LISTS_OF_SCHEMAS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS_OF_SCHEMAS: Final = ("properties", "$defs", "definitions")
_SCHEMAS: Final = ("items", "additionalProperties", "not")
_NAMES: Final = {"ref": "$ref", "defs": "$defs"}
"""Vertex AI has these two without their dollar."""


def json_schema(raw: RawJson) -> RawJson:
    """Return a schema of either kind as a JSON schema; the same bytes where it is one already."""
    if _GOOGLES.search(raw) is None:
        return raw
    return msgspec.json.encode(_as_json_schema(msgspec.json.decode(raw)))


def _as_json_schema(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    made: Schema = {}
    for name, value in schema.items():
        spelled = _NAMES.get(name) or camel(name)
        if spelled in _MAPS_OF_SCHEMAS and isinstance(value, dict):
            made[spelled] = {key: _as_json_schema(each) for key, each in value.items()}
        elif spelled in _LISTS_OF_SCHEMAS and isinstance(value, list):
            made[spelled] = [_as_json_schema(each) for each in value]
        elif spelled in _SCHEMAS:
            made[spelled] = _as_json_schema(value)
        elif spelled in _COUNTS and isinstance(value, str) and value.isdecimal():
            made[spelled] = int(value)
        else:
            made[spelled] = value
    return _without_googles_words(made)


def _without_googles_words(schema: Schema) -> Schema:
    ordering = schema.pop("propertyOrdering", None)
    nullable = schema.pop("nullable", None)
    if "example" in schema:
        schema.setdefault("examples", [schema.pop("example")])
    if schema.get("format") == "enum":
        del schema["format"]
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = kind.lower()
        if schema["type"] not in _TYPES:
            del schema["type"]
    properties = schema.get("properties")
    if isinstance(ordering, list) and isinstance(properties, dict):
        first = [name for name in ordering if name in properties]
        schema["properties"] = {name: properties[name] for name in dict.fromkeys([*first, *properties])}
    return _nullable(schema) if nullable is True else schema


def _nullable(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str):
        schema["type"] = list(dict.fromkeys((schema["type"], "null")))
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    elif isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    return schema


_KEPT: Final = {
    "string": frozenset(("minLength", "maxLength", "pattern")),
    "number": frozenset(("minimum", "maximum")),
    "integer": frozenset(("minimum", "maximum")),
    "array": frozenset(("minItems", "maxItems")),
    "object": frozenset(("minProperties", "maxProperties")),
}
"""What Google takes beside a type; other types have no such keyword."""
_FORMATS: Final = {
    "string": frozenset(("date-time", "enum")),
    "number": frozenset(("float", "double")),
    "integer": frozenset(("int32", "int64")),
}
_FREE_OBJECT: Final = "A JSON object, written as text."
"""Google refuses an object without properties, so one of any shape is asked for as text."""


def google_schema(raw: RawJson) -> RawJson | None:
    """Return a schema as Google's kind; None where it is an object that can only be empty or of any shape."""
    decoded = msgspec.json.decode(json_schema(raw))
    if not isinstance(decoded, dict) or not _is_worth_saying(decoded):
        return None
    return msgspec.json.encode(_Writer(decoded).write(decoded))


def _is_worth_saying(schema: Schema) -> bool:
    return any(schema.get(name) for name in ("properties", "anyOf", "oneOf", "allOf", "$ref", "enum", "const")) or (
        schema.get("type") not in (None, "object", ["object"])
    )


class _Writer:
    """Writes one schema. References are written out; one that is inside itself ends there."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._nodes = 0

    def write(self, schema: Any, inside: frozenset[str] = frozenset()) -> Schema:
        """Return `schema`, which stands inside those that the references `inside` mean."""
        self._nodes += 1
        if not isinstance(schema, dict) or self._nodes > MAX_NODES:
            return {"type": "STRING", "description": _FREE_OBJECT}
        schema, inside = self._plain(schema, inside)
        kinds, nullable = _kinds(schema)
        choices = schema.get("anyOf") or schema.get("oneOf")
        if isinstance(choices, list) and "properties" not in schema:
            return self._any_of(schema, choices, nullable, inside)
        if len(kinds) > 1:
            return self._any_of(schema, [{**schema, "type": kind} for kind in kinds], nullable, inside)
        said = self._single(schema, kinds[0], inside)
        if nullable:
            said["nullable"] = True
        return said

    def _plain(self, schema: Schema, inside: frozenset[str]) -> tuple[Schema, frozenset[str]]:
        """Write out a reference and what `allOf` holds; the siblings of a reference (a description) win."""
        while isinstance(reference := schema.get("$ref"), str):
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            if reference in inside:
                return {"type": "object", **rest}, inside
            schema = {**self._meant(reference), **rest}
            inside |= {reference}
        several = schema.get("allOf")
        if not isinstance(several, list):
            return schema, inside
        merged = {name: value for name, value in schema.items() if name != "allOf"}
        for each in several:
            if isinstance(each, dict):
                more, inside = self._plain(each, inside)
                _merge(merged, more)
        return merged, inside

    def _meant(self, reference: str) -> Schema:
        """Return what a reference into the same schema means (RFC 6901), nothing for one that leads nowhere."""
        meant: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            meant = meant.get(key) if isinstance(meant, dict) else None
        return meant if isinstance(meant, dict) else {}

    def _any_of(self, schema: Schema, choices: list[Any], nullable: bool, inside: frozenset[str]) -> Schema:
        """Null among the choices is told as `nullable`; one that is left stands for itself."""
        given = {"type": schema["type"]} if isinstance(schema.get("type"), str) else {}
        choices = [{**given, **each} if isinstance(each, dict) else each for each in choices]
        real = [each for each in choices if not (isinstance(each, dict) and each.get("type") == "null")]
        nullable = nullable or len(real) < len(choices)
        told = _described(schema)
        if len(real) > 1:
            said = {"anyOf": [self.write(each, inside) for each in real], **told}
        else:
            said = {**self.write(real[0] if real else {"type": "string"}, inside), **told}
        if nullable:
            said["nullable"] = True
        return said

    def _single(self, schema: Schema, kind: str, inside: frozenset[str]) -> Schema:
        if kind == "object":
            return self._object(schema, inside)
        said: Schema = {"type": kind.upper(), **_described(schema)}
        if kind == "array":
            said["items"] = self.write(_items(schema), inside)
        if kind == "string":
            _add_enum(said, schema)
        if schema.get("format") in _FORMATS.get(kind, ()):
            said["format"] = schema["format"]
        said |= {name: schema[name] for name in _KEPT.get(kind, ()) if _is_number_or_text(schema.get(name))}
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if bound in _KEPT.get(kind, ()) and bound not in said and _is_number(schema.get(exclusive)):
                said[bound] = schema[exclusive]
        return said

    def _object(self, schema: Schema, inside: frozenset[str]) -> Schema:
        properties = schema.get("properties")
        told = _described(schema)
        if not isinstance(properties, dict) or not properties:
            words = f"{told['description']} ({_FREE_OBJECT})" if "description" in told else _FREE_OBJECT
            return {"type": "STRING", "description": words}
        said: Schema = {"type": "OBJECT", **told}
        said["properties"] = {name: self.write(each, inside) for name, each in properties.items()}
        if required := [name for name in _list(schema.get("required")) if name in properties]:
            said["required"] = required
        said["propertyOrdering"] = list(properties)
        return said


def _merge(into: Schema, more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if name == "properties" and isinstance(value, dict):
            into[name] = {**(into.get(name) or {}), **value}
        elif name == "required" and isinstance(value, list):
            into[name] = list(dict.fromkeys([*_list(into.get(name)), *value]))
        else:
            into.setdefault(name, value)


def _kinds(schema: Schema) -> tuple[list[str], bool]:
    """Return the types that a schema allows but null, at least one, and whether it allows null."""
    given = schema.get("type")
    named = [each for each in (given if isinstance(given, list) else [given]) if each in _TYPES]
    values = [schema["const"]] if "const" in schema else _list(schema.get("enum"))
    nullable = "null" in named or schema.get("nullable") is True or (None in values and len(values) > 1)
    kinds = [each for each in named if each != "null"]
    if not kinds:
        kinds = [_implied_kind(schema, values)]
    return kinds, nullable


def _implied_kind(schema: Schema, values: list[Any]) -> str:
    if "properties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    real = [each for each in values if each is not None]
    if real and all(_is_number(each) for each in real):
        return "number"
    return "boolean" if real and all(isinstance(each, bool) for each in real) else "string"


def _items(schema: Schema) -> Any:
    """Google wants `items` for every array; a tuple's may be of any of its types."""
    if isinstance(schema.get("items"), dict):
        return schema["items"]
    several = _list(schema.get("prefixItems")) or _list(schema.get("items"))
    return {"anyOf": several} if several else {"type": "string"}


def _add_enum(said: Schema, schema: Schema) -> None:
    """Google's enumerations are of text, and none of it empty."""
    values = [schema["const"]] if "const" in schema else _list(schema.get("enum"))
    if texts := [each for each in values if isinstance(each, str) and each]:
        said["enum"] = list(dict.fromkeys(texts))


def _described(schema: Schema) -> Schema:
    return {name: schema[name] for name in ("title", "description") if isinstance(schema.get(name), str)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_number_or_text(value: Any) -> bool:
    return _is_number(value) or isinstance(value, str)
