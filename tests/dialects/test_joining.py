from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.recorded import decoded, gathered, require_order
from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC, MessagesCodec
from tokenrouter.dialects.delivered import Delivered, Seam
from tokenrouter.dialects.gemini.codec import GEMINI_CODEC, GeminiCodec
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.dialects.joining import JoiningEncoder, Trim
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC, ChatCodec
from tokenrouter.dialects.openai_responses.codec import RESPONSES_CODEC, ResponsesCodec
from tokenrouter.domain.answers import (
    ArgumentsGrew,
    Begun,
    Ended,
    ItemBegun,
    ItemEnded,
    ReasoningGrew,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.items import Call, Message, Reasoning, Text, text_of
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import Request

TARGET = Target("acme", "m-1")
REPLY = Reply(Request("m", (Message("user", (Text("hello"),)),), stream=True), "r1", 1)
SAYS = Message("assistant", ())
Codec = ChatCodec | MessagesCodec | GeminiCodec | ResponsesCodec
WORDS = "Grüße  an dich,\n\n und an alle anderen. "


class Noted:
    """Keeps what it is to encode."""

    def __init__(self) -> None:
        self.events: list[StreamEvent] = []

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        self.events += events
        return b""

    def finish(self, stop: Stop) -> bytes:
        return b""

    def fail(self, error: object, request_id: str) -> bytes:
        return b""


def told(*events: StreamEvent) -> Seam:
    delivered = Delivered()
    delivered.see(events)
    delivered.commit()
    seam = delivered.seam()
    assert seam is not None
    return seam


def broken(text: str) -> Seam:
    return told(Begun("c1", "m-1", 7), ItemBegun(0, SAYS), TextGrew(0, text))


def rest(text: str, repeats: str = "") -> list[StreamEvent]:
    pieces = [TextGrew(0, piece) for piece in (repeats[:5], repeats[5:], text[:3], text[3:]) if piece]
    ends: list[StreamEvent] = [ItemEnded(0), UsageReported(Usage(9, 4)), Stopped(Stop("end")), Ended()]
    return [Begun("c2", "m-2", 8, Usage(9)), ItemBegun(0, SAYS), *pieces, *ends]


def joined(seam: Seam, events: Sequence[StreamEvent], repeats: str = "") -> list[StreamEvent]:
    encoder = Noted()
    delivered = Delivered(seam)
    joining = JoiningEncoder(encoder, delivered, seam, repeats=repeats)
    for event in events:
        joining.encode([event])
    return encoder.events


@pytest.mark.parametrize("repeats", [False, True])
@given(st.integers(1, len(WORDS)))
def test_wherever_an_answer_broke_it_is_told_as_one(repeats: bool, cut: int) -> None:
    seam = broken(WORDS[:cut])
    following = WORDS[len(seam.prefill) :]
    repeated = seam.prefill if repeats else ""

    events = joined(seam, rest(following, repeated), repeated)

    require_order(events)
    answer = gathered(events)
    (choice,) = answer.choices
    assert [text_of(item.parts) for item in choice.items if isinstance(item, Message)] == [WORDS]
    assert choice.stop == Stop("end")
    assert (answer.id, answer.model, answer.created_s) == ("c1", "m-1", 7)


@given(st.text(" \n", max_size=3), st.text("ab \n", max_size=6), st.lists(st.integers(0, 12), max_size=4))
def test_blanks_that_could_not_be_sent_are_not_told_twice(blanks: str, more: str, cuts: list[int]) -> None:
    whole = blanks + "x" + more
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    trim = Trim("", blanks)

    assert "".join(trim.trim(whole[a:b]) for a, b in pairwise(edges)) == "x" + more


def test_a_model_that_does_not_begin_with_them_is_believed() -> None:
    assert Trim("", " \n").trim("next") == "next"


@given(st.lists(st.integers(0, 20), max_size=5))
def test_words_that_a_vendor_may_repeat_are_taken_out_where_it_does(cuts: list[int]) -> None:
    for whole in ("said before, and more", "said otherwise"):
        edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
        trim = Trim("said before", "")

        assert "".join(trim.trim(whole[a:b]) for a, b in pairwise(edges)) == whole.removeprefix("said before")


def test_usage_is_the_sum() -> None:
    seam = Seam(broken("a").events, 0, "a", usage=Usage(3, 2, provider_requests=1))

    answer = gathered(joined(seam, rest("b")))

    assert answer.usage == Usage(12, 6, provider_requests=2)


def test_what_follows_the_words_is_numbered_behind_what_was() -> None:
    seam = told(
        Begun("c1"),
        ItemBegun(0, Reasoning()),
        ReasoningGrew(0, "hm"),
        ItemEnded(0),
        ItemBegun(1, SAYS),
        TextGrew(1, "a"),
    )
    following: list[StreamEvent] = [
        Begun("c2"),
        ItemBegun(0, Reasoning()),
        ReasoningGrew(0, "again"),
        ItemEnded(0),
        ItemBegun(1, SAYS),
        TextGrew(1, "b"),
        ItemEnded(1),
        ItemBegun(2, Call("c", "look", "")),
        ArgumentsGrew(2, "{}"),
        ItemEnded(2),
        Stopped(Stop("tool")),
        Ended(),
    ]

    events = joined(seam, following)

    require_order(events)
    items = gathered(events).choices[0].items
    assert [type(item) for item in items] == [Reasoning, Message, Call]
    assert isinstance(items[1], Message)
    assert text_of(items[1].parts) == "ab"


def test_a_model_that_says_nothing_more_ends_the_message() -> None:
    events = joined(broken("a"), [Begun("c2"), Stopped(Stop("end")), Ended()])

    require_order(events)
    assert len(gathered(events).choices) == 1


def test_a_message_that_had_not_begun_begins_with_the_second_stream() -> None:
    events = joined(told(Begun("c1")), rest("all"))

    require_order(events)
    (item,) = gathered(events).choices[0].items
    assert isinstance(item, Message)
    assert text_of(item.parts) == "all"


@pytest.mark.parametrize("codec", [CHAT_CODEC, MESSAGES_CODEC, GEMINI_CODEC, RESPONSES_CODEC], ids=lambda one: one.name)
@given(st.integers(1, len(WORDS)), st.integers(1, len(WORDS)))
def test_every_dialect_reads_it_as_one_answer(codec: Codec, one: int, other: int) -> None:
    first, second = sorted((one, other))
    seam = broken(WORDS[:first])
    wire = codec.stream_encoder(REPLY).encode(seam.events)
    for end, is_last in ((second, False), (len(WORDS), True)):
        delivered = Delivered(seam)
        encoder = JoiningEncoder(codec.stream_encoder(REPLY), delivered, seam, repeats="")
        events = rest(WORDS[len(seam.prefill) : end])
        wire += encoder.encode(events if is_last else events[:-4])
        delivered.commit()
        found = delivered.seam()
        if found is not None:
            seam = found

    events = decoded(codec.stream_decoder(TARGET), wire)
    require_order(events)
    answer = gathered(events)
    said = "".join(text_of(item.parts) for item in answer.choices[0].items if isinstance(item, Message))
    assert said.strip() == WORDS.strip()
    assert len(answer.choices) == 1


@pytest.mark.parametrize("blanks", ["", "\n\n"])
def test_a_block_that_its_provider_opened_before_any_word_is_not_opened_again(blanks: str) -> None:
    seam = broken(blanks)
    reply = Reply(REPLY.request, "r1", 1, told_id="msg_9")
    encoder = JoiningEncoder(MESSAGES_CODEC.stream_encoder(reply), Delivered(seam), seam, repeats="", has_passed=True)

    wire = encoder.encode(rest("all"))

    assert b"content_block_start" not in wire
    assert b'"text":"all"' in wire
    assert wire.count(b"event: content_block_stop") == wire.count(b"event: message_stop") == 1
