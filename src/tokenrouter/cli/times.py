"""Ends of keys as people type them: `30d`, `12h`, or a date."""

import re
from datetime import UTC, datetime
from typing import Final

_LENGTH: Final = re.compile(r"(\d{1,6})([smhdw])")
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_end(text: str, now_s: float) -> float:
    """Return the moment as seconds since the epoch.

    Raises:
        ValueError: it is no length of time and no date, or it is past.
    """
    found = _LENGTH.fullmatch(text)
    if found is not None:
        return now_s + int(found[1]) * _UNITS_S[found[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no end; write 30d, 12h, or a date like 2027-01-31T12:00:00Z") from None
    end_s = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    if end_s <= now_s:
        raise ValueError(f"{text!r} is past")
    return end_s


def ago(moment_s: float, now_s: float) -> str:
    """Return how long ago a moment was, or that it never was where it is 0."""
    return f"{length(now_s - moment_s)} ago" if moment_s else "never"


def length(seconds: float) -> str:
    """Return a length of time in its largest unit."""
    for unit, length_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
