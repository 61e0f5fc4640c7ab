"""A strict view of one TOML table: what is asked for is checked, what is never asked for is unknown."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, cast

from tokenrouter.config.problems import Problem
from tokenrouter.domain.limit_text import suggestion

MAX_S: Final = 10**9
"""Below this a length of time is one; it is some thirty years."""
_NAMES = {str: "text in quotes", bool: "true or false", int: "a whole number", dict: "a table", list: "an array"}


class Table:
    """One table and its place in the file. Mistakes are collected, and the default is used instead."""

    def __init__(
        self, values: Mapping[str, Any], path: str, file: str, lines: Mapping[str, int], problems: list[Problem]
    ) -> None:
        self._values = values
        self._path = path
        self._file = file
        self._lines = lines
        self._known: dict[str, None] = {}
        self.problems = problems

    def where(self, key: str = "") -> str:
        """Return `torod.toml:12` for `key`, or for the table itself."""
        path = self.path(key)
        while path and path not in self._lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        line = self._lines.get(path)
        return self._file if line is None else f"{self._file}:{line}"

    def path(self, key: str = "") -> str:
        """Return the path of `key`."""
        return f"{self._path}.{key}" if self._path and key else key or self._path

    def problem(self, key: str, message: str, hint: str = "") -> None:
        """Note a mistake in the value of `key`."""
        self.problems.append(Problem(self.where(key), self.path(key), message, hint))

    def has(self, key: str) -> bool:
        """Whether `key` is there; it is known from now on."""
        self._known[key] = None
        return key in self._values

    def stands(self, path: str) -> bool:
        """Whether there is something at `path`, like `cache.ttl_s`; what is known does not change."""
        values: Any = self._values
        for key in path.split("."):
            if not isinstance(values, dict) or key not in values:
                return False
            values = values[key]
        return True

    def names(self) -> tuple[str, ...]:
        """Return every key that is there; they are all known from now on."""
        self._known |= dict.fromkeys(self._values)
        return tuple(self._values)

    def raw(self, key: str) -> Any:
        """Return the value of `key` as it is, or None."""
        self._known[key] = None
        return self._values.get(key)

    def text(self, key: str, default: str = "") -> str:
        """Return a string."""
        return cast(str, self._typed(key, str, default))

    def flag(self, key: str, default: bool) -> bool:
        """Return a boolean."""
        return cast(bool, self._typed(key, bool, default))

    def count(self, key: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        """Return a whole number of at least `least`, and at most `most`."""
        value: int = self._typed(key, int, default)
        if most is not None and value > most:
            self.problem(key, f"{value} is too large; use at most {most}")
            return default
        if value < least:
            self.problem(key, f"{value} is too small; use at least {least}")
            return default
        return value

    def seconds(self, key: str, default: float, *, least: float = 0.0) -> float:
        """Return a length of time."""
        value = self.raw(key)
        if value is None:
            return default
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        length_s = float(value) if is_number else math.nan
        if not least <= length_s < MAX_S:
            self.problem(key, f"{_shown(value)} must be a number of seconds, at least {least:g}")
            return default
        return length_s

    def choice(self, key: str, known: tuple[str, ...], default: str) -> str:
        """Return one of `known`."""
        value = self.text(key, default)
        if value not in known:
            self.problem(key, f"{value!r} is not known", suggestion(value, known))
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return an array of strings."""
        values = self._typed(key, list, [])
        if not all(isinstance(value, str) for value in values):
            self.problem(key, "must be an array of texts in quotes")
            return ()
        return tuple(values)

    def mapping(self, key: str) -> dict[str, str]:
        """Return a table of strings."""
        values = self._typed(key, dict, {})
        if not all(isinstance(value, str) for value in values.values()):
            self.problem(key, "must be a table of texts in quotes")
            return {}
        return dict(values)

    def time(self, key: str) -> float | None:
        """Return a moment (RFC 3339, as text or as a TOML date-time) in seconds since the epoch; None when empty."""
        value = self.raw(key)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                value = None
        if not isinstance(value, datetime):
            self.problem(key, f"{_shown(self.raw(key))} is not a time; write it like 2027-01-31T12:00:00Z")
            return None
        return value.replace(tzinfo=value.tzinfo or UTC).timestamp()

    def table(self, key: str) -> "Table":
        """Return a sub-table, empty when it is absent."""
        return self._sub(self._typed(key, dict, {}), self.path(key))

    def tables(self, key: str) -> list["Table"]:
        """Return an array of tables."""
        values = self._typed(key, list, [])
        if not all(isinstance(value, dict) for value in values):
            self.problem(key, f"must be written as [[{key}]] tables")
            return []
        return [self._sub(value, f"{self.path(key)}[{index}]") for index, value in enumerate(values)]

    def _sub(self, values: Mapping[str, Any], path: str) -> "Table":
        return Table(values, path, self._file, self._lines, self.problems)

    def _typed(self, key: str, kind: type, default: Any) -> Any:
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.problem(key, f"{_shown(value)} must be {_NAMES[kind]}")
            return default
        return value

    def finish(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._values:
            if key not in self._known:
                self.problem(key, "unknown key", suggestion(key, tuple(sorted(self._known))))


def _shown(value: object) -> str:
    """Return a value that is wrong, for a message; what is in an array or a table may be a secret."""
    return _NAMES[type(value)] if isinstance(value, list | dict) else repr(value)
