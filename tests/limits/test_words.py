import pytest

from tokenrouter.domain.limits import Limit, Metric, Window
from tokenrouter.limits.words import describe, duration_words, show, window_words


@pytest.mark.parametrize(
    ("amount", "metric", "shown"),
    [
        (1_234_567, "tokens", "1,234,567"),
        (25_000_000_000, "cost_usd", "$25"),
        (1_500_000_000, "cost_usd", "$1.5"),
        (1, "cost_usd", "$0.000000001"),
        (0, "cost_usd", "$0"),
        (100_000_000_000, "cost_usd", "$100"),
    ],
)
def test_amounts_are_shown_exactly(amount: int, metric: Metric, shown: str) -> None:
    assert show(amount, metric) == shown


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (Window("lifetime"), "in all"),
        (Window("sliding", 60), "in any 60 s"),
        (Window("interval", 3600), "per 3600 s"),
        (Window("month"), "per month"),
    ],
)
def test_windows_have_words(window: Window, words: str) -> None:
    assert window_words(window) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "1 s"), (0.2, "1 s"), (61.4, "62 s"), (121, "3 min"), (7201, "3 h"), (200_000, "3 days")],
)
def test_a_time_to_wait_is_never_said_too_short(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


@pytest.mark.parametrize(
    ("asked", "back_in_s", "advice"),
    [
        (5, 30.0, "Come back in 30 s."),
        (50, None, "It is more than the whole limit; ask for less."),
        (5, None, "Waiting does not help; ask whoever set the limit."),
    ],
)
def test_a_refusal_says_what_to_do(asked: int, back_in_s: float | None, advice: str) -> None:
    limit = Limit("id", "key:*", "input_tokens", Window("day"), 10)

    words = describe(limit, "key:alice", used=7, held=2, asked=asked, back_in_s=back_in_s)

    assert words == (
        "The input token limit of key:alice (10 per day) is in the way: 7 used, 2 held by running requests, "
        f"{asked} needed by this one. {advice}"
    )
