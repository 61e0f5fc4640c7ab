from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.limits import Window, WindowKind
from tokenrouter.domain.windows import window_before, window_end, window_start

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Beirut", "Australia/Lord_Howe")
CALENDAR: tuple[WindowKind, ...] = ("day", "week", "month")


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("window", "now", "start", "end"),
    [
        (Window("hour"), "2026-11-21 10:59:59.5", "2026-11-21 10:00", "2026-11-21 11:00"),
        (Window("hour", tz="Asia/Kolkata"), "2026-11-21 10:15", "2026-11-21 10:00", "2026-11-21 11:00"),
        (Window("day"), "2026-11-21 00:00", "2026-11-21 00:00", "2026-11-22 00:00"),
        (Window("day", tz="America/New_York"), "2026-11-21 23:59", "2026-11-21 00:00", "2026-11-22 00:00"),
        (Window("week"), "2026-11-21 12:00", "2026-11-16 00:00", "2026-11-23 00:00"),
        (Window("week", week_start=6), "2026-11-21 12:00", "2026-11-15 00:00", "2026-11-22 00:00"),
        (Window("week", week_start=5), "2026-11-21 00:00", "2026-11-21 00:00", "2026-11-28 00:00"),
        (Window("month"), "2028-02-29 12:00", "2028-02-01 00:00", "2028-03-01 00:00"),
        (Window("month"), "2026-12-31 23:59", "2026-12-01 00:00", "2027-01-01 00:00"),
    ],
)
def test_calendar_windows_begin_and_end_by_their_own_clock(window: Window, now: str, start: str, end: str) -> None:
    found = window_start(window, at(now, window.tz), 0)

    assert found == at(start, window.tz)
    assert window_end(window, found) == at(end, window.tz)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Asia/Beirut", "2026-03-29", 23),
        ("America/Havana", "2026-11-01", 25),
    ],
)
def test_a_day_on_which_clocks_change_is_shorter_or_longer(zone: str, day: str, hours: float) -> None:
    window = Window("day", tz=zone)
    noon_s = at(f"{day} 12:00", zone)

    start_s = window_start(window, noon_s, 0)
    end_s = window_end(window, start_s)

    assert end_s is not None
    assert (end_s - start_s) / 3600 == hours


def test_a_day_that_begins_at_one_oclock_ends_at_midnight() -> None:
    window = Window("day", tz="Asia/Beirut")
    noon_s = at("2026-03-29 12:00", "Asia/Beirut")

    assert window_end(window, window_start(window, noon_s, 0)) == at("2026-03-30 00:00", "Asia/Beirut")


@given(
    kind=st.sampled_from(CALENDAR),
    zone=st.sampled_from(ZONES),
    week_start=st.integers(0, 6),
    now=st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)),
)
def test_calendar_windows_follow_each_other_without_a_gap(
    kind: WindowKind, zone: str, week_start: int, now: datetime
) -> None:
    window = Window(kind, tz=zone, week_start=week_start)
    now_s = now.replace(tzinfo=ZoneInfo(zone)).timestamp()

    start_s = window_start(window, now_s, 0)
    end_s = window_end(window, start_s)

    assert end_s is not None
    assert start_s <= now_s < end_s
    assert window_start(window, end_s, 0) == end_s
    assert window_start(window, end_s - 1, 0) == start_s
    assert timedelta(hours=22) < timedelta(seconds=end_s - start_s) <= timedelta(days=31, hours=2)


def test_a_lifetime_has_neither_begin_nor_end() -> None:
    assert window_start(Window("lifetime"), 1e9, 5.0) == 0
    assert window_end(Window("lifetime"), 0.0) is None


@pytest.mark.parametrize(("now_s", "start_s"), [(100, 100), (159.9, 100), (160, 160), (300, 280), (90, 100)])
def test_intervals_step_on_from_their_first_use(now_s: float, start_s: float) -> None:
    window = Window("interval", 60)

    assert window_start(window, now_s, 100) == start_s
    assert window_end(window, start_s) == start_s + 60


def test_a_sliding_window_reaches_back_its_length() -> None:
    assert window_start(Window("sliding", 60), 1000, 0) == 940


@pytest.mark.parametrize("kind", ["hour", *CALENDAR])
@pytest.mark.parametrize("zone", ZONES)
def test_windows_follow_one_another_backwards_too(kind: WindowKind, zone: str) -> None:
    window = Window(kind, tz=zone)
    start_s = window_start(window, at("2026-11-21 10:59", zone), 0.0)
    for _ in range(500):
        before_s = window_before(window, start_s)
        assert before_s is not None
        assert window_end(window, before_s) == start_s
        start_s = before_s


def test_the_window_before_is_an_interval_earlier_or_there_is_none() -> None:
    assert window_before(Window("interval", 60), 100.0) == 40.0
    assert window_before(Window("lifetime"), 0.0) is None
    assert window_before(Window("sliding", 60), 100.0) is None
