from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.gateway.recent import ENOUGH, KEPT, RecentAnswers

LENGTHS = st.lists(st.integers(0, 200_000) | st.integers(0, 5), max_size=4 * KEPT)


@given(LENGTHS)
def test_95_percent_of_the_last_answers_are_no_longer_and_no_shorter_length_says_so(lengths: list[int]) -> None:
    recent = RecentAnswers()
    for tokens in lengths:
        recent.learn(tokens)

    last = sorted(lengths[-KEPT:])
    assert recent.most == (last[ceil(len(last) * 95 / 100) - 1] if last else 0)
    assert recent.is_enough == (len(lengths) >= ENOUGH)


@given(LENGTHS, st.integers(0, 200_000))
def test_an_answer_that_was_shortened_never_makes_others_look_shorter(lengths: list[int], tokens: int) -> None:
    recent = RecentAnswers()
    for each in lengths:
        recent.learn(each)
    before = recent.most

    recent.learn_at_least(tokens)

    assert before <= recent.most <= max(before, tokens, *lengths[-KEPT:], 0)
