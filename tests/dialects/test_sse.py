from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects import sse

WIRE = b"data: one\n\n: comment\n\nevent: x\r\ndata: two\r\n\r\ndata: three\n\n"


@given(st.lists(st.integers(0, len(WIRE)), max_size=12))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WIRE)]
    cutter = sse.EventCutter()

    pieces = [cutter.feed(WIRE[a:b]) for a, b in pairwise(edges)]

    assert b"".join(pieces) == WIRE
    assert all(piece == b"" or piece.endswith((b"\n\n", b"\r\n\r\n")) for piece in pieces)
    assert not cutter.pending


def test_an_event_without_end_is_let_through_and_memory_stays_bounded() -> None:
    cutter = sse.EventCutter()

    assert cutter.feed(b"data: " + b"x" * sse.MAX_HELD_BYTES)
    assert cutter.oversize
    assert cutter.feed(b"tail\n\n") == b"tail\n\n"
    assert not cutter.oversize


def test_events_are_split_and_their_data_lines_joined() -> None:
    events = list(sse.split_events(b"data: a\ndata: b\n\nevent: e\r\ndata: c\r\n\r\nrest"))

    assert [sse.payload_of(event) for event in events] == [b"a\nb", b"c", b""]
