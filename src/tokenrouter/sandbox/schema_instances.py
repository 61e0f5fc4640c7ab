"""Valid instances of JSON schemas, always the same one for the same schema.

For structured output and tool arguments (JSON Schema 2020-12; the part of it that OpenAI's "Structured Outputs" guide,
read 2026-11, supports, and some more). Not looked at: `not`, `if`, `dependent*`, `contains`, `patternProperties`, and
whether a second branch of `oneOf` would fit as well. Recursion ends where it can: a `$ref` that is already being
followed is refused, so its caller takes another branch, leaves the property out, or makes the array empty.
"""

import math
import re
from collections.abc import Callable, Iterator
from typing import Final, cast

_FORMATS: Final = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "P1DT12H",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "host.example.com",
    "idn-hostname": "host.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "uri": "https://example.com/page",
    "iri": "https://example.com/page",
    "uri-reference": "/page",
    "json-pointer": "/a/0",
    "regex": "^a+$",
    "byte": "QUJD",
}

_ALPHABETS: Final = ("a", "A", "0", "a0", "A0", "Aa", "-", "a-", " ", "_", "@", "+", "#", "/", ".")
_SAMPLES: Final = (
    "a@example.com", "2026-01-31", "12:00", "12:00:00", "2026-01-31T12:00:00Z", "https://example.com", "192.0.2.1",
    "ABC-123", "AB-12", "ABC123", "abc-123", "abc_123", "+15550100", "+4915550100", "555-0100", "555-555-0100", "1.0",
    "1.0.0", "v1.0.0", "#a0b1c2", "@someone", "EUR", "en-US", "10.50", "-1", "Aa0-_",
)  # fmt: skip
"""Strings tried for a `pattern`: common shapes, after runs of each alphabet."""


class ImpossibleSchema(Exception):
    """No instance could be made; the message says where."""


def instance(schema: object) -> object:
    """One valid instance of `schema`.

    Raises:
        ImpossibleSchema: the schema is not one, contradicts itself, or asks for more than this module knows.
    """
    return _Maker(schema).make(schema, ())


