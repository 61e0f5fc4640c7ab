"""When a limit's window began and when it ends: arithmetic on clocks, without a clock.

Times are seconds since the epoch. Calendar windows follow the limit's time zone, so a day may have 23 or
25 hours; `interval` windows advance in whole steps from their first use.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from tokenrouter.domain.limits import Window


def window_start(window: Window, now_s: float, first_use_s: float) -> float:
    """Return when the window that holds `now_s` began; `first_use_s` anchors `interval` windows.

    `lifetime` begins at 0; `sliding` has no start of its own and gives the edge of what still counts.
    """
    match window.kind:
        case "lifetime":
            return 0.0
        case "interval":
            steps = int((now_s - first_use_s) // window.length_s) if now_s > first_use_s else 0
            return first_use_s + steps * window.length_s
        case "sliding":
            return now_s - window.length_s
        case _:
            return _calendar_start(window, now_s).timestamp()


def window_end(window: Window, start_s: float) -> float | None:
    """Return when the window that began at `start_s` ends; None for `lifetime`."""
    match window.kind:
        case "lifetime":
            return None
        case "interval" | "sliding":
            return start_s + window.length_s
        case _:
            return _calendar_end(window, start_s)


def window_before(window: Window, start_s: float) -> float | None:
    """Return when the window before the one that began at `start_s` began; None for those without one."""
    match window.kind:
        case "lifetime" | "sliding":
            return None
        case "interval":
            return start_s - window.length_s
        case _:
            return _calendar_start(window, start_s - 1).timestamp()


def _calendar_start(window: Window, now_s: float) -> datetime:
    zone = _zone(window.tz)
    local = datetime.fromtimestamp(now_s, zone)
    if window.kind == "hour":
        return datetime.fromtimestamp(now_s - (local.minute * 60 + local.second + local.microsecond / 1e6), zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if window.kind == "day":
        return midnight
    if window.kind == "month":
        return midnight.replace(day=1)
    return midnight - timedelta(days=(midnight.weekday() - window.week_start) % 7)


def _calendar_end(window: Window, start_s: float) -> float:
    if window.kind == "hour":
        return start_s + 3600
    # Where clocks go forward at midnight, a day begins at one o'clock; its end is at midnight all the same.
    start = datetime.fromtimestamp(start_s, _zone(window.tz)).replace(hour=0, minute=0)
    if window.kind == "day":
        return (start + timedelta(days=1)).timestamp()
    if window.kind == "week":
        return (start + timedelta(days=7)).timestamp()
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1).timestamp()


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)
