"""Numbers and moments in the headers that tell of limits: every spelling that vendors use.

A header is what somebody else's server sent, so everything here is bounded, and what cannot be read is None.
"""

import re
from datetime import UTC, datetime
from typing import Final

MAX_VALUE_CHARS: Final = 64
"""Longer values are none of a limit; the longest seen is a date."""
MAX_RESET_S: Final = 400 * 86_400.0
"""A window that ends later than this is none that anybody has: the longest is a year."""
EPOCH_S: Final = 1e9
"""A number of seconds above this is a moment, not a length of time: it would be thirty years."""
EPOCH_MS: Final = 1e12

_NUMBER: Final = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,9})?")
_GO_DURATION: Final = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:h|ms|m|s|us|µs|ns))+")
_GO_PART: Final = re.compile(r"([0-9.]+)(h|ms|m|s|us|µs|ns)")
_UNIT_S: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def read_count(text: str) -> float | None:
    """Return a number of at least 0, the first of several (`100, 100;w=60`), or None."""
    text = text[:MAX_VALUE_CHARS].partition(",")[0].partition(";")[0].strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def read_reset(text: str, now_s: float) -> float | None:
    """Return the moment, in seconds since the epoch, that a header names as the end of a window, or None.

    Vendors write a Go duration (`2m59.56s`, `6ms`), a date and time of RFC 3339, or a number: seconds from now, or
    since the epoch in seconds or milliseconds.
    """
    text = text[:MAX_VALUE_CHARS].partition(",")[0].strip()
    at_s = _moment(text, now_s)
    return at_s if at_s is not None and now_s - MAX_RESET_S <= at_s <= now_s + MAX_RESET_S else None


def _moment(text: str, now_s: float) -> float | None:
    if _NUMBER.fullmatch(text):
        number = float(text)
        if number >= EPOCH_MS:
            return number / 1000
        return number if number >= EPOCH_S else now_s + number
    if _GO_DURATION.fullmatch(text):
        return now_s + sum(float(number) * _UNIT_S[unit] for number, unit in _GO_PART.findall(text))
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None
