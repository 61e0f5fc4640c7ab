"""A recorded answer that was spoiled in one place, or cut off, is read, or refused with its place."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import spoiled
from tests.recordings.corpus import STREAMS, TARGET, WHOLES, Recording
from tests.recordings.test_translated import CLIENTS, reply_in, translated
from tokenrouter.dialects.translate import TranslatingRelay, translate_answer
from tokenrouter.domain.errors import ProviderProtocolError, ProviderRefused

EXAMPLES = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
clients = st.sampled_from(list(CLIENTS))


def require_told(error: ProviderProtocolError | ProviderRefused) -> None:
    assert error.provider == "acme"
    assert "'acme'" in error.message


@pytest.mark.parametrize("recording", WHOLES, ids=str)
@EXAMPLES
@given(client=clients, data=st.data())
def test_a_spoiled_answer_is_read_or_refused(recording: Recording, client: str, data: st.DataObject) -> None:
    body = json.dumps(spoiled(json.loads(recording.wire), data)).encode()
    reply = reply_in(client, stream=False)

    try:
        answer = translate_answer(body, recording.codec, TARGET, CLIENTS[client], reply)
    except (ProviderProtocolError, ProviderRefused) as error:
        require_told(error)
    else:
        assert isinstance(json.loads(answer.body), dict)


@pytest.mark.parametrize("recording", WHOLES, ids=str)
@EXAMPLES
@given(client=clients, data=st.data())
def test_an_answer_that_was_cut_off_is_refused(recording: Recording, client: str, data: st.DataObject) -> None:
    text = recording.wire.rstrip()
    body = text[: data.draw(st.integers(0, len(text) - 1))]

    with pytest.raises(ProviderProtocolError) as raised:
        translate_answer(body, recording.codec, TARGET, CLIENTS[client], reply_in(client, stream=False))

    require_told(raised.value)


@pytest.mark.parametrize("recording", STREAMS, ids=str)
@EXAMPLES
@given(client=clients, data=st.data())
def test_a_spoiled_stream_is_read_or_refused(recording: Recording, client: str, data: st.DataObject) -> None:
    events = recording.wire.split(b"\n\n")
    at = data.draw(st.integers(0, len(events) - 1))
    lead, mark, payload = events[at].partition(b"data: ")
    if payload.startswith(b"{"):
        events[at] = lead + mark + json.dumps(spoiled(json.loads(payload), data)).encode()
    decoder = recording.codec.stream_decoder(TARGET)
    encoder = CLIENTS[client].stream_encoder(reply_in(client, stream=True))
    relay = TranslatingRelay(decoder, encoder, provider="acme", request_id="req_r1")

    try:
        relay.feed(b"\n\n".join(events))
        last: Any = relay.close()
    except ProviderProtocolError as error:
        require_told(error)
    else:
        assert (last is None) == (not relay.ended)


LOGPROBS = (b'"x"', b"{}", b"7", b'[{"token":"Hi"}]', b"[]", b"null")


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("logprobs", LOGPROBS)
def test_log_probabilities_of_any_type_leave_the_stream_readable(client: str, logprobs: bytes) -> None:
    """They pass unread, so what is no list must not come out as half of one."""
    words = b'"delta":{"content":"Hi"},"finish_reason":"stop"'
    wire = b'data: {"choices":[{"index":0,%b,"logprobs":{"content":%b}}]}\n\ndata: [DONE]\n\n' % (words, logprobs)
    recording = Recording("made", "chat", wire)

    told, relay = translated(recording, client)

    assert relay.ended
    for frame in told.split(b"\n\n"):
        payload = frame.partition(b"data: ")[2]
        assert payload in (b"", b"[DONE]") or json.loads(payload)
