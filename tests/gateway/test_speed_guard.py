from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.errors import ProviderSlow
from tokenrouter.gateway.speed_guard import MAX_HELD_BYTES, SpeedGuard


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_nothing_goes_out_until_it_is_fast_enough() -> None:
    guard = SpeedGuard(10.0, 2.0, Clock())

    assert guard.hold(b"a", 5) == b""
    assert guard.hold(b"b", 19) == b""
    assert guard.hold(b"c", 20) == b"abc"
    assert guard.hold(b"d", 21) == b"d"
    assert guard.is_open


def test_what_is_too_slow_when_the_time_is_over_is_a_problem() -> None:
    guard = SpeedGuard(10.0, 2.0, Clock())
    guard.hold(b"a", 5)

    problem = guard.problem("acme", 5)

    assert isinstance(problem, ProviderSlow)
    assert "'acme'" in problem.message


def test_the_time_begins_with_the_first_text() -> None:
    clock = Clock()
    guard = SpeedGuard(10.0, 2.0, clock)
    guard.hold(b"begun", 0)
    clock.now_s += 1.5
    guard.hold(b"text", 5)
    clock.now_s += 0.5

    assert guard.left_s(5) == 1.5


def test_a_stream_without_text_may_be_thinking() -> None:
    guard = SpeedGuard(10.0, 2.0, Clock())
    guard.hold(b"begun", 0)

    assert guard.left_s(0) <= 0
    assert guard.problem("acme", 0) is None
    assert guard.open() == b"begun"


def test_no_more_than_so_much_is_held() -> None:
    guard = SpeedGuard(1e9, 2.0, Clock())
    piece = b"x" * 2**16

    held = [guard.hold(piece, 1) for _ in range(MAX_HELD_BYTES // len(piece) + 1)]

    assert not any(held[:-1])
    assert len(held[-1]) == MAX_HELD_BYTES + len(piece)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=50), st.integers(0, 100))), st.integers(0, 30))
def test_every_byte_goes_out_once_and_in_order(pieces: list[tuple[bytes, int]], opened_after: int) -> None:
    guard, out, text = SpeedGuard(50.0, 10.0, Clock()), b"", 0
    for number, (events, more) in enumerate(pieces):
        text += more
        out += guard.hold(events, text)
        if number == opened_after:
            out += guard.open()

    assert out + guard.open() == b"".join(events for events, _ in pieces)
