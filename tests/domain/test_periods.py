from datetime import date

import pytest

from tokenrouter.domain.periods import Period, parse_period, utc_days

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
NOVEMBER_US = 1_793_491_200_000_000
"""2026-11-01 00:00 UTC."""


def test_both_days_are_included() -> None:
    assert parse_period("2026-11-01", "2026-11-02") == Period(NOVEMBER_US, NOVEMBER_US + 2 * DAY_US)


def test_a_time_of_day_is_a_moment() -> None:
    period = parse_period("2026-11-01T12:00", "2026-11-01T14:00:00+01:00")

    assert parse_period("2026-11-01T11:00", "2026-11-01T12:00") == Period(
        NOVEMBER_US + 11 * HOUR_US, NOVEMBER_US + 12 * HOUR_US
    )
    assert period == Period(NOVEMBER_US + 12 * HOUR_US, NOVEMBER_US + 13 * HOUR_US)


def test_an_end_may_be_left_out() -> None:
    assert parse_period() == Period()
    assert parse_period("2026-11-01") == Period(NOVEMBER_US)
    assert parse_period(until="2026-10-31") == Period(0, NOVEMBER_US)


def test_a_month_is_that_of_its_time_zone() -> None:
    berlin = parse_period(month="2026-10", tz="Europe/Berlin")

    assert berlin == Period(NOVEMBER_US - 31 * DAY_US - 2 * HOUR_US, NOVEMBER_US - HOUR_US)
    assert parse_period(month="2026-12").until_us == NOVEMBER_US + 61 * DAY_US


def test_what_begins_at_the_end_is_not_in_it() -> None:
    period = Period(5, 7)

    assert [period.has(time_us) for time_us in (4, 5, 6, 7)] == [False, True, True, False]
    assert Period(5).has(10**18)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"since": "yesterday"}, "'yesterday' is not a day"),
        ({"since": "2026-02-30"}, "'2026-02-30' is not a day of the calendar"),
        ({"since": "0001-01-01"}, "outside of what can be counted"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "is empty"),
        ({"month": "2026-13"}, "is not a day of the calendar"),
        ({"month": "November"}, "'November' is not a month"),
        ({"month": "2026-11", "since": "2026-11-01"}, "use either a month"),
        ({"since": "2026-11-01", "tz": "Mars/Base"}, "time zone 'Mars/Base' is not known"),
    ],
)
def test_what_is_no_period_is_told(wrong: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_period(**wrong)


def test_vendors_report_whole_utc_days() -> None:
    assert utc_days(parse_period("2026-11-01", "2026-11-02")) == (date(2026, 11, 1), date(2026, 11, 2))
    assert utc_days(parse_period(month="2026-11")) == (date(2026, 11, 1), date(2026, 11, 30))


@pytest.mark.parametrize("period", [parse_period("2026-11-01"), parse_period(month="2026-11", tz="Europe/Berlin")])
def test_other_periods_cannot_be_compared_with_a_vendors(period: Period) -> None:
    with pytest.raises(ValueError, match="needed"):
        utc_days(period)
