"""One row of a foreign table, read as what we need.

Databases say the same in different ways: SQLite keeps times as text and truths as numbers, a dump has everything as
text, PostgreSQL has types for all of it. A column that an older version did not have reads like an empty one.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tokenrouter.domain.limit_text import MAX_AMOUNT, MAX_TIME_S, NANO

MAX_TEXT_CHARS: Final = 20_000
"""Longest text that is taken from a cell; names, keys and messages are far shorter."""
_TRUE: Final = frozenset({"1", "t", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Cells:
    """One row. `zone` is that of times which name none."""

    values: Mapping[str, Any]
    zone: tzinfo = UTC

    def text(self, name: str) -> str:
        """Return the text of a cell, "" for none; NUL, which no database of ours keeps, becomes a replacement."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        return str(value)[:MAX_TEXT_CHARS].replace("\0", "\ufffd")

    def number(self, name: str, default: int = 0) -> int:
        """Return a whole number, `default` where there is none that is one."""
        value = self.values.get(name)
        try:
            number = int(value) if isinstance(value, int | float) else int(Decimal(self.text(name).strip()))
        except (InvalidOperation, ValueError, OverflowError):
            return default
        return max(-MAX_AMOUNT, min(number, MAX_AMOUNT))

    def count(self, name: str) -> int:
        """Return a number of tokens and the like, never below zero."""
        return max(0, self.number(name))

    def nano_usd(self, name: str) -> int | None:
        """Return nano-dollars of a cell that holds dollars, None for an empty one."""
        if self.values.get(name) is None:
            return None
        try:
            dollars = Decimal(self.text(name).strip())
        except InvalidOperation:
            return None
        if not dollars.is_finite():
            return None
        return int(max(Decimal(-MAX_AMOUNT), min((dollars * NANO).to_integral_value(), Decimal(MAX_AMOUNT))))

    def is_true(self, name: str, default: bool = False) -> bool:
        """Return a truth; `default` for an empty cell."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, bytes) and value in (b"\0", b"\1"):  # MySQL's bit(1)
            return value == b"\1"
        return self.text(name).strip().lower() in _TRUE

    def time_s(self, name: str) -> float | None:
        """Return a moment in seconds since the epoch, None for an empty or unreadable one."""
        value = self.values.get(name)
        if isinstance(value, str) and not value.strip().lstrip("-").isdigit():
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                return None
        if isinstance(value, datetime):
            value = (value if value.tzinfo is not None else value.replace(tzinfo=self.zone)).timestamp()
        seconds = float(value) if isinstance(value, int | float) else float(self.number(name, -1))
        return seconds if math.isfinite(seconds) and 0 <= seconds < MAX_TIME_S else None

    def time_us(self, name: str) -> int:
        """Return a moment in microseconds since the epoch, 0 for none."""
        return int((self.time_s(name) or 0.0) * 1e6)

    def json(self, name: str) -> Any:
        """Return what a cell of JSON holds, already parsed or not; None where it is empty or no JSON."""
        value = self.values.get(name)
        if not isinstance(value, str | bytes):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts: an array, JSON of one, or names between commas."""
        value = self.values.get(name)
        if isinstance(value, str) and value.lstrip().startswith("["):
            value = self.json(name)
        if isinstance(value, list | tuple):
            return tuple(str(one) for one in value if isinstance(one, str) and one.strip())
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())
