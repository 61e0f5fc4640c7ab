from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.gateway.holding import (
    LEAST_ANSWER,
    LONGEST_ANSWER,
    MARGIN_TOKENS,
    SHARES,
    UNASKED_ANSWER,
    Holding,
    Wish,
    hold,
)

WISHES = st.builds(
    Wish,
    expected=st.integers(1, 20_000),
    asked=st.none() | st.integers(1, 200_000),
    least=st.integers(1, 4_000),
    is_watched=st.booleans(),
)
ROOM = st.integers(-10, 5_000_000)


@given(ROOM, WISHES)
def test_never_more_is_held_than_there_is_nor_than_the_client_asked_for(room: int, wish: Wish) -> None:
    held = hold(room, wish)

    if held is not None:
        assert 0 < held.tokens <= room
        assert held.bound is None or LEAST_ANSWER <= held.bound <= room
        assert wish.asked is None or held.bound is None or held.bound < wish.asked
        assert wish.asked is None or held.tokens <= max(wish.asked, wish.expected + MARGIN_TOKENS)


@given(ROOM, WISHES)
def test_what_is_not_watched_cannot_become_longer_than_what_is_held(room: int, wish: Wish) -> None:
    held = hold(room, wish)

    if held is not None and not held.margin:
        longest = held.bound if held.bound is not None else wish.asked
        assert longest is None or longest <= held.tokens
        assert longest is not None or held.tokens == LONGEST_ANSWER


@given(st.integers(1_000, 10**9), st.integers(1, 1_000))
def test_requests_of_the_same_kind_never_take_all_at_once(room: int, expected: int) -> None:
    wish = Wish(expected, 64_000, 1, is_watched=False)
    held = hold(room, wish)

    assert held is not None
    assert held.tokens <= max(room // SHARES, 4 * expected)


def test_a_stream_far_from_its_limit_holds_what_is_expected_and_is_left_as_it_is() -> None:
    assert hold(100_000, Wish(300, None, 1, is_watched=True)) == Holding(300 + MARGIN_TOKENS, None, MARGIN_TOKENS)


def test_a_stream_that_may_become_longer_than_the_limit_is_bound_to_it() -> None:
    assert hold(20_000, Wish(300, 64_000, 1, is_watched=True)) == Holding(2_348, 20_000, MARGIN_TOKENS)


def test_a_short_answer_that_was_asked_for_is_held_whole() -> None:
    assert hold(1_000, Wish(300, 100, 1, is_watched=True)) == Holding(100, None)
    assert hold(10, Wish(300, 8, 1, is_watched=False)) == Holding(8, None)


def test_an_answer_in_one_piece_gets_a_share_of_what_is_left() -> None:
    assert hold(10_000, Wish(100, 64_000, 1, is_watched=False)) == Holding(1_250, 1_250)
    assert hold(100_000, Wish(100, 4_000, 1, is_watched=False)) == Holding(4_000, None)
    assert hold(100_000, Wish(100, None, 1, is_watched=False)) == Holding(UNASKED_ANSWER, UNASKED_ANSWER)
    assert hold(10**8, Wish(100, None, 1, is_watched=False)) == Holding(LONGEST_ANSWER, None)


def test_too_little_for_an_answer_is_nothing() -> None:
    assert hold(15, Wish(300, 64, 1, is_watched=True)) is None
    assert hold(1_024, Wish(300, 4_000, 1_025, is_watched=False)) is None
