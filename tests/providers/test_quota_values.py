"""Numbers and moments in headers about limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.providers.quota_values import read_count, read_reset

NOW_S = 1_795_600_000.0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0.0),
        ("2000000", 2e6),
        ("12.5", 12.5),
        (" 7 ", 7.0),
        ("100, 100;w=60", 100.0),
        ("", None),
        ("-1", None),
        ("1e9", None),
        ("nan", None),
        ("no", None),
        ("٣", None),
    ],
)
def test_a_count_is_a_plain_number(text: str, number: float | None) -> None:
    assert read_count(text) == number


@pytest.mark.parametrize(
    ("text", "after_s"),
    [
        ("6ms", 0.006),
        ("7.66s", 7.66),
        ("2m59.56s", 179.56),
        ("1h2m3s", 3723.0),
        ("33011.382867", 33011.382867),
        ("0", 0.0),
        (str(int(NOW_S) + 40), 40.0),
        (str(int(NOW_S * 1000) + 1500), 1.5),
        ("2026-11-25T09:06:50Z", 10.0),
        ("2026-11-25T10:06:50+01:00", 10.0),
        ("2026-11-25T09:06:50", 10.0),
    ],
)
def test_the_end_of_a_window_is_written_in_many_ways(text: str, after_s: float) -> None:
    at_s = read_reset(text, 1_795_597_600.0 if "T" in text else NOW_S)

    assert at_s == pytest.approx((1_795_597_600.0 if "T" in text else NOW_S) + after_s, abs=1e-3)


@pytest.mark.parametrize("text", ["", "soon", "-5", "1y", "99999999999999999999", "500000000s", "0001-01-01T00:00:00"])
def test_what_is_no_moment_near_now_is_none(text: str) -> None:
    assert read_reset(text, NOW_S) is None


@given(st.text(max_size=200))
def test_no_text_raises_or_leads_out_of_bounds(text: str) -> None:
    read_count(text)
    at_s = read_reset(text, NOW_S)
    assert at_s is None or abs(at_s - NOW_S) <= 400 * 86_400
