"""Reading a request body field by field, and saying which one is wrong.

Messages and codes follow what OpenAI answers to the same mistakes (recorded 2025-2026): the `param` names the field
with its path, such as `messages[1].content`. Fields that nobody reads are accepted.
"""

import json
from collections.abc import Collection
from typing import Final, NoReturn, TypeVar

from tokenrouter.sandbox.errors import ApiError

_T = TypeVar("_T")

MAX_DEPTH: Final = 512
"""Levels of a body: below what the JSON encoder can write when an answer repeats it."""

_NAMES: Final[dict[type, str]] = {
    str: "a string",
    int: "an integer",
    float: "a decimal",
    bool: "a boolean",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)


class Fields:
    """One JSON object of a request; `path` is where it stands in the body."""

    def __init__(self, values: dict[str, object], path: str = "") -> None:
        self.values = values
        self._path = path

    def path(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def only(self, known: Collection[str]) -> None:
        """Refuse the first field that is none of `known`."""
        for name in self.values:
            if name not in known:
                self.refuse(name, f"Unknown parameter: '{self.path(name)}'.", "unknown_parameter")

    def present(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str) -> str | None:
        return self._typed(name, str)

    def required_text(self, name: str) -> str:
        value = self.text(name)
        return value if value is not None else self._missing(name)

    def choice(self, name: str, allowed: Collection[str]) -> str:
        value = self.required_text(name)
        if value not in allowed:
            known = ", ".join(f"'{each}'" for each in allowed)
            self.refuse(name, f"Invalid value: '{value}'. Supported values are: {known}.", "invalid_value")
        return value

    def flag(self, name: str) -> bool | None:
        return self._typed(name, bool)

    def integer(self, name: str, low: int, high: int) -> int | None:
        value = self._typed(name, int)
        if value is not None:
            self._within(name, value, low, high)
        return value

    def number(self, name: str, low: float, high: float) -> float | None:
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong_type(name, "a decimal")
        self._within(name, value, low, high)
        return float(value)

    def member(self, name: str) -> "Fields | None":
        value: dict[str, object] | None = self._typed(name, dict)
        return None if value is None else Fields(value, self.path(name))

    def required_member(self, name: str) -> "Fields":
        return self.member(name) or self._missing(name)

    def array(self, name: str) -> list[object] | None:
        return self._typed(name, list)

    def objects(self, name: str) -> list["Fields"]:
        """The objects of an array; an absent array is empty."""
        found = []
        for index, value in enumerate(self.array(name) or []):
            if not isinstance(value, dict):
                self.wrong_type(f"{name}[{index}]", "an object", value)
            found.append(Fields(value, self.path(f"{name}[{index}]")))
        return found

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """A string or an array of at most `most` strings; absent is empty."""
        value = self.values.get(name)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong_type(name, "a string or an array of strings")
        if len(value) > most:
            self.refuse(name, f"Invalid '{self.path(name)}': array too long. Expected at most {most} items.")
        return tuple(value)

    def refuse(self, name: str, message: str, code: str | None = None) -> NoReturn:
        raise ApiError(400, message, param=self.path(name), code=code)

    def wrong_type(self, name: str, expected: str, value: object = None) -> NoReturn:
        value = self.values.get(name, value)
        got = _NAMES.get(type(value), "something else")
        message = f"Invalid type for '{self.path(name)}': expected {expected}, but got {got} instead."
        self.refuse(name, message, "invalid_type")

    def _typed(self, name: str, kind: type[_T]) -> _T | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.wrong_type(name, _NAMES[kind])
        return value

    def _within(self, name: str, value: float, low: float, high: float) -> None:
        if low <= value <= high:
            return
        fault, bound = ("below minimum", f">= {low}") if value < low else ("above maximum", f"<= {high}")
        code = "integer_" if isinstance(value, int) else "decimal_"
        message = f"Invalid '{self.path(name)}': {fault} value. Expected a value {bound}, but got {value} instead."
        self.refuse(name, message, code + fault.replace(" ", "_") + "_value")

    def _missing(self, name: str) -> NoReturn:
        path = self.path(name)
        self.refuse(name, f"Missing required parameter: '{path}'.", "missing_required_parameter")


def read_body(body: bytes) -> Fields:
    """The body as one JSON object.

    Raises:
        ApiError: it is not JSON (RFC 8259, so no NaN), not an object, or nested too deeply.
    """
    try:
        value = _DECODER.decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "The body of the request could not be read as JSON.") from error
    if not isinstance(value, dict):
        raise ApiError(400, f"The body has to be a JSON object, not {_NAMES[type(value)]}.", code="invalid_type")
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise ApiError(400, f"The body is nested more than {MAX_DEPTH} levels deep.")
    return Fields(value)


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [each for members in inner for each in members if isinstance(each, dict | list)]
        if not level:
            return False
    return True
