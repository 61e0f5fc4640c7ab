"""Schemas in strict mode: what OpenAI's Structured Outputs ask of one, and how Responses makes one fit by itself.

From the guides "Structured Outputs" and "Function calling" (read 2026-11) and recorded refusals. In strict mode every
object is closed and needs all its properties. A function of Responses that does not say is strict where its schema can
be made so, and otherwise is not.
"""

from collections.abc import Iterator
from typing import Final

MAX_STEPS: Final = 20
"""Steps to the deepest schema: ten levels of objects, as documented, each `properties` and a name."""

_FORBIDDEN: Final = ("oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas",
                     "patternProperties")  # fmt: skip
_MAPS: Final = ("properties", "$defs", "definitions")
_LISTS: Final = ("anyOf", "prefixItems")
_WITHOUT_TYPE: Final = ("anyOf", "$ref", "enum", "const")

Path = tuple[str, ...]


def root_problem(schema: object) -> str | None:
    """Why `schema` cannot be that of an object, strict or not."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    return None if kind == "object" else f"""schema must be a JSON Schema of 'type: "object"', got 'type: "{kind}"'."""


def strict_problem(schema: object) -> str | None:
    """Why `schema` is not fit for strict mode, in the vendor's words; None if it is."""
    return next((f"In context={path}, {problem}" for path, problem in _problems(schema, ())), None)


def made_strict(schema: dict[str, object]) -> dict[str, object] | None:
    """The schema with every object closed and every property required; None where that would change its meaning."""
    made = _closed(schema, 0)
    return made if isinstance(made, dict) and strict_problem(made) is None else None


def _problems(schema: object, path: Path) -> Iterator[tuple[Path, str]]:
    if not isinstance(schema, dict):
        yield path, "schema must be an object."
        return
    if len(path) > MAX_STEPS:
        yield path, "schema exceeds 10 levels of nesting."
        return
    for name in _FORBIDDEN:
        if name in schema:
            yield path, f"'{name}' is not permitted."
    if "type" not in schema and not any(name in schema for name in _WITHOUT_TYPE):
        yield path, "schema must have a 'type' key."
    if _may_be(schema, "object"):
        yield from ((path, problem) for problem in _object_problems(schema))
    if _may_be(schema, "array") and "items" not in schema:
        yield path, "array schema missing items."
    for step, inner in _inner(schema):
        yield from _problems(inner, (*path, *step))


def _object_problems(schema: dict[str, object]) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false."
    properties, required = schema.get("properties"), schema.get("required")
    names = list(properties) if isinstance(properties, dict) else []
    missing = [name for name in names if not isinstance(required, list) or name not in required]
    if missing:
        yield (
            "'required' is required to be supplied and to be an array including every key in properties. "
            f"Missing '{missing[0]}'."
        )


def _inner(schema: dict[str, object]) -> Iterator[tuple[Path, object]]:
    for name in _MAPS:
        members = schema.get(name)
        if isinstance(members, dict):
            yield from (((name, str(key)), member) for key, member in members.items())
    for name in _LISTS:
        members = schema.get(name)
        if isinstance(members, list):
            yield from (((name, str(index)), member) for index, member in enumerate(members))
    if isinstance(schema.get("items"), dict):
        yield ("items",), schema["items"]


def _closed(schema: object, steps: int) -> object:
    if not isinstance(schema, dict) or steps > MAX_STEPS:
        return schema
    made = dict(schema)
    for name in _MAPS:
        members = made.get(name)
        if isinstance(members, dict):
            made[name] = {key: _closed(member, steps + 2) for key, member in members.items()}
    for name in _LISTS:
        members = made.get(name)
        if isinstance(members, list):
            made[name] = [_closed(member, steps + 2) for member in members]
    if "items" in made:
        made["items"] = _closed(made["items"], steps + 1)
    if _may_be(made, "object"):
        properties = made.get("properties")
        made["required"] = list(properties) if isinstance(properties, dict) else []
        made.setdefault("additionalProperties", False)
    return made


def _may_be(schema: dict[str, object], kind: str) -> bool:
    kinds = schema.get("type")
    return kind in kinds if isinstance(kinds, list) else kinds == kind
