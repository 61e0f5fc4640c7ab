"""What a table says, read field by field (pure).

All mistakes are collected, so that they can be told at once; something usable stands in for what is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, cast

from tokenrouter.domain.limit_text import Mistake, suggestion

_KINDS: Final[dict[type, str]] = {str: "text", bool: "true or false", int: "a whole number", list: "an array"}


@dataclass(slots=True)
class Said:
    """The fields of one table; `path` leads to it, `mistakes` are what was found to be wrong so far."""

    values: Any
    mistakes: list[Mistake] = field(default_factory=list)
    path: str = ""

    def __post_init__(self) -> None:
        known = self.values if isinstance(self.values, Mapping) else {}
        self.values = {name: value for name, value in known.items() if value is not None}

    def mistake(self, key: str, message: str) -> None:
        """Note what is wrong with `key`."""
        self.mistakes.append(Mistake(f"{self.path}.{key}".strip("."), message))

    def check(self, key: str, mistake: str) -> None:
        """Note `mistake` of `key`, unless it is ""."""
        if mistake:
            self.mistake(key, mistake)

    def has(self, key: str) -> bool:
        """Return whether anything is said of `key`."""
        return key in self.values

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        return cast(str, self._typed(key, str, default))

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return whether it is true."""
        return cast(bool, self._typed(key, bool, default))

    def items(self, key: str) -> list[Any]:
        """Return the members of an array."""
        return cast(list[Any], self._typed(key, list, []))

    def count(self, key: str, default: int, least: int, most: int) -> int:
        """Return a whole number from `least` to `most`."""
        value: int = self._typed(key, int, default)
        if least <= value <= most:
            return value
        self.mistake(key, f"{value} must be from {least} to {most}")
        return default

    def number(self, key: str, default: float, least: float, most: float) -> float:
        """Return a number from `least` to `most`, whole or not; files are read with exact ones."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            self.mistake(key, "must be a number")
        elif least <= float(value) <= most:
            return float(value)
        else:
            self.mistake(key, f"{value} must be from {least:g} to {most:g}")
        return default

    def choice(self, key: str, known: tuple[str, ...], default: str) -> str:
        """Return one of the `known` words."""
        value = self.text(key, default)
        if value in known:
            return value
        self.mistake(key, f"{value!r} is not known; {suggestion(value, known)}")
        return default

    def refuse_unknown(self, known: tuple[str, ...]) -> None:
        """Note every key that is not among `known`."""
        for key in self.values:
            if key not in known:
                self.mistake(key, f"unknown key; {suggestion(key, known)}")

    def _typed(self, key: str, kind: type, default: object) -> Any:
        value = self.values.get(key, default)
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        self.mistake(key, f"must be {_KINDS[kind]}")
        return default
