from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.limit_text import (
    limit_id,
    parse_amount,
    parse_metric,
    parse_price,
    parse_scope,
    parse_usd,
    parse_window,
    window_text,
)
from tokenrouter.domain.limits import Window


@given(st.sampled_from(["sliding", "interval"]), st.integers(1, 10**6))
def test_a_window_is_read_back_as_it_was_written(kind: str, length_s: int) -> None:
    window = parse_window(f"{kind}:{length_s}s")

    assert parse_window(window_text(window)) == window
    assert window.length_s == length_s


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("60s", Window("sliding", 60)),
        ("1h", Window("sliding", 3600)),
        ("interval:2d", Window("interval", 172_800)),
        ("lifetime", Window("lifetime")),
        ("week", Window("week", week_start=6, tz="Europe/Berlin")),
    ],
)
def test_windows_as_people_write_them(text: str, window: Window) -> None:
    assert parse_window(text, tz="Europe/Berlin", week_start="sunday") == window


@pytest.mark.parametrize("text", ["", "0s", "sliding", "60", "fortnight", "sliding:-1s", "interval:1y"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="window"):
        parse_window(text)


@pytest.mark.parametrize("text", ["global", "key:alice", "team:*", "model:acme/org/big", "ip:10.0.0.0/8"])
def test_scopes_as_people_write_them(text: str) -> None:
    assert parse_scope(text) == text


@pytest.mark.parametrize("text", ["", "key", "key:", "global:x", "kye:alice", "ip:nowhere"])
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"scope|ip"):
        parse_scope(text)


@given(st.integers(0, 10**12))
def test_dollars_are_read_exactly(nano: int) -> None:
    text = f"{nano // 10**9}.{nano % 10**9:09d}"

    assert parse_usd(text) == nano
    assert parse_usd(Decimal(text)) == nano
    assert parse_amount(text, "cost_usd") == nano


@given(st.integers(0, 10**6))
def test_a_price_per_million_is_a_whole_number_of_nano_dollars_per_token(nano: int) -> None:
    assert parse_price(Decimal(nano) / 1000) == nano


@pytest.mark.parametrize("value", ["x", "nan", "1e-10", True, None])
def test_what_is_no_money_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"dollar|decimals"):
        parse_usd(value)


@pytest.mark.parametrize("value", [-1, 2**63, "5", 1.5, True])
def test_what_is_no_count_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="amount"):
        parse_amount(value, "tokens")


def test_an_unknown_metric_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="tokens"):
        parse_metric("token")


def test_a_limit_is_named_by_what_it_limits() -> None:
    assert limit_id("key:alice", "tokens", Window("sliding", 60)) == "key:alice|tokens|sliding:60s"
