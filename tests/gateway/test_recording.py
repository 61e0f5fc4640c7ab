"""An answer is remembered as long as there is room for it."""

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.gateway.recording import Recording, Room


def test_what_has_passed_is_what_is_kept() -> None:
    recording = Recording(Room(100), 100)
    recording.begin(200, b"content-type: text/event-stream\r\nx-request-id: req_1\r\n", None)
    for piece in (b"one ", b"two"):
        recording.add(piece)
    kept = recording.kept("req_1", 5)

    assert (kept.status, kept.headers, kept.body, kept.is_stream) == (
        200,
        b"content-type: text/event-stream\r\n",
        b"one two",
        True,
    )
    assert (kept.origin_id, kept.cost_nano_usd) == ("req_1", 5)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=40))
def test_all_together_never_take_more_than_their_room(pieces: list[tuple[int, int]]) -> None:
    room = Room(100)
    recordings = [Recording(room, 50) for _ in range(3)]
    for number, size in pieces:
        recordings[number].add(b"x" * size)
        assert room.used_bytes == sum(len(one.body) for one in recordings) <= 100
        assert all(len(one.body) <= 50 for one in recordings)
    for one in recordings:
        one.release()
    assert room.used_bytes == 0
