import csv
import io
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.providers.reports.lines import ReportInvalid
from tokenrouter.providers.reports.values import count_of, day_of, day_of_seconds, decode_page, read_csv, usd_of

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


def rows(text: str) -> list[dict[str, str]]:
    return [place.cells for place in read_csv("a.csv", io.StringIO(text, newline=""))[1]]


@given(st.lists(st.tuples(CELLS.filter(str.strip), CELLS), max_size=5))
def test_what_was_written_is_read_back(cells: list[tuple[str, str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("one", "two"), *cells])

    assert rows(file.getvalue()) == [{"one": one, "two": two} for one, two in cells]


def test_a_byte_order_mark_and_empty_lines_do_not_matter() -> None:
    assert rows("\ufeffone,two\r\n\r\n1,2\r\n,\r\n") == [{"one": "1", "two": "2"}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a.csv:1: is not a CSV file with a header line"),
        ("one;two\n1;2\n", "a.csv:1: is not a CSV file with a header line and commas"),
        ("one,one\n", "a.csv:1: column one stands twice"),
        ("one,two\n1,2\n1,2,3\n", "a.csv:3: has 3 cells where the header has 2"),
        ('one,two\n1,"2"x\n', "a.csv:2: is not a CSV file"),
        ('one,two\n1,"2\n', "a.csv:"),
    ],
)
def test_what_is_no_table_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ReportInvalid) as caught:
        rows(text)

    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-01", date(2026, 11, 1)),
        ("2026-11-01 00:00:00", date(2026, 11, 1)),
        ("2026-11-01T23:59:59.999Z", date(2026, 11, 1)),
        ("2026-11-01T01:00:00+02:00", date(2026, 10, 31)),
    ],
)
def test_a_moment_belongs_to_its_utc_day(text: str, day: date) -> None:
    assert day_of(text) == day


def test_seconds_belong_to_their_utc_day() -> None:
    assert day_of_seconds(1_730_419_200) == date(2024, 11, 1)


@pytest.mark.parametrize("value", ["", "abc", "NaN", "Infinity", "1e30", "1,5", "$1"])
def test_what_is_no_money_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of US dollars"):
        usd_of(value)


def test_money_keeps_every_digit() -> None:
    assert usd_of("0.8958740000000001") == Decimal("0.8958740000000001")
    assert usd_of("-0.5") == Decimal("-0.5")


@pytest.mark.parametrize("value", ["", "-1", "1.5", "NaN", "1e40", "many"])
def test_what_is_no_count_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is not a whole number"):
        count_of(value)


def test_a_count_may_be_written_with_a_point() -> None:
    assert count_of("59200.0") == 59_200


def test_days_and_seconds_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="is not a date"):
        day_of("August")
    with pytest.raises(ValueError, match="is not a time in seconds"):
        day_of_seconds(10**30)


class Page(msgspec.Struct):
    data: list[int]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"data": [null]}', b'{"data": ' + b"[" * 10_000])
def test_a_page_of_another_shape_is_told(body: bytes) -> None:
    with pytest.raises(ReportInvalid, match="costs: the answer is not what the vendor documents"):
        decode_page("costs", body, Page)
