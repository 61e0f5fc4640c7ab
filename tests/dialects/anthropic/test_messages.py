import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import decoded, event_frames, gathered, streams, wholes
from tokenrouter.dialects.anthropic.answer import decode_answer
from tokenrouter.dialects.anthropic.messages import COUNT_TOKENS, MESSAGES
from tokenrouter.dialects.anthropic.stream_decoder import MessagesStreamDecoder
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.relay import StreamRelay
from tokenrouter.domain.errors import InvalidJson, InvalidRequest, ModelNotFound, ProviderProtocolError, ThreadsNotKept
from tokenrouter.domain.ledger import Usage

BODY = b'{"model":"m","max_tokens":9,"messages":[],"stream":true,"n":3}'
TARGET = Target("acme", "m", "o")
STREAMS = [path for path in streams("anthropic--") if "spliced" not in path.name]
START = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":5,'
    b'"cache_read_input_tokens":90,"output_tokens":1}}}\n\n'
)
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
TEXT = b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"hi"}}\n\n'
DELTA = (
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
    b'"usage":{"output_tokens":7}}\n\n'
)
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def relay() -> StreamRelay:
    return StreamRelay(MESSAGES.reading, strip_usage=False)


def test_the_dialects_are_what_the_road_asks_for() -> None:
    both: tuple[Dialect, ...] = (MESSAGES, COUNT_TOKENS)

    assert [(dialect.name, dialect.operation) for dialect in both] == [
        ("anthropic-messages", "messages"),
        ("anthropic-count-tokens", "count_tokens"),
    ]
    assert both[0].forwarded == (b"anthropic-version", b"anthropic-beta")
    assert both[0].default_headers == {b"anthropic-version": b"2023-06-01"}


def test_the_head_of_a_request_is_read() -> None:
    head = MESSAGES.peek(BODY)

    assert (head.model, head.stream, head.max_output_tokens) == ("m", True, 9)
    assert (head.wants_usage, head.answers) == (True, 1)
    assert MESSAGES.model_field("x") == b'"x"'
    assert MESSAGES.asking_usage(head) == {}
    assert MESSAGES.bounding_output(head, 3) == {"max_tokens": b"3"}


def test_counting_tokens_is_never_a_stream_and_uses_nothing() -> None:
    head = COUNT_TOKENS.peek(BODY)

    assert not head.stream
    assert COUNT_TOKENS.bounding_output(head, 3) == {}
    assert COUNT_TOKENS.whole_usage(b'{"input_tokens":7}') is None
    assert COUNT_TOKENS.usage_at_end(b'{"usage":{"input_tokens":7}}') is None
    assert COUNT_TOKENS.content_bytes(b'{"text":"x"}') == 0


@pytest.mark.parametrize("body", [b'{"model":"m"}', b'{"model":"m","messages":{}}', b'{"messages":[]}', b"[]"])
def test_a_request_needs_a_model_and_an_array_of_messages(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        MESSAGES.peek(body)


@pytest.mark.parametrize("thread", [b'{"type":"create"}', b'{"type":"continue","previous_message_id":"msg_1"}'])
def test_a_thread_is_refused_before_its_history_is_lost(thread: bytes) -> None:
    with pytest.raises(ThreadsNotKept):
        MESSAGES.peek(b'{"model":"a","messages":[],"thread":' + thread + b"}")

    assert MESSAGES.peek(b'{"model":"a","messages":[],"thread":null}').model == "a"


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidJson):
        MESSAGES.peek(b'{"model":"a","model":"b","messages":[]}')


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.integers(0, 10**6), max_size=6))
def test_recorded_streams_pass_byte_for_byte_and_their_usage_is_read(path: Path, cuts: list[int]) -> None:
    wire = event_frames(path)
    relaying = relay()
    edges = [0, *sorted(cut % len(wire) for cut in cuts), len(wire)]
    out = b"".join(relaying.feed(wire[a:b]) for a, b in pairwise(edges)) + (relaying.close() or b"")

    assert out == wire
    assert relaying.ended
    assert relaying.usage == gathered(decoded(MessagesStreamDecoder(TARGET), wire)).usage


