"""Which JSON schemas Anthropic takes for structured output and strict tools.

From the guide "Structured outputs" ("JSON Schema limitations", as of 2026-11): every object is closed, bounds of
numbers, strings and lists are refused rather than ignored, a `$ref` stays inside the schema. The words are the API's
(seen 2025-2026).
"""

from collections.abc import Iterator
from typing import Final

from tokenrouter.sandbox.anthropic.errors import refuse

_UNSUPPORTED: Final = {
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength"),
    "array": ("maxItems", "uniqueItems"),
    "object": ("minProperties", "maxProperties", "propertyNames", "patternProperties"),
}
_INSIDE: Final = ("items", "additionalProperties")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS: Final = ("properties", "$defs", "definitions")


def check_schema(schema: object, path: str) -> None:
    """Raises: AnthropicError 400, a part of the schema is not supported."""
    for part in _parts(schema):
        kind = part.get("type")
        reference = part.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            refuse(f"{path}: External $ref '{reference}' is not supported")
        if not isinstance(kind, str):
            continue
        if kind == "object" and part.get("additionalProperties") is not False:
            refuse(f"{path}: For 'object' type, 'additionalProperties' must be explicitly set to false")
        unsupported = [name for name in _UNSUPPORTED.get(kind, ()) if name in part]
        if unsupported:
            refuse(f"{path}: For '{kind}' type, properties {', '.join(unsupported)} are not supported")


def _parts(schema: object) -> Iterator[dict[str, object]]:
    """The schema and every schema in it."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, dict):
            continue
        yield part
        waiting += [part[name] for name in _INSIDE if name in part]
        for name in _LISTS:
            waiting += part[name] if isinstance(part.get(name), list) else []
        for name in _MAPS:
            waiting += part[name].values() if isinstance(part.get(name), dict) else []
