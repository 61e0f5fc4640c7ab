"""Cells of foreign rows, whatever type their database has given them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.imports.cells import MAX_TEXT_CHARS, Cells

ANY = st.none() | st.text() | st.binary() | st.integers() | st.floats() | st.booleans() | st.lists(st.text())


def cell(value: object, zone: str = "UTC") -> Cells:
    return Cells({"x": value}, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("value", "zone", "seconds"),
    [
        ("2026-09-21 14:13:20", "UTC", 1_790_000_000.0),
        ("2026-09-21 16:13:20", "Europe/Berlin", 1_790_000_000.0),
        ("2026-09-21T14:13:20Z", "Europe/Berlin", 1_790_000_000.0),
        ("2026-09-21 14:13:20.5+00:00", "UTC", 1_790_000_000.5),
        (datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC), "UTC", 1_790_000_000.0),
        (datetime(2026, 9, 21, 14, 13, 20), "UTC", 1_790_000_000.0),  # a column without a zone
        (1_790_000_000, "UTC", 1_790_000_000.0),
        ("1790000000", "UTC", 1_790_000_000.0),
        (-1, "UTC", None),
        ("soon", "UTC", None),
        (None, "UTC", None),
    ],
)
def test_a_moment_is_one_whoever_wrote_it(value: object, zone: str, seconds: float | None) -> None:
    assert cell(value, zone).time_s("x") == seconds


@pytest.mark.parametrize("value", [True, 1, "1", "t", "true", "True", b"\1"])
def test_what_is_true_is(value: object) -> None:
    assert cell(value).is_true("x")


@pytest.mark.parametrize("value", [False, 0, "0", "f", "false", b"\0", "no"])
def test_what_is_false_is(value: object) -> None:
    assert not cell(value).is_true("x", default=True)


def test_an_empty_or_missing_cell_is_the_default() -> None:
    assert cell(None).is_true("x", default=True)
    assert cell("").number("x", 7) == cell(1).number("y", 7) == 7
    assert cell(1).text("y") == ""


@pytest.mark.parametrize(
    ("value", "nano"), [("0.00125", 1_250_000), (9.9999999, 9_999_999_900), (None, None), ("x", None)]
)
def test_dollars_are_nano_dollars_without_a_rounding_error(value: object, nano: int | None) -> None:
    assert cell(value).nano_usd("x") == nano


@pytest.mark.parametrize("value", ["a, b,,", ["a", "b", ""], '["a", "b"]', ("a", "b")])
def test_lists_come_in_three_ways(value: object) -> None:
    assert cell(value).texts("x") == ("a", "b")


@given(ANY)
def test_no_value_breaks_a_reader(value: object) -> None:
    row = cell(value)

    assert len(row.text("x")) <= MAX_TEXT_CHARS
    assert "\0" not in row.text("x")
    assert -(2**63) < row.number("x") < 2**63
    assert row.count("x") >= 0
    assert row.time_us("x") >= 0
    assert row.nano_usd("x") is None or abs(row.nano_usd("x") or 0) < 2**63
    row.is_true("x"), row.json("x"), row.texts("x")
