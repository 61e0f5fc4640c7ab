"""Amounts and names as people read them in a terminal."""

import re
from typing import Final

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""All of C0 and C1 but tab and newline: an answer must not move the cursor, nor name the window. And halves of
characters, which JSON can hold and no terminal can be sent."""


def plain(text: str) -> str:
    """Return text without what a terminal would obey."""
    return _CONTROLS.sub("", text)


def dollars(amount: str) -> str:
    """Return an amount of US dollars without zeros at its end, but with the cents."""
    whole, _, rest = amount.partition(".")
    return f"${whole}.{rest.rstrip('0').ljust(2, '0')}"


def count(number: int | None) -> str:
    """Return `12,345`, or nothing for what nobody knows."""
    return "" if number is None else f"{number:,}"


def size(tokens: int | None) -> str:
    """Return a context's length as vendors write it: `128k`, `1M`."""
    if tokens is None:
        return ""
    if tokens >= 1_000_000:
        return f"{tokens / 1_000_000:.3g}M"
    return f"{tokens / 1_000:.3g}k" if tokens >= 1_000 else str(tokens)


def milliseconds(length_ms: float | None) -> str:
    """Return a length of time in ms, from ten seconds on in s."""
    if length_ms is None:
        return ""
    return f"{length_ms / 1000:.1f} s" if length_ms >= 10_000 else f"{length_ms:.0f} ms"


def moment(text: str | None) -> str:
    """Return a time of the API, `2026-11-22T03:38:17Z`, without what nobody reads."""
    return "" if text is None else text.replace("T", " ").removesuffix(":00Z").removesuffix("Z")
