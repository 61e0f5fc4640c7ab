from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.limit_text import (
    DAYS,
    MAX_AMOUNT,
    MAX_WINDOW_S,
    MODES,
    InvalidLimit,
    limit_fields,
    limit_handle,
    limit_id,
    limit_of_id,
    parse_amount,
    parse_metric,
    parse_scope,
    parse_time,
    parse_usd,
    parse_window,
    read_limit,
    window_text,
)
from tokenrouter.domain.limits import METRICS, Limit, Metric, Mode, Window


@given(
    st.sampled_from(
        ["global", "key:*", "user:a|b|soft", "team:x@y/monday", "model:acme/a/b", "ip:192.0.2.0/24", "ip:2001:db8::/32"]
    ),
    st.sampled_from(METRICS),
    st.sampled_from(["lifetime", "60s", "interval:90s", "hour", "day", "week", "month"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Indiana/Knox"]),
    st.sampled_from(DAYS),
    st.sampled_from(MODES),
)
def test_an_id_says_all_that_a_limit_counts(
    scope: str, metric: Metric, window: str, tz: str, week_start: str, mode: Mode
) -> None:
    if window != "week":
        week_start = DAYS[0]
    parsed = parse_window(window, tz=tz, week_start=week_start)

    read = limit_of_id(limit_id(scope, metric, parsed, mode))

    assert read == Limit(limit_id(scope, metric, parsed, mode), scope, metric, parsed, 0, mode)


@pytest.mark.parametrize(
    "text", ["", "a", "a|b", "global|tokens|dya", "global|tokens", "key:a|sums|day", "x|tokens|day"]
)
def test_what_is_no_id_of_a_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not known"):
        limit_of_id(text)


@given(st.sampled_from(["sliding", "interval"]), st.integers(1, MAX_WINDOW_S))
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


@pytest.mark.parametrize("text", ["", "0s", "sliding", "60", "fortnight", "sliding:-1s", "interval:1y", "3661d"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="window"):
        parse_window(text)


@pytest.mark.parametrize("text", ["global", "key:alice", "team:*", "model:acme/org/big", "ip:10.0.0.0/8"])
def test_scopes_as_people_write_them(text: str) -> None:
    assert parse_scope(text) == text


@pytest.mark.parametrize(
    "text", ["", "key", "key:", "global:x", "kye:alice", "ip:nowhere", "model:acme", "provider:*", "key:a*", "key:a\n"]
)
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"scope|ip"):
        parse_scope(text)


@given(st.integers(0, 10**12))
def test_dollars_are_read_exactly(nano: int) -> None:
    text = f"{nano // 10**9}.{nano % 10**9:09d}"

    assert parse_usd(text) == nano
    assert parse_usd(Decimal(text)) == nano
    assert parse_amount(text, "cost_usd") == nano


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


def test_what_is_counted_otherwise_has_another_name() -> None:
    berlin = Window("week", tz="Europe/Berlin", week_start=6)

    assert limit_id("team:*", "cost_usd", berlin) == "team:*|cost_usd|week@Europe/Berlin/sunday"
    assert limit_id("team:*", "cost_usd", Window("week"), "soft") == "team:*|cost_usd|week|soft"


def test_a_handle_may_stand_in_a_path_and_is_always_the_same() -> None:
    assert limit_handle("key:alice|tokens|day") == limit_handle("key:alice|tokens|day") != limit_handle("x")
    assert limit_handle("model:a/b|tokens|day").removeprefix("lim_").isalnum()


GOOD: dict[str, object] = {"scope": "key:alice", "metric": "tokens", "window": "day", "amount": 100}


def mistakes_in(**fields: object) -> dict[str, str]:
    with pytest.raises(InvalidLimit) as refused:
        read_limit({**GOOD, **fields})
    return {mistake.field: mistake.message for mistake in refused.value.mistakes}


def test_a_limit_is_read_whole() -> None:
    limit = read_limit(
        {
            "scope": "team:*",
            "metric": "cost_usd",
            "window": "week",
            "tz": "Europe/Berlin",
            "week_start": "sunday",
            "amount": Decimal("25.5"),
            "mode": "soft",
            "boost": "5",
            "boost_until": datetime(2030, 1, 1),
            "carry_over": 1,
            "comment": "spring",
        },
        "torod.toml:3",
    )

    window = Window("week", tz="Europe/Berlin", week_start=6)
    assert limit == Limit(
        limit_id("team:*", "cost_usd", window, "soft"),
        "team:*",
        "cost_usd",
        window,
        25_500_000_000,
        "soft",
        "torod.toml:3",
        5_000_000_000,
        datetime(2030, 1, 1, tzinfo=UTC).timestamp(),
        1_000_000_000,
    )


@given(
    st.sampled_from(METRICS),
    st.sampled_from(["lifetime", "hour", "month", "60s", "interval:1h"]),
    *(st.integers(0, MAX_AMOUNT // 4) for _ in range(3)),
)
def test_what_a_limit_says_is_read_back_as_the_limit(
    metric: Metric, window: str, amount: int, boost: int, carry_over: int
) -> None:
    limit = read_limit({**GOOD, "metric": metric, "window": window, "amount": 1})
    if metric == "concurrency" or window in ("lifetime", "60s"):
        carry_over = 0
    changed = Limit(
        limit.id, limit.scope, metric, limit.window, amount, boost=boost, boost_until_s=7.0, carry_over=carry_over
    )

    assert read_limit(limit_fields(changed)) == changed


def test_every_mistake_is_told_at_once_and_by_name() -> None:
    mistakes = mistakes_in(scope="kye:alice", metric="token", window="dya", mode="hrd", amount=-1, ammount=5)

    assert {field: message.partition("did you mean ")[2] for field, message in mistakes.items()} == {
        "scope": '"key:alice"?',
        "metric": '"tokens"?',
        "window": '"day"?',
        "mode": '"hard"?',
        "amount": "",
        "ammount": '"amount"?',
    }


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": None}, "amount"),
        ({"scope": None}, "scope"),
        ({"scope": 5}, "scope"),
        ({"amount": MAX_AMOUNT + 1}, "amount"),
        ({"amount": MAX_AMOUNT, "boost": 1, "boost_until": 5}, "boost"),
        ({"amount": MAX_AMOUNT, "carry_over": 1}, "carry_over"),
        ({"boost": -1, "boost_until": 5}, "boost"),
        ({"boost": 5}, "boost_until"),
        ({"boost_until": 5}, "boost"),
        ({"boost": 5, "boost_until": "soon"}, "boost_until"),
        ({"carry_over": 5, "window": "lifetime"}, "carry_over"),
        ({"carry_over": 5, "window": "60s"}, "carry_over"),
        ({"carry_over": 5, "metric": "concurrency"}, "carry_over"),
        ({"comment": 5}, "comment"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, object], field: str) -> None:
    assert field in mistakes_in(**fields)


@given(
    st.dictionaries(
        st.sampled_from(["scope", "window", "amount", "boost", "boost_until", "tz"]),
        st.text() | st.integers() | st.floats() | st.none(),
    )
)
def test_nothing_but_words_comes_of_anything_else(fields: dict[str, object]) -> None:
    try:
        limit = read_limit({**GOOD, **fields})
    except InvalidLimit:
        return
    assert 0 <= limit.amount_at(0) <= MAX_AMOUNT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("1970-01-01T00:01:00Z", 60), ("1970-01-01T01:00:00+01:00", 0), ("1970-01-01T00:01:00", 60), (60, 60)],
)
def test_moments_as_people_write_them(value: object, seconds: float) -> None:
    assert parse_time(value) == seconds


@pytest.mark.parametrize("value", ["", "soon", True, -1, 1e300, float("nan"), [], None])
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_time(value)