class _Maker:
    """Makes instances of one schema document; `path` holds the references being followed."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._by_type: dict[str, Callable[[dict[str, object], tuple[str, ...]], object]] = {
            "object": self._object,
            "array": self._array,
            "string": lambda schema, _: _string(schema),
            "integer": lambda schema, _: _integer(schema),
            "number": lambda schema, _: _number(schema),
            "boolean": lambda schema, _: True,
            "null": lambda schema, _: None,
        }

    def make(self, schema: object, path: tuple[str, ...]) -> object:
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
        names = kinds if isinstance(kinds, list) else [kinds]
        fitting = [value for value in allowed if kinds is None or any(_is(value, kind) for kind in names)]
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
        properties = _mapping(schema.get("properties"))
        required = _names(schema.get("required"))
        made: dict[str, object] = {}
        for name in [*properties, *(name for name in required if name not in properties)]:
            try:
                made[name] = self.make(properties.get(name, schema.get("additionalProperties", True)), path)
            except ImpossibleSchema:
                if name in required:
                    raise
        extra = 0
        while len(made) < _whole(schema.get("minProperties"), 0):
            extra += 1
            made[f"key{extra}"] = self.make(schema.get("additionalProperties", True), path)
        return made

    def _array(self, schema: dict[str, object], path: tuple[str, ...]) -> object:
        fewest = _whole(schema.get("minItems"), 0)
        most = schema.get("maxItems")
        prefix = schema.get("prefixItems")
        made = [self.make(each, path) for each in prefix] if isinstance(prefix, list) else []
        wanted = max(fewest, 0 if made else 1)
        wanted = min(wanted, _whole(most, wanted))
        made = made[: _whole(most, len(made))]
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
        for value in _different(first, items):
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
        merged["properties"] = {**_mapping(left["properties"]), **_mapping(right["properties"])}
    if "required" in left and "required" in right:
        merged["required"] = [*_names(left["required"]), *_names(right["required"])]
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


def _string(schema: dict[str, object]) -> str:
    shortest = _whole(schema.get("minLength"), 0)
    longest = _whole(schema.get("maxLength"), max(shortest, 2**20))
    if shortest > longest:
        raise ImpossibleSchema(f"a string of at least {shortest} and at most {longest} characters")
    if isinstance(schema.get("pattern"), str):
        return _matching(str(schema["pattern"]), shortest, longest)
    text = _FORMATS.get(str(schema.get("format")), "text")
    return (text + "x" * (shortest - len(text)))[:longest]


def _matching(pattern: str, shortest: int, longest: int) -> str:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ImpossibleSchema(f"the pattern {pattern!r} is not one") from error
    runs = ((alphabet * 64)[:size] for size in range(65) for alphabet in _ALPHABETS)
    for text in (*runs, *_SAMPLES):
        if shortest <= len(text) <= longest and compiled.search(text):
            return text
    raise ImpossibleSchema(f"no string is known for the pattern {pattern!r}")


def _bounds(schema: dict[str, object], step: float) -> tuple[float, float]:
    """The least and the greatest number allowed; an exclusive bound is moved by `step`."""
    low, high = -math.inf, math.inf
    for key, shift in (("minimum", 0.0), ("exclusiveMinimum", step)):
        if (bound := _numeric(schema.get(key))) is not None:
            low = max(low, bound + shift)
    for key, shift in (("maximum", 0.0), ("exclusiveMaximum", step)):
        if (bound := _numeric(schema.get(key))) is not None:
            high = min(high, bound - shift)
    if low > high:
        raise ImpossibleSchema(f"a number from {low} to {high}")
    return low, high


def _integer(schema: dict[str, object]) -> int:
    step = _numeric(schema.get("multipleOf")) or 1
    step = step if step == int(step) else 1
    fractional = any(b is not None and b != int(b) for b in (_numeric(schema.get(key)) for key in _BOUND_KEYS))
    low, high = _bounds(schema, 0.5 if fractional else 1)
    value = _nearest_multiple(int(step), low, high)
    return int(value)


_BOUND_KEYS: Final = ("exclusiveMinimum", "exclusiveMaximum")


def _number(schema: dict[str, object]) -> float:
    step = _numeric(schema.get("multipleOf"))
    if step:
        return _nearest_multiple(step, *_bounds(schema, step))
    low, high = _bounds(schema, 0.0)
    if low <= 1.5 <= high and not _excluded(schema, 1.5):
        return 1.5
    value = (low + high) / 2 if math.isfinite(low + high) else (low + 1 if math.isfinite(low) else high - 1)
    if _excluded(schema, value):
        raise ImpossibleSchema(f"a number strictly between {low} and {high}")
    return value


def _excluded(schema: dict[str, object], value: float) -> bool:
    low, high = _numeric(schema.get("exclusiveMinimum")), _numeric(schema.get("exclusiveMaximum"))
    return (low is not None and value <= low) or (high is not None and value >= high)


def _nearest_multiple(step: float, low: float, high: float) -> float:
    """The multiple of `step` within the bounds that is one step, or nearest to it."""
    if low <= step <= high:
        return step
    value = math.ceil(low / step) * step if low > step else math.floor(high / step) * step
    if not low <= value <= high:
        raise ImpossibleSchema(f"a multiple of {step} from {low} to {high}")
    return value


def _different(first: object, items: object) -> Iterator[object]:
    """`first` and further values of its kind, each different; the caller's schema may bound them."""
    schema = _mapping(items)
    if isinstance(schema.get("enum"), list):
        yield from cast(list[object], schema["enum"])
        return
    yield first
    if isinstance(first, bool):
        yield not first
    elif isinstance(first, int | float):
        step = _numeric(schema.get("multipleOf")) or 1
        low, high = _bounds(schema, step)
        yield from _up_and_down(first, step, low, high)
    elif isinstance(first, str) and "pattern" not in schema and "format" not in schema:
        longest = _whole(schema.get("maxLength"), 2**20)
        yield from (text for text in (f"{first}{n}" for n in range(2, 1000)) if len(text) <= longest)
        yield from (str(n).rjust(len(first), "0")[:longest] for n in range(1000))
    elif isinstance(first, dict):
        yield from _different_objects(first, schema)


def _up_and_down(first: float, step: float, low: float, high: float) -> Iterator[float]:
    for number in range(1, 1000):
        for value in (first + number * step, first - number * step):
            if low <= value <= high:
                yield type(first)(value)


def _different_objects(first: dict[str, object], schema: dict[str, object]) -> Iterator[object]:
    properties = _mapping(schema.get("properties"))
    for name, value in first.items():
        for other in _different(value, properties.get(name, True)):
            yield {**first, name: other}


def _is(value: object, kind: object) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    kinds: dict[object, type] = {"string": str, "boolean": bool, "null": type(None), "array": list, "object": dict}
    return isinstance(value, kinds.get(kind, object))


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _names(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _whole(value: object, default: int) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def _numeric(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
