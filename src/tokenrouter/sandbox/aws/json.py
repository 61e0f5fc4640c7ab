"""Reading JSON as AWS does: into declared structures, with AWS's words for each constraint that is not met.

From the Smithy specification ("Constraint traits", restJson1; smithy.io, read 2026-11) and what AWS services answer. In
one thing this is stricter than AWS, which ignores members it does not know: here they are refused, because what is
silently lost on the way is what the sandbox is there to find.

A declaration is a `Text`, a `Number`, one of `bool blob document`, or the name of a structure; with `[]` before it a
list.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NoReturn

from tokenrouter.sandbox.aws.errors import AwsError
from tokenrouter.sandbox.google.json import decoded_bytes

Structure = dict[str, object]

MAX_DEPTH: Final = 40


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `low` to `high` characters that matches a pattern, or is one of `enum`."""

    low: int = 0
    high: int = 2**31
    pattern: str | None = None
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high`, `whole` or not."""

    low: float
    high: float
    whole: bool = False


Declared = str | Text | Number


@dataclass(frozen=True, slots=True)
class Shapes:
    """The structures of an operation. In a union exactly one member is set."""

    structures: Mapping[str, Mapping[str, Declared]]
    required: Mapping[str, Sequence[str]]
    unions: frozenset[str]


def read(shapes: Shapes, kind: str, value: Mapping[str, object]) -> Structure:
    """`value` as the structure `kind`.

    Raises:
        AwsError: 400 SerializationException for a wrong type, ValidationException for constraints, all at once.
    """
    reader = _Reader(shapes)
    structure = reader.structure(kind, value, "", 0)
    if reader.problems:
        count = len(reader.problems)
        head = f"{count} validation error{'s' if count > 1 else ''} detected: "
        raise AwsError(400, "ValidationException", head + "; ".join(reader.problems))
    return structure


@dataclass(slots=True)
class _Reader:
    shapes: Shapes
    problems: list[str] = field(default_factory=list)

    def structure(self, kind: str, given: Mapping[str, object], path: str, depth: int) -> Structure:
        if depth > MAX_DEPTH:
            raise AwsError(400, "SerializationException", f"{path} is nested too deeply")
        members = self.shapes.structures[kind]
        read: Structure = {}
        for name, value in given.items():
            place = f"{path}.{name}" if path else name
            if name not in members:
                known = ", ".join(members)
                self.problems.append(f"Unknown member '{name}' at '{path or kind}', expected one of: {known}")
            elif value is not None:
                read[name] = self._value(members[name], value, place, depth)
        for name in self.shapes.required.get(kind, ()):
            if name not in read:
                place = f"{path}.{name}" if path else name
                self.problems.append(f"Value null at '{place}' failed to satisfy constraint: Member must not be null")
        if kind in self.shapes.unions and len(given) != 1:
            known = ", ".join(members)
            self.problems.append(f"The {kind} object at {path} must set one of the following keys: {known}.")
        return read

    def _value(self, declared: Declared, value: object, path: str, depth: int) -> object:
        if isinstance(declared, Text):
            return self._text(declared, value, path)
        if isinstance(declared, Number):
            return self._number(declared, value, path)
        if declared.startswith("[]"):
            return self._list(declared[2:], value, path, depth)
        if declared == "document":
            return value
        if declared == "blob":
            return self._blob(value, path)
        if declared == "bool":
            return value if isinstance(value, bool) else _not_a("Boolean", value)
        if not isinstance(value, dict):
            _not_a("Structure", value)
        return self.structure(declared, value, path, depth + 1)

    def _list(self, declared: str, value: object, path: str, depth: int) -> list[object]:
        if not isinstance(value, list):
            return _not_a("List", value)
        item: Declared = Text(1) if declared == "string" else declared
        return [self._value(item, each, f"{path}.{number}", depth) for number, each in enumerate(value)]

    def _text(self, declared: Text, value: object, path: str) -> str:
        if not isinstance(value, str):
            return _not_a("String", value)
        if declared.enum and value not in declared.enum:
            self._unmet(value, path, f"Member must satisfy enum value set: [{', '.join(declared.enum)}]")
        if len(value) < declared.low:
            self._unmet(value, path, f"Member must have length greater than or equal to {declared.low}")
        if len(value) > declared.high:
            self._unmet(value, path, f"Member must have length less than or equal to {declared.high}")
        if declared.pattern and not re.fullmatch(declared.pattern, value):
            self._unmet(value, path, f"Member must satisfy regular expression pattern: {declared.pattern}")
        return value

    def _number(self, declared: Number, value: object, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _not_a("Number", value)
        if declared.whole and not isinstance(value, int):
            return _not_a("Integer", value)
        if value < declared.low:
            self._unmet(value, path, f"Member must have value greater than or equal to {declared.low}")
        if value > declared.high:
            self._unmet(value, path, f"Member must have value less than or equal to {declared.high}")
        return value

    def _blob(self, value: object, path: str) -> bytes:
        found = decoded_bytes(value) if isinstance(value, str) else None
        if found is None:
            raise AwsError(400, "SerializationException", f"Unable to parse base64 at {path}")
        if not found:
            self._unmet("", path, "Member must have length greater than or equal to 1")
        return found

    def _unmet(self, value: object, path: str, constraint: str) -> None:
        self.problems.append(f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}")


def _not_a(expected: str, value: object) -> NoReturn:
    kinds = {bool: "TRUE_VALUE", str: "STRING_VALUE", list: "START_ARRAY", dict: "START_OBJECT"}
    token = kinds.get(type(value), "NUMBER_VALUE")
    raise AwsError(400, "SerializationException", f"{token} cannot be converted to {expected}")
