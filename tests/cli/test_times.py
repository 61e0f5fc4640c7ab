import pytest

from tokenrouter.cli.times import ago, length, parse_end


@pytest.mark.parametrize(("text", "length_s"), [("90s", 90), ("12h", 43_200), ("30d", 2_592_000), ("1w", 604_800)])
def test_a_length_counts_from_now(text: str, length_s: int) -> None:
    assert parse_end(text, 1000.0) == 1000.0 + length_s


def test_a_date_without_a_zone_is_utc() -> None:
    assert parse_end("2001-09-09T01:46:40", 0.0) == 1_000_000_000.0


@pytest.mark.parametrize("text", ["soon", "30", "-1d", "2020-13-01"])
def test_what_is_no_end_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="30d"):
        parse_end(text, 0.0)


def test_an_end_in_the_past_is_refused() -> None:
    with pytest.raises(ValueError, match="past"):
        parse_end("2001-01-01", 2e9)


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_a_length_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert length(seconds) == text


def test_what_never_was_is_told_so() -> None:
    assert (ago(0.0, 10.0), ago(4.0, 10.0)) == ("never", "6 s ago")
