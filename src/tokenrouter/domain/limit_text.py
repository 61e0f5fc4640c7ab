"""Limits as people write them: windows, scopes and amounts, for the file, the API and the command line.

Every parser raises `ValueError` with words that name the value and what would be right.
"""

import re
from decimal import Decimal
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tokenrouter.domain.limits import METRICS, SCOPE_KINDS, Metric, Window, WindowKind

MAX_AMOUNT: Final = 2**62
"""Largest count kept: fits a database's 64-bit integer with room to add."""
NANO: Final = 10**9
_CALENDAR: Final = ("hour", "day", "week", "month")
_LENGTH: Final = re.compile(r"(?:(sliding|interval):)?(\d{1,9})(s|m|h|d)")
_WINDOWS: Final = ("lifetime", *_CALENDAR, "60s", "sliding:60s", "interval:3600s")
_SCOPES: Final = (
    "global",
    "key:NAME",
    "user:NAME",
    "team:NAME",
    "provider:NAME",
    "model:PROVIDER/MODEL",
    "alias:NAME",
    "ip:CIDR",
    "key:*",
    "user:*",
    "team:*",
)
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse_zone(text: str) -> str:
    """Read the name of a time zone, like `Europe/Berlin` (IANA)."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(text, available_timezones(), n=1, cutoff=0.6)
        hint = f'did you mean "{near[0]}"?' if near else 'use an IANA name, like "UTC" or "Europe/Berlin"'
        raise ValueError(f"time zone {text!r} is not known; {hint}") from None
    return text


def parse_day(text: str) -> str:
    """Read the name of a day of the week."""
    if text.lower() not in _DAYS:
        raise ValueError(f"day {text!r} is not known; {suggestion(text.lower(), _DAYS)}")
    return text.lower()


def parse_window(text: str, *, tz: str = "UTC", week_start: str = "monday") -> Window:
    """Read `lifetime`, `day`, `sliding:60s`, a bare `60s` (sliding), `interval:1h` and the like."""
    if text == "lifetime":
        return Window("lifetime")
    if text in _CALENDAR:
        return Window(cast(WindowKind, text), tz=parse_zone(tz), week_start=_DAYS.index(parse_day(week_start)))
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError(f"window {text!r} is not known; {suggestion(text, _WINDOWS)}")
    length_s = int(match[2]) * _UNITS_S[match[3]]
    if length_s == 0:
        raise ValueError(f"window {text!r} has no length; use at least 1s")
    return Window("interval" if match[1] == "interval" else "sliding", length_s)


def window_text(window: Window) -> str:
    """Return the text that `parse_window` reads back (zone and week start apart)."""
    return f"{window.kind}:{window.length_s}s" if window.kind in ("sliding", "interval") else window.kind


def parse_metric(text: str) -> Metric:
    """Read a metric's name."""
    if text not in METRICS:
        raise ValueError(f"metric {text!r} is not known; {suggestion(text, METRICS)}")
    return text


def parse_scope(text: str) -> str:
    """Read `global`, `key:alice`, `team:*` and the like."""
    kind, colon, name = text.partition(":")
    if kind not in SCOPE_KINDS or (kind == "global") == bool(colon) or (colon and not name):
        raise ValueError(f"scope {text!r} is not known; {suggestion(text, _SCOPES)}")
    return f"ip:{_network(name)}" if kind == "ip" else text


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError(f"scope 'ip:{text}' names no network; write it like ip:192.0.2.0/24") from None


def parse_amount(value: object, metric: Metric) -> int:
    """Read an amount: a whole number, or US dollars as text or number for `cost_usd` (kept in nano-dollars)."""
    if metric == "cost_usd":
        return _bounded(parse_usd(value), value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"amount {value!r} must be a whole number")
    return _bounded(value, value)


def parse_usd(value: object) -> int:
    """Read US dollars exactly; return nano-dollars."""
    try:
        nano = Decimal(str(value)) * NANO
    except ArithmeticError:
        raise ValueError(f'{value!r} is not an amount of US dollars; write it as "25.00"') from None
    if isinstance(value, bool) or not nano.is_finite() or nano != nano.to_integral_value():
        raise ValueError(f"{value!r} is not a whole number of nano-dollars; use at most 9 decimals")
    return int(nano)


def parse_price(value: object) -> int:
    """Read US dollars per million tokens; return nano-dollars per token (0.15 → 150)."""
    nano = parse_usd(value)
    if nano < 0:
        raise ValueError(f"price {value!r} is negative")
    if nano % 10**6:
        raise ValueError(
            f"price {value!r} per million tokens is finer than a nano-dollar per token; use at most 3 decimals"
        )
    return _bounded(nano // 10**6, value)


def _bounded(amount: int, value: object) -> int:
    if amount < 0:
        raise ValueError(f"amount {value!r} is negative; 0 blocks, and leaving the limit out allows all")
    if amount > MAX_AMOUNT:
        raise ValueError(f"amount {value!r} is too large to be counted")
    return amount


def limit_id(scope: str, metric: Metric, window: Window) -> str:
    """Return the stable name of a counter."""
    return f"{scope}|{metric}|{window_text(window)}"


def suggestion(text: str, known: tuple[str, ...]) -> str:
    """Return "did you mean …?" or the list of what would be right."""
    near = get_close_matches(text, known, n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else "use one of " + ", ".join(known)
