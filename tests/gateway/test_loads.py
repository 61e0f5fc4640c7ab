import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.errors import InvalidRequest, ProviderUnreachable
from tokenrouter.gateway.loads import FADE_S, FAILED_S, LEAST_TOKENS, MAX_TARGETS, Load, LoadBook, PeakAverage


def test_a_longer_wait_counts_at_once_and_shorter_ones_little_by_little() -> None:
    average = PeakAverage()
    average.learn(1.0, 0.0)
    average.learn(9.0, 0.01)
    assert average.value == 9.0

    average.learn(1.0, 0.01)
    assert average.value == 9.0
    average.learn(1.0, 0.01 + FADE_S)
    assert average.value == pytest.approx(1 + 8 / math.e)


@given(st.lists(st.tuples(st.floats(0.001, 100), st.floats(0, 60)), min_size=1))
def test_an_average_lies_between_the_least_wait_and_the_longest(waits: list[tuple[float, float]]) -> None:
    average, now_s = PeakAverage(), 0.0
    for wait_s, later_s in waits:
        now_s += later_s
        average.learn(wait_s, now_s)

    assert min(wait_s for wait_s, _ in waits) * 0.999999 <= average.value <= max(wait_s for wait_s, _ in waits)


def test_what_the_client_has_to_mend_says_nothing_of_the_target() -> None:
    load = Load()
    load.failed(InvalidRequest("bad"), 1.0, 2.0)

    assert load.wait(stream=True) == load.wait(stream=False) == 0.0


def test_streams_and_whole_answers_are_measured_apart() -> None:
    load = Load()
    assert load.wait(stream=True) == load.wait(stream=False) == 0.0

    load.began(0.5, 1.0)
    load.answered(400, 1.0, 21.0)

    assert load.wait(stream=True) == 0.5
    assert load.wait(stream=False) == 20.0 / 400


def test_a_short_answer_is_not_slow() -> None:
    load = Load()
    load.answered(1, 1.0, 1.8)

    assert load.wait(stream=False) == pytest.approx(0.8 / LEAST_TOKENS)


def test_what_fails_at_once_is_not_fast() -> None:
    load = Load()
    load.failed(ProviderUnreachable("down"), 1.0, 1.001)

    assert load.wait(stream=True) == FAILED_S
    assert load.wait(stream=False) == FAILED_S / LEAST_TOKENS


def test_what_was_not_seen_for_a_while_is_looked_at_by_one_at_a_time() -> None:
    load = Load()
    assert load.is_unseen(0.0, 30.0, stream=True)

    load.began(0.5, 100.0)
    assert [load.is_unseen(now_s, 30.0, stream=True) for now_s in (129.0, 131.0)] == [False, True]
    load.in_flight += 1
    assert not load.is_unseen(131.0, 30.0, stream=True)


def test_of_too_many_targets_the_oldest_is_forgotten() -> None:
    book = LoadBook()
    first = book.of("a/0")
    assert book.of("a/0") is first

    for number in range(1, MAX_TARGETS + 1):
        book.of(f"a/{number}")

    assert book.of("a/0") is not first
