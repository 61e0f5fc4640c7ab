"""Texts of answers, as somebody sees them who holds back what he likes: every recorded answer of every dialect."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import decoded, gathered
from tests.recordings.corpus import STREAMS, TARGET, WHOLES, Recording
from tokenrouter.dialects.answer_texts import READINGS, StreamTexts, with_texts_seen
from tokenrouter.domain.ledger import Operation
from tokenrouter.hooks import TextFilter, TextKind

OPERATIONS: dict[str, Operation] = {
    "chat": "chat",
    "responses": "responses",
    "messages": "messages",
    "gemini": "generate_content",
}


class Late:
    """Holds back the last letters of every text until it is over."""

    def __init__(self, letters: int) -> None:
        self._letters = letters
        self._held = ""

    def feed(self, text: str) -> str:
        text = self._held + text
        at = max(0, len(text) - self._letters)
        self._held = text[at:]
        return text[:at]

    def close(self) -> str:
        held, self._held = self._held, ""
        return held


class Loud:
    """Writes everything in capital letters."""

    def feed(self, text: str) -> str:
        return text.upper()

    def close(self) -> str:
        return ""


def late(letters: int) -> Any:
    def open_text(kind: TextKind, is_json: bool) -> TextFilter | None:
        return Late(letters)

    return open_text


def passed(recording: Recording, open_text: Any, *cuts: int) -> bytes:
    texts = StreamTexts(READINGS[OPERATIONS[recording.spoken]], open_text)
    edges = [0, *sorted(cuts), len(recording.wire)]
    return b"".join(texts.feed(recording.wire[a:b]) for a, b in pairwise(edges)) + texts.close()


EVERY_STREAM = pytest.mark.parametrize("recording", STREAMS, ids=str)


@EVERY_STREAM
def test_a_stream_in_which_nobody_changes_anything_passes_byte_for_byte(recording: Recording) -> None:
    assert passed(recording, lambda kind, is_json: None) == recording.wire
    assert passed(recording, late(0)) == recording.wire


@EVERY_STREAM
@pytest.mark.parametrize("letters", [1, 7, 40])
def test_what_is_held_back_comes_before_the_text_is_over(recording: Recording, letters: int) -> None:
    wire = passed(recording, late(letters), *range(1, len(recording.wire), 97))

    def answer(of: bytes) -> Any:
        return gathered(decoded(recording.codec.stream_decoder(TARGET), of, ()))

    assert answer(wire) == answer(recording.wire)


@EVERY_STREAM
@settings(max_examples=5)
@given(data=st.data())
def test_where_the_bytes_are_cut_does_not_matter(recording: Recording, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(recording.wire)), max_size=20))
    assert passed(recording, late(3), *cuts) == passed(recording, late(3))


@pytest.mark.parametrize("recording", [one for one in STREAMS if one.spoken == "responses"], ids=str)
def test_events_stay_numbered_without_gaps(recording: Recording) -> None:
    def numbers(wire: bytes) -> list[int]:
        payloads = [line[6:] for line in wire.split(b"\n") if line.startswith(b"data: {")]
        return [found for one in payloads if (found := json.loads(one).get("sequence_number")) is not None]

    if numbers(recording.wire) == list(range(len(numbers(recording.wire)))):
        made = numbers(passed(recording, late(4)))
        assert made == list(range(len(made)))


@pytest.mark.parametrize("recording", WHOLES, ids=str)
def test_a_whole_answer_is_changed_where_its_model_speaks(recording: Recording) -> None:
    assert with_texts_seen(recording.wire, lambda kind, is_json: None) is recording.wire
    assert with_texts_seen(recording.wire, late(5)) is recording.wire


def test_only_texts_are_changed() -> None:
    body = json.dumps(
        {
            "id": "c-1",
            "object": "chat.completion",
            "model": "m",
            "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}},
            ],
        }
    ).encode()

    assert with_texts_seen(body, lambda kind, is_json: Loud()) == body.replace(b"hello", b"HELLO")


def test_an_answer_that_is_no_json_passes() -> None:
    assert with_texts_seen(b"no json", late(3)) == b"no json"


def test_thinking_is_not_touched_since_its_signature_is_over_it() -> None:
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}
    wire = b"event: content_block_delta\ndata: %b\n\n" % json.dumps(delta).encode()
    assert StreamTexts(READINGS["messages"], lambda kind, is_json: Loud()).feed(wire) == wire


def test_legacy_completions_have_texts_too() -> None:
    pieces = [{"id": "c", "choices": [{"index": 0, "text": text, "finish_reason": None}]} for text in ("ab", "cd")]
    wire = b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in pieces) + b"data: [DONE]\n\n"
    texts = StreamTexts(READINGS["completions"], late(3))
    out = texts.feed(wire)

    lines = [line[6:] for line in out.split(b"\n") if line.startswith(b"data: {")]
    assert "".join(json.loads(line)["choices"][0]["text"] for line in lines) == "abcd"
    assert out.endswith(b"data: [DONE]\n\n")


def test_what_was_held_back_comes_before_an_error() -> None:
    wire = b'data: {"choices":[{"index":0,"delta":{"content":"abc"}}]}\n\n'
    texts = StreamTexts(READINGS["chat"], late(2))
    out = texts.feed(wire) + texts.feed(b'data: {"error":{"message":"no"}}\n\n')

    assert out.index(b'"bc"') < out.index(b'"error"')


def test_of_a_stream_that_is_cut_everything_goes_out() -> None:
    wire = b'data: {"choices":[{"index":0,"delta":{"content":"abc"}}]}\n\ndata: {"cho'
    texts = StreamTexts(READINGS["chat"], late(2))
    out = texts.feed(wire) + texts.close()

    assert b'"bc"' in out
    assert out.endswith(b'data: {"cho')
