import json
from typing import Any

import pytest

from tokenrouter.domain.limits import Limit, LimitState, Metric, Mode, Window
from tokenrouter.gateway.limit_headers import limit_headers, quota_headers, quota_object, with_quota

NOW_S = 1_800_000_000.0


def state(metric: Metric, used: int, amount: int, resets_in_s: float | None = None, mode: Mode = "hard") -> LimitState:
    return LimitState(Limit("l", "key:a", metric, Window("lifetime"), amount, mode), "key:a", used, 0, resets_in_s)


def lines(head: bytes) -> dict[str, str]:
    return dict(line.split(": ") for line in head.decode().split("\r\n") if line)


def test_openais_clients_are_told_in_openais_words_and_googles_too() -> None:
    states = [state("requests", 3, 10, 360.0), state("tokens", 100, 1_000, 0.35)]
    told = {
        "x-ratelimit-limit-requests": "10",
        "x-ratelimit-remaining-requests": "7",
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "900",
        "x-ratelimit-reset-tokens": "350ms",
    }

    assert (
        lines(limit_headers(states, "chat", NOW_S)) == lines(limit_headers(states, "generate_content", NOW_S)) == told
    )


def test_anthropics_clients_are_told_in_anthropics_words() -> None:
    states = [state("input_tokens", 3, 10, 60.0), state("requests", 1, 5)]

    assert lines(limit_headers(states, "messages", NOW_S)) == {
        "anthropic-ratelimit-input-tokens-limit": "10",
        "anthropic-ratelimit-input-tokens-remaining": "7",
        "anthropic-ratelimit-input-tokens-reset": "2027-01-15T08:01:00Z",
        "anthropic-ratelimit-requests-limit": "5",
        "anthropic-ratelimit-requests-remaining": "4",
    }


def test_the_tightest_hard_limit_is_told() -> None:
    states = [state("requests", 0, 10), state("requests", 98, 100), state("requests", 5, 5, mode="soft")]

    assert lines(limit_headers(states, "chat", NOW_S))["x-ratelimit-remaining-requests"] == "2"
    assert limit_headers(states[2:], "chat", NOW_S) == b""


def test_money_is_told_in_dollars() -> None:
    told = lines(limit_headers([state("cost_usd", 1, 1_500_000_000)], "chat", NOW_S))

    assert told["x-tokenrouter-cost-usd-limit"] == "1.500000000"
    assert told["x-tokenrouter-cost-usd-remaining"] == "1.499999999"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0ms"), (0.9991, "1000ms"), (1.0, "1s"), (61.2, "1m2s"), (7_200.0, "2h0m0s")]
)
def test_lengths_of_time_look_as_openais(seconds: float, text: str) -> None:
    assert lines(limit_headers([state("tokens", 0, 1, seconds)], "chat", NOW_S))["x-ratelimit-reset-tokens"] == text


def test_what_tokenrouter_go_told_can_be_had() -> None:
    states = [state("requests", 3, 10, 59.5), state("tokens", 1, 2), state("cost_usd", 1, 2)]
    told = lines(quota_headers(states))
    quota = json.loads(quota_object(states, NOW_S))

    assert told["ratelimit-limit"] == told["x-ratelimit-limit-requests"] == "10"
    assert (told["x-ratelimit-reset"], told["ratelimit-remaining-tokens"]) == ("60", "1")
    assert quota["requests"] == {"limit": 10, "remaining": 7, "reset_at": "2027-01-15T08:01:00Z", "reset_seconds": 60}
    assert quota["tokens"] == {"limit": 2, "remaining": 1}
    assert quota_object(states[2:], NOW_S) == b""


@pytest.mark.parametrize("body", [b"{}", b'{"a":1}', b' {"a": {"b": "}"} } \n'])
def test_the_quota_is_the_last_field_of_the_answer(body: bytes) -> None:
    told: dict[str, Any] = json.loads(with_quota(body, b'{"x":1}'))

    assert told == {**json.loads(body), "quota": {"x": 1}}
