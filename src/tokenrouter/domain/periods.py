"""Periods of the ledger as people write them: from a day to a day, or a month, in a time zone.

Both days are included, since that is what "from the 1st to the 30th" means; a time of day is a moment, and what
begins at the second one is not included.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from tokenrouter.domain.limit_text import parse_zone

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH: Final = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True, slots=True)
class Period:
    """Microseconds since the epoch; `until_us` is not included. None is without an end."""

    since_us: int = 0
    until_us: int | None = None

    def has(self, time_us: int) -> bool:
        """Return whether the moment is in it."""
        return self.since_us <= time_us and (self.until_us is None or time_us < self.until_us)


ALWAYS: Final = Period()


def parse_period(since: str = "", until: str = "", *, month: str = "", tz: str = "UTC") -> Period:
    """Read `2026-11-01` or `2026-11-01T12:00`, each or both, or a month (`2026-11`), in the time zone `tz`.

    Raises:
        ValueError: a value is none of these, the end is not after the beginning, or both a month and days are given.
    """
    zone = _zone(tz)
    if month:
        if since or until:
            raise ValueError("use either a month, or a first and a last day")
        return _month(month, zone)
    period = Period(
        _moment(since, zone, is_end=False) if since else 0, _moment(until, zone, is_end=True) if until else None
    )
    if period.until_us is not None and period.until_us <= period.since_us:
        raise ValueError(f"the period from {since or 'the beginning'} to {until} is empty")
    return period


def utc_days(period: Period) -> tuple[date, date]:
    """Return the first and the last UTC day of a period that has both ends.

    Raises:
        ValueError: an end is missing, or is not at the edge of a UTC day.
    """
    day_us = 86_400_000_000
    if not period.since_us or period.until_us is None:
        raise ValueError("both a first and a last day are needed")
    if period.since_us % day_us or period.until_us % day_us:
        raise ValueError("whole UTC days are needed, since that is what vendors report")
    return _utc_day(period.since_us), _utc_day(period.until_us - 1)


def _utc_day(time_us: int) -> date:
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).date()


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(parse_zone(name))


def _month(text: str, zone: tzinfo) -> Period:
    if _MONTH.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a month; write it like 2026-11")
    first = _day(f"{text}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    return Period(_midnight_us(first, zone), _midnight_us(after, zone))


def _moment(text: str, zone: tzinfo, *, is_end: bool) -> int:
    if _DAY.fullmatch(text):
        day = _day(text)
        return _midnight_us(day + timedelta(days=1) if is_end else day, zone)
    try:
        moment = datetime.fromisoformat(text)
        return int(moment.replace(tzinfo=moment.tzinfo or zone).timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a day; write it like 2026-11-01, or 2026-11-01T12:00") from None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day of the calendar") from None
    if not 1970 <= day.year < 9999:
        raise ValueError(f"{text!r} is outside of what can be counted (1970 to 9998)")
    return day


def _midnight_us(day: date, zone: tzinfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1_000_000
