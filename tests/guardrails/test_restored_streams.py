"""A redacted request's answer in every dialect, its texts cut anywhere, and its bytes cut anywhere again."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import decoded, gathered
from tests.recordings.corpus import CODECS, TARGET, Spoken
from tests.recordings.test_translated import CLIENTS
from tokenrouter.dialects.answer_texts import READINGS, StreamTexts
from tokenrouter.dialects.hub import Reply
from tokenrouter.domain.answers import (
    ArgumentsGrew,
    Begun,
    Ended,
    ItemBegun,
    ItemEnded,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
)
from tokenrouter.domain.items import Call, Message
from tokenrouter.domain.ledger import Operation
from tokenrouter.domain.requests import Request
from tokenrouter.guardrails.redaction import Restoring
from tokenrouter.hooks import TextFilter, TextKind

OPERATIONS: dict[Spoken, Operation] = {
    "chat": "chat",
    "responses": "responses",
    "messages": "messages",
    "gemini": "generate_content",
}
ORIGINALS = {"<EMAIL_1>": "ann@b.de", "<EMAIL_12>": "bob@b.de", "<OWN_1>": 'a "quoted"\nname'}
WORDS = "Dear <EMAIL_1> and <EMAIL_12>, <EMAIL_2> <EMAIL_ is <OWN_1>."
ARGUMENTS = r'{"to":"<EMAIL_12>","cc":["\u003cEMAIL_1\u003e"],"name":"<OWN_1>"}'
SAID = 'Dear ann@b.de and bob@b.de, <EMAIL_2> <EMAIL_ is a "quoted"\nname.'
CALLED = {"to": "bob@b.de", "cc": ["ann@b.de"], "name": 'a "quoted"\nname'}
PLACES = st.lists(st.integers(0, 70), max_size=25)


def pieces(text: str, cuts: list[int]) -> list[str]:
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return [text[a:b] for a, b in pairwise(edges) if a < b]


def stream(spoken: Spoken, text_cuts: list[int], argument_cuts: list[int]) -> bytes:
    """Return an answer of words and a call, in the client's dialect."""
    events: list[StreamEvent] = [
        Begun("a", "m"),
        ItemBegun(0, Message("assistant", ())),
        *(TextGrew(0, piece) for piece in pieces(WORDS, text_cuts)),
        ItemEnded(0),
        ItemBegun(1, Call("c_1", "f", "")),
        *(ArgumentsGrew(1, piece) for piece in pieces(ARGUMENTS, argument_cuts)),
        ItemEnded(1),
        Stopped(Stop("tool")),
        Ended(),
    ]
    return CLIENTS[spoken].stream_encoder(Reply(Request("m", ()), "r-1", 0)).encode(events)


@pytest.mark.parametrize("spoken", OPERATIONS)
@settings(max_examples=40)
@given(text_cuts=PLACES, argument_cuts=PLACES, byte_cuts=st.lists(st.integers(0, 5000), max_size=30))
def test_placeholders_come_back_wherever_they_are_cut(
    spoken: Spoken, text_cuts: list[int], argument_cuts: list[int], byte_cuts: list[int]
) -> None:
    follower = Restoring(ORIGINALS)

    def open_text(kind: TextKind, is_json: bool) -> TextFilter | None:
        return follower.on_answer(kind, is_json=is_json)

    wire = stream(spoken, text_cuts, argument_cuts)
    texts = StreamTexts(READINGS[OPERATIONS[spoken]], open_text)
    edges = [0, *sorted(min(cut, len(wire)) for cut in byte_cuts), len(wire)]
    out = b"".join(texts.feed(wire[a:b]) for a, b in pairwise(edges)) + texts.close()

    (choice,) = gathered(decoded(CODECS[spoken].stream_decoder(TARGET), out)).choices
    message, call = choice.items
    assert isinstance(message, Message)
    assert isinstance(call, Call)
    assert "".join(getattr(part, "text", "") for part in message.parts) == SAID
    assert json.loads(call.arguments) == CALLED
