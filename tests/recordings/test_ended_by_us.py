"""A recorded stream that a limit ends in the middle: the vendor's own helper takes it for one that became too long."""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.recordings.corpus import STREAMS, TARGET, Recording
from tests.recordings.judges import Desk, Judge
from tests.recordings.test_relayed_streams import READINGS
from tokenrouter.dialects import sse
from tokenrouter.dialects.bridge import Asked, HubBridge
from tokenrouter.dialects.client_codecs import CLIENT_CODECS
from tokenrouter.dialects.relay import StreamRelay
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.ledger import Usage

TOO_LONG = {"length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "incomplete"}
CHARGED = Usage(11, 7)
EVERY = pytest.mark.parametrize("recording", STREAMS, ids=str)
CLIENTS = {
    "chat": (
        "openai-chat",
        b'{"model":"m","stream":true,"stream_options":{"include_usage":true},'
        b'"messages":[{"role":"user","content":"x"}]}',
    ),
    "responses": ("openai-responses", b'{"model":"m","stream":true,"input":"x"}'),
    "messages": (
        "anthropic-messages",
        b'{"model":"m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"x"}]}',
    ),
    "gemini": ("gemini", b'{"contents":[{"role":"user","parts":[{"text":"x"}]}]}'),
}


UNREADABLE = ("github-copilot-id-rotation.1-0", "mistral--reasoning")
"""Ids that change from event to event, and content in lists: OpenAI's helper refuses them whole, too."""
CALLS = (b"tool_calls", b"tool_use", b"call", b"functionCall")
"""What a helper that reads arguments cannot do with half of them; so it is with vendors' own ends by length."""


def has_half_a_call(out: bytes) -> bool:
    return any(mark in out for mark in CALLS)


def events_before_the_end(wire: bytes) -> list[bytes]:
    """Return the events of a stream but the last ones, in which it says how it ended."""
    return list(sse.split_events(wire))[:-3]


@EVERY
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_relayed_stream_ends_by_length(
    recording: Recording, data: st.DataObject, desk: Desk, readers: Mapping[str, Judge]
) -> None:
    events = events_before_the_end(recording.wire)
    kept = data.draw(st.integers(0, len(events)))
    relay = StreamRelay(READINGS[recording.spoken], strip_usage=False, alternatives=1)
    out = b"".join(relay.feed(event) for event in events[:kept])
    has_stopped = any(mark in out for mark in (b'"finish_reason":"', b'"finish_reason": "', b'"finishReason"'))
    if not relay.content_started or has_stopped or has_half_a_call(out) or recording.name in UNREADABLE:
        return

    desk.lay(out + relay.cut(CHARGED), stream=True)
    heard = readers[recording.spoken].stream()

    assert heard.stop in TOO_LONG
    if recording.spoken != "messages":
        assert heard.usage.output_tokens == CHARGED.output_tokens


@EVERY
@pytest.mark.parametrize("client", CLIENTS)
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_translated_stream_ends_by_length(
    recording: Recording, client: str, data: st.DataObject, desk: Desk, readers: Mapping[str, Judge]
) -> None:
    name, body = CLIENTS[client]
    if name == recording.codec.name:
        return
    events = events_before_the_end(recording.wire)
    kept = data.draw(st.integers(0, len(events)))
    bridge = HubBridge(CLIENT_CODECS[name], recording.codec, TARGET, StateMemory(), "t")
    is_gemini = client == "gemini"
    relay = bridge.cross(body, Asked("req_1", 1, "m" if is_gemini else None, True if is_gemini else None)).relay()
    out = b"".join(relay.feed(event) for event in events[:kept])
    if not relay.content_started or relay.ended or relay.error_payload or has_half_a_call(out):
        return

    desk.lay(out + relay.cut(CHARGED), stream=True)

    assert readers[client].stream().stop in TOO_LONG
