"""What headers say of limits, vendor by vendor (their documentation, 2026-11), and headers that say nonsense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.quotas import QuotaMetric
from tokenrouter.providers import preset
from tokenrouter.providers.quota_headers import MAX_METRICS, USUAL, QuotaHabits, read_quota_headers, tells_quota

NOW_S = 1_795_600_000.0


def read(headers: dict[str, str], kind: str = "openai") -> dict[str, QuotaMetric]:
    row = preset(kind)
    assert row is not None
    raw = {name.encode(): value.encode() for name, value in headers.items()}
    assert tells_quota(raw)
    return {metric.key: metric for metric in read_quota_headers(raw, row.quota, NOW_S)}


def family(prefix: str, limit: int, remaining: int, reset: str, suffix: str = "") -> dict[str, str]:
    values = {"limit": str(limit), "remaining": str(remaining), "reset": reset}
    return {f"{prefix}{says}{suffix}": value for says, value in values.items()}


def test_openai_tells_requests_and_tokens_with_durations() -> None:
    told = read(
        family("x-ratelimit-", 60, 59, "1s", "-requests") | family("x-ratelimit-", 150_000, 149_984, "6m0s", "-tokens")
    )

    assert (told["requests"].limit_value, told["requests"].remaining_value) == (60, 59)
    assert told["requests"].reset_at_s == NOW_S + 1
    assert told["tokens"].left_percent == 99.99
    assert told["tokens"].reset_at_s == NOW_S + 360
    assert told["tokens"].unit == "tokens"


def test_groq_means_requests_of_a_day_and_tokens_of_a_minute() -> None:
    told = read(
        family("x-ratelimit-", 14_400, 14_370, "2m59.56s", "-requests")
        | family("x-ratelimit-", 18_000, 17_997, "7.66s", "-tokens"),
        "groq",
    )

    assert {key: metric.window_seconds for key, metric in told.items()} == {"requests_1d": 86_400, "tokens_1m": 60}


def test_a_window_may_stand_at_the_end_of_the_name() -> None:
    told = read(
        family("x-ratelimit-", 1000, 250, "33011.38", "-requests-day")
        | family("x-ratelimit-", 60_000, 0, "26.5", "-tokens-minute"),
        "cerebras",
    )

    assert told["requests_1d"].left_percent == 25
    assert told["requests_1d"].reset_at_s == pytest.approx(NOW_S + 33011.38)
    assert told["tokens_1m"].left_percent == 0


def test_cerebras_hours_are_not_believed() -> None:
    headers = family("x-ratelimit-", 900, 1, "10", "-requests-hour") | family(
        "x-ratelimit-", 9, 9, "1", "-requests-day"
    )

    assert list(read(headers, "cerebras")) == ["requests_1d"]
    assert set(read(headers, "groq")) == {"requests_1h", "requests_1d"}


def test_mistral_counts_tokens_of_a_minute_and_of_a_month() -> None:
    told = read(
        {
            "x-ratelimit-limit-req-minute": "60",
            "x-ratelimit-remaining-req-minute": "59",
            "x-ratelimit-limit-tokens-minute": "500000",
            "x-ratelimit-remaining-tokens-minute": "499000",
            "x-ratelimit-limit-tokens-month": "1000000000",
            "x-ratelimit-remaining-tokens-month": "100000000",
            "x-ratelimit-tokens-query-cost": "17",
        },
        "mistral",
    )

    assert set(told) == {"requests_1m", "tokens_1m", "tokens_30d"}
    assert told["tokens_30d"].left_percent == 10


def test_the_older_words_by_size_count_tokens() -> None:
    told = read(
        {
            "x-ratelimitbysize-limit-month": "100",
            "x-ratelimitbysize-remaining-month": "40",
            **family("ratelimitbysize-", 500_000, 499_900, "28"),
        },
        "mistral",
    )

    assert told["tokens_30d"].left_percent == 40
    assert told["tokens"].reset_at_s == NOW_S + 28


def test_anthropic_names_the_limit_last_and_the_end_by_its_date() -> None:
    told = read(
        family("anthropic-ratelimit-requests-", 50, 49, "2026-11-25T09:47:00Z")
        | family("anthropic-ratelimit-input-tokens-", 40_000, 8_000, "2026-11-25T09:47:30Z")
        | family("anthropic-ratelimit-output-tokens-", 8_000, 8_000, "2026-11-25T09:46:40Z"),
        "anthropic",
    )

    assert set(told) == {"requests_1m", "input-tokens_1m", "output-tokens_1m"}
    assert told["input-tokens_1m"].left_percent == 20
    assert told["input-tokens_1m"].reset_at_s == NOW_S + 50


def test_azure_may_tell_only_what_is_left() -> None:
    told = read({"x-ratelimit-remaining-requests": "119", "x-ratelimit-remaining-tokens": "0"}, "azure")

    assert (told["requests_1m"].remaining_value, told["requests_1m"].left_percent) == (119, None)
    assert told["tokens_1m"].left_percent == 0


def test_a_router_tells_one_limit_and_its_end_in_milliseconds() -> None:
    told = read(family("x-ratelimit-", 20, 5, str(int(NOW_S * 1000) + 30_000)), "openrouter")

    assert (told["requests"].left_percent, told["requests"].reset_at_s) == (25, NOW_S + 30)


def test_structured_fields_tell_several_policies() -> None:
    told = read(
        {
            "ratelimit": '"api";r=489;t=189, "burst";r=1;t=2',
            "ratelimit-policy": '"fixed window";"api";q=500;w=300, "burst";q=10;w=60',
        },
        "huggingface",
    )

    assert (told["api_5m"].limit_value, told["api_5m"].remaining_value) == (500, 489)
    assert told["api_5m"].reset_at_s == NOW_S + 189
    assert told["burst_1m"].left_percent == 10


def test_the_draft_before_had_one_policy() -> None:
    assert read({"ratelimit": "limit=20, remaining=19, reset=1"})["requests"].left_percent == 95


def test_retry_after_alone_says_that_nothing_is_left_until_then() -> None:
    told = read({"retry-after": "12"})["retry_after"]

    assert (told.left_percent, told.reset_at_s) == (0, NOW_S + 12)
    assert "retry_after" not in read({"retry-after": "12", **family("x-ratelimit-", 20, 5, "1s")})


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"},
        {"retry-after": "999999"},
        {"x-ratelimit-limit-requests": "100"},
        {"x-ratelimit-remaining-requests": "many"},
        {"x-ratelimit-limit-remaining": "3"},
        {"x-ratelimit-over-limit": "no"},
        {"ratelimit": "unlimited"},
    ],
)
def test_what_does_not_say_what_is_left_is_no_metric(headers: dict[str, str]) -> None:
    assert read(headers) == {}


def test_answers_without_such_headers_are_not_looked_at() -> None:
    assert not tells_quota({b"content-type": b"application/json"})


WORDS = st.sampled_from(["x", "ratelimit", "limit", "remaining", "reset", "used", "tokens", "requests", "day", "api"])
NAMES = st.lists(WORDS, max_size=8).map("-".join).map(str.encode) | st.binary(max_size=80)
VALUES = st.from_regex(rb'[0-9a-z";=, .:TZ+-]{0,80}', fullmatch=True) | st.binary(max_size=2000)


@given(st.dictionaries(NAMES, VALUES, max_size=60))
def test_no_header_raises_or_makes_more_than_a_bounded_amount(headers: dict[bytes, bytes]) -> None:
    tells_quota(headers)
    told = read_quota_headers(headers, USUAL, NOW_S)

    assert len(told) <= MAX_METRICS
    assert all(len(metric.key) < 120 for metric in told)
    assert all(metric.left_percent is None or 0 <= metric.left_percent <= 100 for metric in told)


def test_a_thousand_made_up_limits_are_cut_off() -> None:
    headers = {b"x-ratelimit-remaining-t%d" % number: b"1" for number in range(1000)}

    assert len(read_quota_headers(headers, QuotaHabits(), NOW_S)) == MAX_METRICS
