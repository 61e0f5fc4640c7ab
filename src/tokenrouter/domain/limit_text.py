"""Limits as people write them: windows, scopes and amounts, for the file, the API and the command line.

Every parser raises `ValueError` with words that name the value and what would be right. `read_limit` reads a whole
limit and tells of all its mistakes at once: file, API and command line refuse the same things in the same words.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Any, Final, TypeVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tokenrouter.domain.limits import METRICS, SCOPE_KINDS, TEMPLATED, Limit, Metric, Mode, Window, WindowKind

MAX_AMOUNT: Final = 2**62
"""Largest count kept: fits a database's 64-bit integer with room to add."""
MAX_TIME_S: Final = 253_402_300_800
"""The end of the year 9999, where calendars end."""
MAX_WINDOW_S: Final = 10 * 366 * 86_400
"""Longest window, ten years: its end still is a date."""
MAX_SCOPE_CHARS: Final = 500
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
MODES: Final[tuple[Mode, ...]] = ("hard", "soft")
LIMIT_FIELDS: Final = (
    "scope",
    "metric",
    "window",
    "amount",
    "mode",
    "tz",
    "week_start",
    "boost",
    "boost_until",
    "carry_over",
    "comment",
)
"""What may be said of a limit; the first four but `window` must be."""
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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
    if text.lower() not in DAYS:
        raise ValueError(f"day {text!r} is not known; {suggestion(text.lower(), DAYS)}")
    return text.lower()


def parse_window(text: str, *, tz: str = "UTC", week_start: str = "monday") -> Window:
    """Read `lifetime`, `day`, `sliding:60s`, a bare `60s` (sliding), `interval:1h` and the like."""
    if text == "lifetime":
        return Window("lifetime")
    if text in _CALENDAR:
        return Window(cast(WindowKind, text), tz=parse_zone(tz), week_start=DAYS.index(parse_day(week_start)))
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError(f"window {text!r} is not known; {suggestion(text, _WINDOWS)}")
    length_s = int(match[2]) * _UNITS_S[match[3]]
    if length_s == 0:
        raise ValueError(f"window {text!r} has no length; use at least 1s")
    if length_s > MAX_WINDOW_S:
        raise ValueError(f"window {text!r} is longer than ten years; use lifetime")
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
        raise ValueError(f"scope {text!r} is not known; {_nearest_scope(kind, name)}")
    if not name.isprintable() or len(text) > MAX_SCOPE_CHARS:
        raise ValueError(f"scope {text[:MAX_SCOPE_CHARS]!r} is too long, or has a character that names cannot have")
    if kind == "model" and "/" not in name:
        raise ValueError(f"scope {text!r} names no provider; write it like model:PROVIDER/MODEL")
    if "*" in name and kind != "alias" and not (name == "*" and kind in TEMPLATED):
        raise ValueError(f"scope {text!r}: only key:*, user:* and team:* stand for each of their kind")
    return f"ip:{_network(name)}" if kind == "ip" else text


def _nearest_scope(kind: str, name: str) -> str:
    near = get_close_matches(kind, SCOPE_KINDS, n=1, cutoff=0.6)
    if not near or near[0] == kind:
        return "use one of " + ", ".join(_SCOPES)
    return f'did you mean "{near[0]}"?' if near[0] == "global" else f'did you mean "{near[0]}:{name or "NAME"}"?'


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


def _bounded(amount: int, value: object) -> int:
    if amount < 0:
        raise ValueError(f"amount {value!r} is negative; 0 blocks, and leaving the limit out allows all")
    if amount > MAX_AMOUNT:
        raise ValueError(f"amount {value!r} is too large to be counted")
    return amount


def limit_id(scope: str, metric: Metric, window: Window, mode: Mode = "hard") -> str:
    """Return the stable name of a counter.

    Whatever changes what is counted is in it, so that a limit whose time zone changes is another limit, counted anew.
    """
    place = "" if window.tz == "UTC" else f"@{window.tz}"
    first_day = f"/{DAYS[window.week_start]}" if window.kind == "week" and window.week_start else ""
    return f"{scope}|{metric}|{window_text(window)}{place}{first_day}" + ("|soft" if mode == "soft" else "")


def limit_of_id(identity: str) -> Limit:
    """Return a limit that counts what the one of this id counts; its amount is 0.

    Raises:
        ValueError: `limit_id` has not made it.
    """
    counted = identity.removesuffix("|soft")
    scope, metric, where = (*counted.rsplit("|", 2), "", "")[:3]
    kind, at, place = where.partition("@")
    if not at:
        kind, _, day = where.partition("/")
    elif place.rpartition("/")[2] in DAYS:
        place, _, day = place.rpartition("/")
    else:
        day = ""
    window = parse_window(kind, tz=place or "UTC", week_start=day or DAYS[0])
    return Limit(
        identity, parse_scope(scope), parse_metric(metric), window, 0, "hard" if counted == identity else "soft"
    )


