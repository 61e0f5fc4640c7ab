"""Reading JSON as Google does: into messages whose fields are declared, where an unknown name is an error.

Follows the JSON mapping of protocol buffers (protobuf.dev/programming-guides/json, read 2026-11) with what Google's
front end does about mistakes, seen in its answers (2025-2026): it takes `lowerCamelCase` and `snake_case`, one value
for a repeated field, int64 as a string; it lists all mistakes at once, with paths in `snake_case` and the entries of a
map by number (`properties[3].value`).

A declaration is a string: a scalar (`string bool int32 int64 number bytes`), `any`, `struct`, `enum NAME`, or the name
of a message; with `[]` before it a list, with `{}` a map from strings.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tokenrouter.sandbox.google.errors import bad_fields

Message = dict[str, object]
"""A message as read: names in `snake_case`, only what was declared and given."""

MAX_DEPTH: Final = 100
"""Nested messages; protobuf's own limit for JSON."""

_INTEGERS: Final = {"int32": 31, "int64": 63}
_INTEGER_TEXT: Final = re.compile(r"-?\d{1,19}")
_CAPITAL: Final = re.compile(r"[A-Z]")
_URL_SAFE: Final = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Declarations:
    """The messages of one API.

    Attributes:
        oneofs: for a message, groups of fields of which only one may be given.
        package: prefix of an enum's name in error texts.
    """

    messages: Mapping[str, Mapping[str, str]]
    enums: Mapping[str, Sequence[str]]
    oneofs: Mapping[str, tuple[str, Sequence[str]]]
    package: str


def read(declared: Declarations, kind: str, value: Mapping[str, object]) -> Message:
    """`value` as the message `kind`.

    Raises:
        GoogleError: 400 with every field that is unknown or has a wrong type.
    """
    reader = _Reader(declared)
    message = reader.message(kind, value, "", 0)
    if reader.violations:
        raise bad_fields(reader.violations)
    return message


def decoded_bytes(text: str) -> bytes | None:
    """Base64 in either alphabet, padded or not; None if it is neither."""
    plain = text.translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return None


@dataclass(slots=True)
class _Reader:
    declared: Declarations
    violations: list[tuple[str, str]] = field(default_factory=list)

    def message(self, kind: str, given: Mapping[str, object], path: str, depth: int) -> Message:
        read: Message = {}
        fields = self.declared.messages[kind]
        if depth > MAX_DEPTH:
            self._refuse(path, f"Message too deep. Max recursion depth reached for '{path}'.")
            return read
        for name, value in given.items():
            snake = name if name in fields else _snake_case(name)
            if snake not in fields:
                self._unknown(name, path, "Cannot find field.")
            elif value is not None:
                self._field(read, snake, fields[snake], value, f"{path}.{snake}" if path else snake, depth)
        self._check_oneof(kind, read, path)
        return read

    def _field(self, read: Message, name: str, declared: str, value: object, path: str, depth: int) -> None:
        if declared.startswith("[]"):
            values = value if isinstance(value, list) else [value]
            read[name] = [self._value(declared[2:], each, f"{path}[{n}]", depth) for n, each in enumerate(values)]
        elif declared.startswith("{}"):
            if not isinstance(value, dict):
                self._wrong(path, "Map", value)
                return
            pairs = enumerate(value.items())
            read[name] = {key: self._value(declared[2:], each, f"{path}[{n}].value", depth) for n, (key, each) in pairs}
        elif isinstance(value, list) and declared != "any":
            self._unknown(name, path.rpartition(".")[0], "Proto field is not repeating, cannot start list.")
        else:
            read[name] = self._value(declared, value, path, depth)

    def _value(self, declared: str, value: object, path: str, depth: int) -> object:
        if declared == "any":
            return value
        if declared == "struct" or declared in self.declared.messages:
            if not isinstance(value, dict):
                self._wrong(path, f"type.googleapis.com/{self.declared.package}.{declared}", value)
                return {}
            return value if declared == "struct" else self.message(declared, value, path, depth + 1)
        if isinstance(value, dict | list):
            self._refuse(path, f"Invalid value at '{path}' ({_type(declared)}), Starting an object on a scalar field")
            return None
        return (
            self._enum(declared, value, path) if declared.startswith("enum ") else self._scalar(declared, value, path)
        )

    def _enum(self, declared: str, value: object, path: str) -> object:
        name = declared.removeprefix("enum ")
        if value not in self.declared.enums[name]:
            self._wrong(path, f"type.googleapis.com/{self.declared.package}.{name}", value)
        return value

    def _scalar(self, declared: str, value: object, path: str) -> object:
        found = _as_scalar(declared, value)
        if found is None and declared == "bytes" and isinstance(value, str):
            self._refuse(path, f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed for {_shown(value)}")
        elif found is None:
            self._wrong(path, _type(declared), value)
        return found

    def _check_oneof(self, kind: str, read: Message, path: str) -> None:
        name, members = self.declared.oneofs.get(kind, ("", ()))
        given = [member for member in read if member in members]
        if len(given) > 1:
            camel = _camel_case(given[1])
            text = f"Invalid value at '{path}' (oneof), oneof field '{name}' is already set. Cannot set '{camel}'"
            self._refuse(path, text)

    def _wrong(self, path: str, expected: str, value: object) -> None:
        self._refuse(path, f"Invalid value at '{path}' ({expected}), {_shown(value)}")

    def _unknown(self, name: str, path: str, why: str) -> None:
        place = f" at '{path}'" if path else ""
        self._refuse(path, f'Invalid JSON payload received. Unknown name "{name}"{place}: {why}')

    def _refuse(self, path: str, text: str) -> None:
        self.violations.append((path, text))


def _as_scalar(declared: str, value: object) -> object:
    """The value as that scalar, None if it is not one."""
    if declared == "string":
        return value if isinstance(value, str) else None
    if declared == "bool":
        return value if isinstance(value, bool) else None
    if declared == "bytes":
        return decoded_bytes(value) if isinstance(value, str) else None
    if isinstance(value, bool):
        return None
    if declared == "number":
        return float(value) if isinstance(value, int | float) else None
    if isinstance(value, str) and _INTEGER_TEXT.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    bound = 2 ** _INTEGERS[declared]
    return value if isinstance(value, int) and -bound <= value < bound else None


def _type(declared: str) -> str:
    return {"number": "TYPE_DOUBLE"}.get(declared, f"TYPE_{declared.upper()}")


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:100]


def _snake_case(name: str) -> str:
    return _CAPITAL.sub(lambda found: "_" + found[0].lower(), name)


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)
