"""Valid instances of JSON schemas, always the same one for the same schema.

For structured output and tool arguments (JSON Schema 2020-12; the part of it that OpenAI's "Structured Outputs" guide,
read 2026-11, supports, and some more). Not looked at: `not`, `if`, `dependent*`, `contains`, `patternProperties`, and
whether a second branch of `oneOf` would fit as well. Recursion ends where it can: a `$ref` that is already being
followed is refused, so its caller takes another branch, leaves the property out, or makes the array empty.
"""

from collections.abc import Callable, Iterator
from typing import Final

from tokenrouter.sandbox.schema_values import (
    ImpossibleSchema,
    different,
    integer,
    mapping,
    names,
    number,
    string,
    whole,
)

MAX_VALUES: Final = 100_000
"""Most values made for one schema: references can double with each step."""


def instance(schema: object) -> object:
    """One valid instance of `schema`.

    Raises:
        ImpossibleSchema: the schema is not one, contradicts itself, or asks for more than this module knows.
    """
    try:
        return _Maker(schema).make(schema, ())
    except RecursionError as error:
        raise ImpossibleSchema("it is nested too deeply") from error


class _Maker:
    """Makes instances of one schema document; `path` holds the references being followed."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._made = 0
        self._by_type: dict[str, Callable[[dict[str, object], tuple[str, ...]], object]] = {
            "object": self._object,
            "array": self._array,
            "string": lambda schema, _: string(schema),
            "integer": lambda schema, _: integer(schema),
            "number": lambda schema, _: number(schema),
            "boolean": lambda schema, _: True,
            "null": lambda schema, _: None,
        }

    def make(self, schema: object, path: tuple[str, ...]) -> object:
        self._made += 1
        if self._made > MAX_VALUES:
            raise ImpossibleSchema(f"an instance has more than {MAX_VALUES} values")
        if schema is True or schema is None:
            return "text"
        if not isinstance(schema, dict):
            raise ImpossibleSchema(f"{schema!r} allows nothing")
        if "$ref" in schema:
            return self._follow(schema, path)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._enum(schema)
        if "allOf" in schema:
            return self.make(self._merged(schema, path), path)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                rest = {name: value for name, value in schema.items() if name != key}
                branches = [_merge(rest, branch) for branch in self._list(schema, key)]
                return self._first(branches, path)
        return self._first_type(schema, path)

    def _follow(self, schema: dict[str, object], path: tuple[str, ...]) -> object:
        target = self._resolve(schema["$ref"])
        name = str(schema["$ref"])
        if name in path:
            raise ImpossibleSchema(f"{name} has no end")
        rest = {key: value for key, value in schema.items() if key not in ("$ref", "$defs", "definitions")}
        return self.make(_merge(rest, target), (*path, name))

    def _resolve(self, reference: object) -> object:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise ImpossibleSchema(f"$ref {reference!r} is not inside this schema")
        found = self._root
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, dict) and name in found:
                found = found[name]
            else:
                raise ImpossibleSchema(f"$ref {reference!r} leads nowhere")
        return found

    def _merged(self, schema: dict[str, object], path: tuple[str, ...]) -> object:
        whole: object = {key: value for key, value in schema.items() if key != "allOf"}
        for part in self._list(schema, "allOf"):
            if isinstance(part, dict) and "$ref" in part:
                if str(part["$ref"]) in path:
                    raise ImpossibleSchema(f"{part['$ref']} has no end")
                rest = {key: value for key, value in part.items() if key != "$ref"}
                part = _merge(rest, self._resolve(part["$ref"]))  # noqa: PLW2901 - the same part, seen through
            whole = _merge(whole, part)
        return whole

    def _enum(self, schema: dict[str, object]) -> object:
        allowed = self._list(schema, "enum")
        kinds = schema.get("type")
        of_types = kinds if isinstance(kinds, list) else [kinds]
        fitting = [value for value in allowed if kinds is None or any(_is(value, kind) for kind in of_types)]
        if not fitting:
            raise ImpossibleSchema("an enum allows nothing")
        return fitting[0]

    def _first_type(self, schema: dict[str, object], path: tuple[str, ...]) -> object:
        kinds = schema.get("type", _implied_type(schema))
        if isinstance(kinds, list):
            return self._first([{**schema, "type": kind} for kind in kinds], path)
        maker = self._by_type.get(str(kinds))
        if maker is None:
            raise ImpossibleSchema(f"the type {kinds!r} is unknown")
        return maker(schema, path)

    def _first(self, schemas: list[object], path: tuple[str, ...]) -> object:
        """An instance of the first schema that has one."""
        problem = ImpossibleSchema("there is no branch to choose")
        for schema in schemas:
            try:
                return self.make(schema, path)
            except ImpossibleSchema as error:
                problem = error
        raise problem

    def _object(self, schema: dict[str, object], path: tuple[str, ...]) -> object:
        properties = mapping(schema.get("properties"))
        required = names(schema.get("required"))
        made: dict[str, object] = {}
        for name in [*properties, *(name for name in required if name not in properties)]:
            try:
                made[name] = self.make(properties.get(name, schema.get("additionalProperties", True)), path)
            except ImpossibleSchema:
                if name in required:
                    raise
        extra = 0
        while len(made) < whole(schema.get("minProperties"), 0):
            extra += 1
            made[f"key{extra}"] = self.make(schema.get("additionalProperties", True), path)
        return made

    def _array(self, schema: dict[str, object], path: tuple[str, ...]) -> object:
        fewest = whole(schema.get("minItems"), 0)
        most = schema.get("maxItems")
        prefix = schema.get("prefixItems")
        made = [self.make(each, path) for each in prefix] if isinstance(prefix, list) else []
        wanted = max(fewest, 0 if made else 1)
        wanted = min(wanted, whole(most, wanted))
        made = made[: whole(most, len(made))]
        try:
            for value in self._items(schema, path, made):
                if len(made) >= wanted:
                    break
                made.append(value)
        except ImpossibleSchema:
            if len(made) < fewest:
                raise
        return made

    def _items(self, schema: dict[str, object], path: tuple[str, ...], made: list[object]) -> Iterator[object]:
        """Endless items for an array, all different if they have to be."""
        items = schema.get("items", True)
        first = self.make(items, path)
        if schema.get("uniqueItems") is not True:
            while True:
                yield first
        for value in different(first, items):
            if value not in made:
                yield value
        raise ImpossibleSchema("not enough different items")

    def _list(self, schema: dict[str, object], key: str) -> list[object]:
        value = schema[key]
        if not isinstance(value, list):
            raise ImpossibleSchema(f"{key} is not an array")
        return value


def _merge(left: object, right: object) -> object:
    """What satisfies both, as far as it can be said without solving: properties and required are joined."""
    if left is True or left == {}:
        return right
    if right is True:
        return left
    if not isinstance(left, dict) or not isinstance(right, dict):
        return False
    merged = {**left, **right}
    if "properties" in left and "properties" in right:
        merged["properties"] = {**mapping(left["properties"]), **mapping(right["properties"])}
    if "required" in left and "required" in right:
        merged["required"] = [*names(left["required"]), *names(right["required"])]
    for key in ("anyOf", "oneOf"):
        if key in left and key in right:
            merged["allOf"] = [{key: left[key]}, {key: right[key]}]
            del merged[key]
    return merged


def _implied_type(schema: dict[str, object]) -> str:
    """The type meant by a schema that names none."""
    if "properties" in schema or "required" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema or "minItems" in schema:
        return "array"
    if {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"} & schema.keys():
        return "number"
    return "string"


def _is(value: object, kind: object) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    kinds: dict[object, type] = {"string": str, "boolean": bool, "null": type(None), "array": list, "object": dict}
    return isinstance(value, kinds.get(kind, object))
