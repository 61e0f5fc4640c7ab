"""A recorded stream on its way to a client of the same dialect: not a byte of it changes, and its usage is read."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import decoded, gathered
from tests.recordings.corpus import STREAMS, TARGET, Recording, Spoken
from tokenrouter.dialects.anthropic.messages import MessagesStream
from tokenrouter.dialects.array_relay import ArrayRelay
from tokenrouter.dialects.base import StreamReading
from tokenrouter.dialects.gemini.content import GeminiStream
from tokenrouter.dialects.openai.chunks import ChunkStream
from tokenrouter.dialects.openai_responses.responses import ResponsesStream
from tokenrouter.dialects.relay import StreamRelay
from tokenrouter.domain.answers import Answer
from tokenrouter.domain.items import Message, text_of

READINGS: dict[Spoken, StreamReading] = {
    "chat": ChunkStream(),
    "responses": ResponsesStream(),
    "messages": MessagesStream(),
    "gemini": GeminiStream(),
}
ONLY_USAGE = re.compile(rb'data: \{[^\n]*"choices"\s*:\s*\[\][^\n]*"usage"\s*:\s*\{[^\n]*\n\n')
NULL_USAGE = re.compile(rb',\s*"usage"\s*:\s*null')
EVERY = pytest.mark.parametrize("recording", STREAMS, ids=str)


def relayed(recording: Recording, wire: bytes, cuts: list[int], *, strip: bool) -> tuple[bytes, StreamRelay]:
    relay = StreamRelay(READINGS[recording.spoken], strip_usage=strip)
    out = b"".join(relay.feed(wire[a:b]) for a, b in pairwise([0, *sorted(cuts), len(wire)]))
    last = relay.close()
    assert last is not None, "taken for a stream that was cut"
    return out + last, relay


@EVERY
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_byte_passes_through(recording: Recording, data: st.DataObject) -> None:
    wire = data.draw(st.sampled_from([recording.wire, recording.wire.replace(b"\n", b"\r\n")]))
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))

    out, _ = relayed(recording, wire, cuts, strip=False)

    assert out == wire


@EVERY
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_only_the_usage_that_the_gateway_asked_for_is_taken_out(recording: Recording, data: st.DataObject) -> None:
    wire = recording.wire
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))

    out, _ = relayed(recording, wire, cuts, strip=recording.spoken == "chat")

    asked_for = recording.spoken == "chat"
    assert out == (NULL_USAGE.sub(b"", ONLY_USAGE.sub(b"", wire)) if asked_for else wire)


def words_of(answer: Answer) -> str:
    messages = [item for choice in answer.choices for item in choice.items if isinstance(item, Message)]
    return "".join(text_of(message.parts, "") for message in messages)


@EVERY
def test_the_relay_reads_the_usage_that_a_translator_reads(recording: Recording) -> None:
    _, relay = relayed(recording, recording.wire, [], strip=False)
    answer = gathered(decoded(recording.codec.stream_decoder(TARGET), recording.wire))

    assert relay.usage == answer.usage
    assert relay.content_bytes > 0 or not words_of(answer)


@EVERY
def test_a_stream_that_was_cut_is_noticed(recording: Recording) -> None:
    """No recording says in its first third why it ends."""
    third = len(recording.wire) // 3
    for at in range(0, third, max(1, third // 100)):
        relay = StreamRelay(READINGS[recording.spoken], strip_usage=False)
        relay.feed(recording.wire[:at])

        assert relay.close() is None
        assert not relay.ended


@pytest.mark.parametrize("recording", [each for each in STREAMS if each.spoken == "gemini"], ids=str)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_gemini_without_events_gets_the_same_in_an_array(recording: Recording, data: st.DataObject) -> None:
    wire = recording.wire
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))
    relay = ArrayRelay(StreamRelay(GeminiStream(), strip_usage=False))
    array = b"".join(relay.feed(wire[a:b]) for a, b in pairwise([0, *sorted(cuts), len(wire)]))

    array += relay.close() or b""

    assert json.loads(array) == [json.loads(event.removeprefix(b"data: ")) for event in wire.split(b"\n\n") if event]
