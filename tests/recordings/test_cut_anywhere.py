"""Wherever the network cuts a recorded stream, and however its lines end, the events are the same."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import decoded
from tests.recordings.corpus import STREAMS, TARGET, Recording
from tokenrouter.domain.answers import Ended, StreamEvent
from tokenrouter.domain.errors import ProviderProtocolError

SMALL_BYTES = 2600
"""Streams up to this size are cut in two at every place; it holds one of each dialect, calls and reasoning in them."""
EVERY = pytest.mark.parametrize("recording", STREAMS, ids=str)


def events_of(recording: Recording, wire: bytes, *cuts: int) -> list[StreamEvent]:
    return decoded(recording.codec.stream_decoder(TARGET), wire, cuts)


@EVERY
def test_a_stream_may_come_byte_by_byte(recording: Recording) -> None:
    wire = recording.wire

    assert events_of(recording, wire, *range(1, len(wire))) == events_of(recording, wire)


@pytest.mark.parametrize("recording", [each for each in STREAMS if len(each.wire) <= SMALL_BYTES], ids=str)
def test_a_small_stream_may_be_cut_in_two_at_every_byte(recording: Recording) -> None:
    wire = recording.wire
    whole = events_of(recording, wire)

    assert not [at for at in range(1, len(wire)) if events_of(recording, wire, at) != whole]


@EVERY
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_stream_may_be_cut_into_any_pieces(recording: Recording, data: st.DataObject) -> None:
    wire = recording.wire
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=30))

    assert events_of(recording, wire, *cuts) == events_of(recording, wire)


@EVERY
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_lines_may_end_as_on_windows(recording: Recording, data: st.DataObject) -> None:
    wire = recording.wire.replace(b"\n", b"\r\n")
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=30))

    assert events_of(recording, wire, *cuts) == events_of(recording, recording.wire)


@EVERY
def test_the_last_blank_line_may_be_missing(recording: Recording) -> None:
    wire = recording.wire

    assert events_of(recording, wire.removesuffix(b"\n\n")) == events_of(recording, wire)


@EVERY
def test_the_beginning_of_a_stream_is_no_whole_answer(recording: Recording) -> None:
    """No recording says in its first third why it ends. A cut in the middle of an event is told as such."""
    third = len(recording.wire) // 3
    for at in range(0, third, max(1, third // 50)):
        with suppress(ProviderProtocolError):
            assert not any(isinstance(event, Ended) for event in events_of(recording, recording.wire[:at]))
