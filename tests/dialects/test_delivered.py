import pytest

from tokenrouter.dialects.delivered import MAX_CHARS, MAX_EVENTS, Delivered, Seam, WatchedEncoder
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC
from tokenrouter.domain.answers import (
    Begun,
    CitationAdded,
    ItemBegun,
    ItemEnded,
    ReasoningGrew,
    RefusalGrew,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
)
from tokenrouter.domain.items import Call, Citation, Message, Reasoning
from tokenrouter.domain.requests import Request

SAYS = Message("assistant", ())
WORDS = (Begun("c1", "m-1", 7), ItemBegun(0, SAYS), TextGrew(0, "Hello "), TextGrew(0, "you "))
THOUGHT = (ItemBegun(0, Reasoning()), ReasoningGrew(0, "hm"))
REPLY = Reply(Request("m", ()), "r1", 1)


def seam(*events: StreamEvent) -> Seam | None:
    delivered = Delivered()
    delivered.see(events)
    delivered.commit()
    return delivered.seam()


def test_words_can_be_gone_on_with() -> None:
    found = seam(*WORDS)

    assert found is not None
    assert (found.index, found.text, found.prefill, found.last_index) == (0, "Hello you ", "Hello you", 0)
    assert found.events == WORDS


def test_words_behind_thoughts_that_have_ended_can_too() -> None:
    found = seam(Begun(), *THOUGHT, ItemEnded(0), ItemBegun(1, SAYS), TextGrew(1, "so"))

    assert found is not None
    assert (found.index, found.text, found.last_index) == (1, "so", 1)


def test_an_answer_that_has_only_begun_is_asked_for_anew() -> None:
    found = seam(Begun("c1"))

    assert found is not None
    assert (found.index, found.prefill, found.last_index) == (None, "", -1)


@pytest.mark.parametrize(
    "events",
    [
        (),
        (Begun(), *THOUGHT),
        (Begun(), *THOUGHT, ItemBegun(1, SAYS), TextGrew(1, "x")),
        (Begun(), ItemBegun(0, Call("c", "look", ""))),
        (*WORDS, ItemBegun(1, Call("c", "look", ""))),
        (*WORDS, ItemEnded(0)),
        (*WORDS, ItemBegun(1, SAYS)),
        (*WORDS, RefusalGrew(0, "no")),
        (*WORDS, CitationAdded(0, Citation("https://example.org"))),
        (*WORDS, Stopped(Stop("end"))),
        (Begun(), ItemBegun(0, SAYS, choice=1)),
        (*WORDS, TextGrew(0, "x", b"[]")),
    ],
    ids=str,
)
def test_nothing_else_can(events: tuple[StreamEvent, ...]) -> None:
    assert seam(*events) is None


def test_only_what_went_out_counts() -> None:
    delivered = Delivered()
    delivered.see(WORDS[:3])
    delivered.commit()
    delivered.see(WORDS[3:])

    found = delivered.seam()

    assert found is not None
    assert found.text == "Hello "


def test_more_than_is_kept_is_not_gone_on_with() -> None:
    assert seam(*WORDS, TextGrew(0, "x" * MAX_CHARS)) is None
    assert seam(*WORDS, *[TextGrew(0, "")] * MAX_EVENTS) is None


def test_a_stream_that_passes_as_it_is_is_read_beside() -> None:
    delivered = Delivered(decoder=CHAT_CODEC.stream_decoder(Target("acme", "m")))
    delivered.read(b'data: {"id":"c9","created":5,"model":"x","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n')
    delivered.commit()

    found = delivered.seam()

    assert found is not None
    assert (found.text, found.begun_as) == ("Hi", None)
    reply = found.reply(REPLY)
    assert (reply.told_id, reply.created_s, reply.id) == ("c9", 5, "r1")


def test_one_that_cannot_be_read_is_not_gone_on_with() -> None:
    delivered = Delivered(decoder=CHAT_CODEC.stream_decoder(Target("acme", "m")))
    for chunk in (
        b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n',
        b"data: {nonsense\n\n",
        b"data: {}\n\n",
    ):
        delivered.read(chunk)
        delivered.commit()

    assert delivered.seam() is None


def test_a_second_part_is_noted_behind_the_first() -> None:
    first = seam(*WORDS)
    assert first is not None
    delivered = Delivered(Seam(first.events, 0, first.text, begun_as=REPLY))
    delivered.see([TextGrew(0, "there")])
    delivered.commit()

    found = delivered.seam()

    assert found is not None
    assert found.text == "Hello you there"
    assert found.reply(Reply(Request("n", ()), "r2", 9)) is REPLY


def test_a_watched_encoder_writes_the_same() -> None:
    delivered = Delivered()
    plain, watched = CHAT_CODEC.stream_encoder(REPLY), WatchedEncoder(CHAT_CODEC.stream_encoder(REPLY), delivered)

    assert watched.encode(WORDS) == plain.encode(WORDS)
    assert watched.finish(Stop("length")) == plain.finish(Stop("length"))
    delivered.commit()
    assert delivered.seam() is not None
