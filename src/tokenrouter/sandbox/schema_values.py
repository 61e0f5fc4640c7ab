"""Strings, numbers and different values for JSON schemas: the leaves of `schema_instances`.

They hold what is tried and what is known: common formats, shapes of strings for a `pattern`, bounds and multiples.
"""

import math
import re
from collections.abc import Iterator
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


def string(schema: dict[str, object]) -> str:
    """A string of the length, format or pattern asked for. Raises: ImpossibleSchema."""
    shortest = whole(schema.get("minLength"), 0)
    longest = whole(schema.get("maxLength"), max(shortest, 2**20))
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


def integer(schema: dict[str, object]) -> int:
    """1, or the integer nearest to it that fits. Raises: ImpossibleSchema."""
    step = _numeric(schema.get("multipleOf")) or 1
    step = step if step == int(step) else 1
    fractional = any(
        b is not None and b != int(b)
        for b in (_numeric(schema.get(key)) for key in ("exclusiveMinimum", "exclusiveMaximum"))
    )
    low, high = _bounds(schema, 0.5 if fractional else 1)
    value = _nearest_multiple(int(step), low, high)
    return int(value)


def number(schema: dict[str, object]) -> float:
    """1.5, or another number that fits. Raises: ImpossibleSchema."""
    step = _numeric(schema.get("multipleOf"))
    if step:
        return _nearest_multiple(step, *_bounds(schema, step))
    low, high = _bounds(schema, 0.0)
    if low <= 1.5 <= high and not _excluded(schema, 1.5):
        return 1.5
    value = _between(low, high)
    if _excluded(schema, value):
        raise ImpossibleSchema(f"a number strictly between {low} and {high}")
    return value


def _between(low: float, high: float) -> float:
    """A number in the middle of both bounds, or one beside the only one."""
    if math.isfinite(low) and math.isfinite(high):
        return (low + high) / 2
    return low + 1 if math.isfinite(low) else high - 1


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


def different(first: object, items: object) -> Iterator[object]:
    """`first` and further values of its kind, each different; the caller's schema may bound them."""
    schema = mapping(items)
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
        longest = whole(schema.get("maxLength"), 2**20)
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
    properties = mapping(schema.get("properties"))
    for name, value in first.items():
        for other in different(value, properties.get(name, True)):
            yield {**first, name: other}


def mapping(value: object) -> dict[str, object]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def names(value: object) -> list[str]:
    """The strings of an array; anything else has none."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def whole(value: object, default: int) -> int:
    """`value` as an integer if it is a number."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def _numeric(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
