"""Reading JSON as Anthropic does: against declared shapes, where a name that is not declared is an error.

Paths and words are those of the API's answers (seen 2025-2026), which are pydantic's: `tools.0.custom.name: Field
required`. The tag of a union is part of the path. Only the first mistake is told. Two things are not copied: a null is
taken for an absent field everywhere, and a content that is neither text nor a list is told once.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from tokenrouter.sandbox.anthropic.errors import refuse

Block = dict[str, object]
"""A JSON object that has been checked."""


class Declared(Protocol):
    """What a value has to be."""

    def check(self, value: object, path: str) -> None:
        """Raises: AnthropicError 400, it is not."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `low` to `high` characters that matches a pattern, or is `one_of` some."""

    low: int = 0
    high: int | None = None
    pattern: str | None = None
    one_of: tuple[str, ...] = ()

    def check(self, value: object, path: str) -> None:
        if self.one_of and value not in self.one_of:
            _wrong(path, f"Input should be {_listed(self.one_of)}")
        if not isinstance(value, str):
            _wrong(path, "Input should be a valid string")
        if len(value) < self.low:
            _wrong(path, f"String should have at least {_counted(self.low, 'character')}")
        if self.high is not None and len(value) > self.high:
            _wrong(path, f"String should have at most {_counted(self.high, 'character')}")
        if self.pattern and not re.search(self.pattern, value):
            _wrong(path, f"String should match pattern '{self.pattern}'")


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high`, `whole` or not."""

    low: float
    high: float | None = None
    whole: bool = False

    def check(self, value: object, path: str) -> None:
        kind = "integer" if self.whole else "number"
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            _wrong(path, f"Input should be a valid {kind}")
        if value < self.low:
            _wrong(path, f"Input should be greater than or equal to {self.low}")
        if self.high is not None and value > self.high:
            _wrong(path, f"Input should be less than or equal to {self.high}")


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: object, path: str) -> None:
        if not isinstance(value, bool):
            _wrong(path, "Input should be a valid boolean")


@dataclass(frozen=True, slots=True)
class Anything:
    """A value that is not looked into."""

    def check(self, value: object, path: str) -> None:
        """Everything will do."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Any JSON object."""

    def check(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            _wrong(path, "Input should be a valid dictionary")


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    of: Declared
    low: int = 0

    def check(self, value: object, path: str) -> None:
        if not isinstance(value, list):
            _wrong(path, "Input should be a valid list")
        if len(value) < self.low:
            _wrong(path, f"List should have at least {_counted(self.low, 'item')} after validation, not {len(value)}")
        for number, each in enumerate(value):
            self.of.check(each, f"{path}.{number}")


@dataclass(frozen=True, slots=True)
class TextOr:
    """A string or something else."""

    other: Declared

    def check(self, value: object, path: str) -> None:
        if not isinstance(value, str):
            self.other.check(value, path)


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with declared fields; `is_open` if others may be there too."""

    fields: Mapping[str, Declared]
    required: Sequence[str] = ()
    is_open: bool = False

    def check(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            _wrong(path, "Input should be a valid dictionary")
        for name, declared in self.fields.items():
            if value.get(name) is not None:
                declared.check(value[name], _joined(path, name))
            elif name in self.required:
                _wrong(_joined(path, name), "Field required")
        if not self.is_open:
            self._refuse_others(value, path)

    def _refuse_others(self, value: Block, path: str) -> None:
        for name in value:
            if name not in self.fields:
                _wrong(_joined(path, name), "Extra inputs are not permitted")


@dataclass(frozen=True, slots=True)
class Tagged:
    """One of several shapes, told apart by `type`; `default` where it is left out."""

    shapes: Mapping[str, Shape]
    default: str | None = None

    def check(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            _wrong(path, "Input should be an object")
        tag = value.get("type")
        if tag is None:
            tag = self.default or _wrong(f"{path}.type", "Field required")
        shape = self.shapes.get(tag) if isinstance(tag, str) else None
        if shape is None:
            known = ", ".join(f"'{name}'" for name in self.shapes)
            text = f"Input tag '{tag}' found using 'type' does not match any of the expected tags: {known}"
            _wrong(path, text)
        rest = {name: each for name, each in value.items() if name != "type"}
        shape.check(rest, f"{path}.{tag}")


def _wrong(path: str, text: str) -> NoReturn:
    refuse(f"{path}: {text}")


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(names: Sequence[str]) -> str:
    *most, last = (f"'{name}'" for name in names)
    return f"{', '.join(most)} or {last}" if most else last