def limit_handle(identity: str) -> str:
    """Return a short name of a counter that may stand in a path: sixteen hex digits of its hash."""
    return "lim_" + hashlib.sha256(identity.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong with a limit; `field` is what it was said in."""

    field: str
    message: str


class InvalidLimit(ValueError):
    """A limit that cannot be; `mistakes` is never empty."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("; ".join(f"{one.field}: {one.message}" for one in mistakes))
        self.mistakes = mistakes


Parsed = TypeVar("Parsed")


class _Fields:
    """The fields of one limit; mistakes are collected, and something usable stands in for what is wrong."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}
        self.mistakes: list[Mistake] = []

    def mistake(self, field: str, message: str) -> None:
        self.mistakes.append(Mistake(field, message))

    def has(self, field: str) -> bool:
        return field in self._values

    def read(self, field: str, parse: Callable[[Any], Parsed], instead: Parsed, *, needed: bool = False) -> Parsed:
        """Return the value of `field`, or `instead` where there is none or a wrong one."""
        if field not in self._values:
            if needed:
                self.mistake(field, "is missing")
            return instead
        try:
            return parse(self._values[field])
        except ValueError as error:
            self.mistake(field, str(error))
            return instead

    def refuse_unknown(self) -> None:
        for name in self._values:
            if name not in LIMIT_FIELDS:
                self.mistake(name, f"unknown field; {suggestion(name, LIMIT_FIELDS)}")


def read_limit(values: Mapping[str, object], origin: str = "") -> Limit:
    """Return the limit that `values` describe; None stands for what is not said.

    Texts, whole numbers and `Decimal`s are as TOML and JSON give them; `boost_until` may also be a `datetime`, or
    seconds since the epoch.

    Raises:
        InvalidLimit: with everything that is wrong.
    """
    fields = _Fields(values)
    scope = fields.read("scope", _of_text(parse_scope), "global", needed=True)
    metric: Metric = fields.read("metric", _of_text(parse_metric), "requests", needed=True)
    window = _read_window(fields)
    mode: Mode = fields.read("mode", _of_text(_parse_mode), "hard")

    def parse_count(value: object) -> int:
        return parse_amount(value, metric)

    amount = fields.read("amount", parse_count, 0, needed=True)
    boost = fields.read("boost", parse_count, 0)
    boost_until_s = fields.read("boost_until", parse_time, 0.0)
    carry_over = fields.read("carry_over", parse_count, 0)
    if fields.has("boost") != fields.has("boost_until"):
        missing = "boost_until" if fields.has("boost") else "boost"
        fields.mistake(missing, "is missing: a boost is an amount and the time at which it ends")
    if carry_over and (metric == "concurrency" or window.kind in ("lifetime", "sliding")):
        words = "places are given back" if metric == "concurrency" else f"{window_text(window)!r} has none before it"
        fields.mistake("carry_over", f"needs a window that follows another, and {words}")
    if amount + boost + carry_over > MAX_AMOUNT and not fields.mistakes:
        fields.mistake("boost" if boost else "carry_over", "is too large to be counted together with the amount")
    fields.read("comment", _of_text(str), "")
    fields.refuse_unknown()
    if fields.mistakes:
        raise InvalidLimit(*fields.mistakes)
    identity = limit_id(scope, metric, window, mode)
    return Limit(identity, scope, metric, window, amount, mode, origin, boost, boost_until_s, carry_over)


def limit_fields(limit: Limit) -> dict[str, object]:
    """Return what `read_limit` reads back as `limit`, its origin apart."""
    return {
        "scope": limit.scope,
        "metric": limit.metric,
        "window": window_text(limit.window),
        "tz": limit.window.tz,
        "week_start": DAYS[limit.window.week_start],
        "amount": _amount_field(limit.amount, limit.metric),
        "mode": limit.mode,
        "boost": _amount_field(limit.boost, limit.metric),
        "boost_until": limit.boost_until_s,
        "carry_over": _amount_field(limit.carry_over, limit.metric),
    }


def _amount_field(amount: int, metric: Metric) -> object:
    return Decimal(amount) / NANO if metric == "cost_usd" else amount


def _read_window(fields: _Fields) -> Window:
    tz = fields.read("tz", _of_text(parse_zone), "UTC")
    week_start = fields.read("week_start", _of_text(parse_day), "monday")

    def parse(text: str) -> Window:
        return parse_window(text, tz=tz, week_start=week_start)

    return fields.read("window", _of_text(parse), Window("lifetime"))


def _of_text(parse: Callable[[str], Parsed]) -> Callable[[Any], Parsed]:
    def parsed(value: object) -> Parsed:
        if not isinstance(value, str):
            raise ValueError(f"{_shown(value)} must be text")
        return parse(value)

    return parsed


def _shown(value: object) -> str:
    return (
        repr(value) if isinstance(value, str | int | float | Decimal) else f"a value of the type {type(value).__name__}"
    )


def _parse_mode(text: str) -> Mode:
    if text not in MODES:
        raise ValueError(f"{text!r} is not known; {suggestion(text, MODES)}")
    return text


def parse_time(value: object) -> float:
    """Read a moment: RFC 3339 text, a `datetime` (UTC where it says no zone), or seconds; return seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MAX_TIME_S:
        return float(value)
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if not isinstance(moment, datetime):
        raise ValueError(f"{_shown(value)} is not a time; write it like 2027-01-31T12:00:00Z")
    return min(max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()), MAX_TIME_S - 1.0)


def suggestion(text: str, known: tuple[str, ...]) -> str:
    """Return "did you mean …?" or the list of what would be right."""
    near = get_close_matches(text, known, n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else "use one of " + ", ".join(known)
