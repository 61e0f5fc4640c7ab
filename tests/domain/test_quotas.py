"""What is left of a provider's limits, as values."""

from tokenrouter.domain.quotas import TOTAL, QuotaSnapshot, measured, scarcest, window_name

NOW_S = 1_795_600_000.0


def test_two_of_limit_left_and_used_give_the_third_and_the_share() -> None:
    by_left = measured("r", "requests", "requests", now_s=NOW_S, limit=200, remaining=50)
    by_used = measured("r", "requests", "requests", now_s=NOW_S, limit=200, used=150)
    by_both = measured("r", "requests", "requests", now_s=NOW_S, remaining=50, used=150)

    for metric in (by_left, by_used, by_both):
        assert (metric.limit_value, metric.remaining_value, metric.used_value, metric.left_percent) == (
            200,
            50,
            150,
            25,
        )


def test_an_amount_alone_has_no_share_unless_nothing_is_left() -> None:
    assert measured("c", "credits", "USD", now_s=NOW_S, remaining=12.5).left_percent is None
    assert measured("c", "credits", "USD", now_s=NOW_S, remaining=0).left_percent == 0


def test_what_was_told_is_whole_again_when_its_window_has_ended() -> None:
    metric = measured(
        "r", "requests", "requests", now_s=NOW_S, window="1m", limit=100, remaining=0, reset_at_s=NOW_S + 7
    )

    assert metric.at(NOW_S + 6) is metric
    later = metric.at(NOW_S + 7)
    assert (later.left_percent, later.remaining_value, later.used_value, later.reset_at_s) == (100, 100, 0, None)


def test_a_window_without_an_end_lasts_for_its_length_and_credit_for_ever() -> None:
    minute = measured("t", "tokens", "tokens", now_s=NOW_S, window="1m", limit=10, remaining=1)
    unknown = measured("t", "tokens", "tokens", now_s=NOW_S, limit=10, remaining=1)
    credit = measured("c", "credits", "USD", now_s=NOW_S, window=TOTAL, limit=10, remaining=1)

    assert (minute.length_s, minute.at(NOW_S + 60).left_percent) == (60, 100)
    assert (unknown.length_s, unknown.at(NOW_S + 899).left_percent, unknown.at(NOW_S + 900).left_percent) == (
        None,
        10,
        100,
    )
    assert (credit.length_s, credit.at(NOW_S + 1e9).left_percent) == (float("inf"), 10)


def test_the_scarcest_is_the_one_with_the_smallest_share() -> None:
    few = measured("a", "requests", "requests", now_s=NOW_S, limit=100, remaining=3)
    many = measured("b", "tokens", "tokens", now_s=NOW_S, limit=100, remaining=90)
    unknown = measured("c", "credits", "USD", now_s=NOW_S, remaining=1)

    assert scarcest([many, unknown, few]) is few
    assert scarcest([unknown]) is None


def test_a_provider_is_used_up_when_nothing_is_left_of_anything() -> None:
    empty = measured("a", "requests", "requests", now_s=NOW_S, limit=100, remaining=0)
    full = measured("b", "tokens", "tokens", now_s=NOW_S, limit=100, remaining=100)
    snapshot = QuotaSnapshot("p", "groq", "Groq", "headers", "ok", metrics=(empty,))

    assert snapshot.is_used_up
    assert snapshot.scarcest is empty
    assert not QuotaSnapshot("p", "groq", "Groq", "headers", "ok", metrics=(empty, full)).is_used_up
    assert not QuotaSnapshot("p", "groq", "Groq", "headers", "ok").is_used_up


def test_windows_have_short_names() -> None:
    assert [window_name(seconds) for seconds in (30, 60, 300, 3600, 86_400, 604_800)] == [
        "30s",
        "1m",
        "5m",
        "1h",
        "1d",
        "7d",
    ]
    assert measured("a", "a", "a", now_s=0, window="5m").window_seconds == 300