@pytest.mark.parametrize("path", wholes("anthropic--"), ids=lambda path: path.name)
def test_the_usage_of_recorded_answers_is_read_from_the_whole_and_from_the_end(path: Path) -> None:
    body = path.read_bytes()
    usage = decode_answer(body, TARGET).usage

    assert MESSAGES.whole_usage(body) == usage
    if body.rfind(b'"usage"') > body.rfind(b'"content"'):
        assert MESSAGES.usage_at_end(body[body.rfind(b'"usage"') - 1 :]) == usage


def test_the_usage_of_a_very_long_answer_is_found_at_its_end() -> None:
    text = '{"content":[{"type":"text","text":"' + "y" * 2**20 + '"}],"usage":{"input_tokens":3,"output_tokens":4}}'

    assert MESSAGES.whole_usage(text.encode()) == Usage(3, 4)
    assert MESSAGES.usage_at_end(b'"usage" of words {') is None
    assert MESSAGES.usage_at_end(b'"usage": {"input_tokens": "x"}') is None
    assert MESSAGES.usage_at_end(b"nothing") is None


@pytest.mark.parametrize("body", [b"<html>", b'{"usage":7}', b"[" * 5000])
def test_an_answer_that_cannot_be_read_is_the_providers_fault(body: bytes) -> None:
    with pytest.raises(ProviderProtocolError):
        MESSAGES.whole_usage(body)


def test_nothing_goes_out_before_the_model_has_said_something() -> None:
    relaying = relay()

    assert relaying.feed(START) == b""
    assert relaying.feed(PING) == b""
    assert relaying.feed(TEXT) == START + PING + TEXT
    assert relaying.content_bytes == 2
    assert relaying.usage == Usage(95, 1, 90)
    relaying.feed(DELTA)
    assert relaying.usage == Usage(95, 7, 90)


def test_a_missing_message_stop_is_added_when_the_stop_reason_came() -> None:
    relaying = relay()
    relaying.feed(START + TEXT + DELTA)

    assert relaying.close() == STOP


def test_a_stream_that_was_cut_is_not_closed() -> None:
    relaying = relay()
    relaying.feed(START + TEXT)

    assert relaying.close() is None


def test_words_about_the_end_do_not_end_a_stream() -> None:
    relaying = relay()
    relaying.feed(START + TEXT.replace(b"hi", b'data: {\\"type\\":\\"message_stop\\"}'))

    assert not relaying.ended


def test_an_error_event_is_noticed_and_an_error_in_the_text_is_not() -> None:
    relaying = relay()
    relaying.feed(START + TEXT.replace(b"hi", b'{\\"error\\": 1}'))
    assert relaying.error_payload is None

    relaying.feed(
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    )
    assert relaying.error_payload is not None


def test_an_error_before_any_content_is_told_at_once() -> None:
    relaying = relay()
    relaying.feed(START)

    assert relaying.feed(b'event: error\ndata: {"type":"error","error":{"type":"api_error"}}\n\n') != b""
    assert relaying.error_payload is not None


def test_events_without_names_are_told_apart_by_their_type() -> None:
    assert not MESSAGES.reading.starts_content(START.split(b"\n", 1)[1])
    assert MESSAGES.reading.starts_content(TEXT.split(b"\n", 1)[1])
    assert not MESSAGES.reading.is_only_usage(DELTA)
    assert MESSAGES.reading.usage(b"{", None) is None


def test_errors_are_told_in_anthropics_shape() -> None:
    error = ModelNotFound("No such model.", param="model")

    assert json.loads(MESSAGES.error_body(error, "req_1"))["request_id"] == "req_1"
    assert MESSAGES.error_event(error, "req_1").startswith(b"event: error\n")
    assert MESSAGES.content_bytes(b'{"content":[{"type":"text","text":"a\\"b"}]}') == 4
