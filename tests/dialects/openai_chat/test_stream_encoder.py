import json
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.recorded import CHAT, data_frames, decoded, gathered, streams
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.dialects.openai_chat.stream_decoder import ChatStreamDecoder
from tokenrouter.dialects.openai_chat.stream_encoder import ChatStreamEncoder
from tokenrouter.domain.answers import (
    ArgumentsGrew,
    Begun,
    CitationAdded,
    Ended,
    ItemBegun,
    ItemEnded,
    PartAdded,
    ReasoningGrew,
    RefusalGrew,
    StateArrived,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import ProviderRefused
from tokenrouter.domain.items import Audio, Call, Citation, FileId, Image, Message, ProviderState, Reasoning, Url
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import Request

TARGET = Target("acme", "m-1", "o")
SAYS = Message("assistant", ())
CLOSE: list[StreamEvent] = [Stopped(Stop("end")), Ended()]


def encoder(*, wants_usage: bool = False) -> ChatStreamEncoder:
    return ChatStreamEncoder(Reply(Request("m", (), wants_usage=wants_usage), "r1", 1700000000))


def chunks(wire: bytes) -> list[dict[str, Any]]:
    frames = wire.removesuffix(b"data: [DONE]\n\n").split(b"\n\n")
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames if frame]


def deltas(*events: StreamEvent) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in chunks(encoder().encode([Begun("x", "m"), *events]))]


@pytest.mark.parametrize("path", streams(*CHAT), ids=lambda path: path.name)
def test_every_recorded_stream_comes_back_the_same_after_a_round_trip(path: Path) -> None:
    events = decoded(ChatStreamDecoder(TARGET), data_frames(path, b"data: [DONE]\n\n"))
    wire = encoder(wants_usage=True).encode(events)
    answer = gathered(decoded(ChatStreamDecoder(TARGET), wire))
    original = gathered(events)

    assert (answer.choices[0].items, answer.usage) == (original.choices[0].items, original.usage)
    assert answer.choices[0].stop == original.choices[0].stop


def test_the_role_comes_once_and_first() -> None:
    told = deltas(ItemBegun(0, SAYS), TextGrew(0, "a"), TextGrew(0, "b"), ItemEnded(0))

    assert told == [{"role": "assistant", "content": "", "refusal": None}, {"content": "a"}, {"content": "b"}]


def test_index_id_and_name_of_a_call_come_once() -> None:
    told = deltas(
        ItemBegun(0, SAYS),
        ItemEnded(0),
        ItemBegun(1, Call("a", "f", "")),
        ItemBegun(2, Call("b", "p", "", "custom")),
        ArgumentsGrew(1, "{}"),
        ArgumentsGrew(2, "x"),
        ItemEnded(1),
        ItemEnded(2),
    )

    assert [delta["tool_calls"][0] for delta in told[1:]] == [
        {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 1, "id": "b", "type": "custom", "custom": {"name": "p", "input": ""}},
        {"index": 0, "function": {"arguments": "{}"}},
        {"index": 1, "custom": {"input": "x"}},
    ]


def test_sections_of_reasoning_are_set_apart() -> None:
    told = deltas(ItemBegun(0, Reasoning()), ReasoningGrew(0, "a"), ReasoningGrew(0, "b", 1), ReasoningGrew(0, "c", 1))

    assert [delta["reasoning_content"] for delta in told[1:]] == ["a", "\n\nb", "c"]


def test_refusals_citations_and_pictures_are_told_and_signatures_are_not() -> None:
    told = deltas(
        ItemBegun(0, SAYS),
        RefusalGrew(0, "No."),
        CitationAdded(0, Citation("https://x", "X")),
        CitationAdded(0, Citation(file_id="f")),
        PartAdded(0, Image(Url("https://x/y.png"))),
        PartAdded(0, Audio(FileId("f"))),
        StateArrived(0, ProviderState("a", "signature", "s")),
    )

    assert [next(iter(delta)) for delta in told[1:]] == ["refusal", "annotations", "images"]


def test_entries_of_lists_are_numbered_because_the_sdk_puts_them_together_by_number() -> None:
    told = deltas(
        ItemBegun(0, SAYS),
        *[CitationAdded(0, Citation("https://x", name)) for name in "ab"],
        *[PartAdded(0, Image(Url("https://x/y.png"))) for _ in range(2)],
    )

    lists = [entry for delta in told[1:] for entry in next(iter(delta.values()))]
    assert [entry["index"] for entry in lists] == [0, 1, 0, 1]


def test_usage_comes_last_and_only_when_it_was_asked_for() -> None:
    events: list[StreamEvent] = [
        Begun(),
        UsageReported(Usage(1, 1)),
        Stopped(Stop("end")),
        UsageReported(Usage(7, 5)),
        Ended(),
    ]

    asked = chunks(encoder(wants_usage=True).encode(events))
    assert asked[-1]["choices"] == []
    assert asked[-1]["usage"]["prompt_tokens"] == 7
    assert all(chunk["usage"] is None for chunk in asked[:-1])
    assert b"usage" not in encoder().encode(events)


def test_the_stream_ends_with_the_finish_reason_and_done() -> None:
    wire = encoder().encode([Begun(), Stopped(Stop("context")), Ended()])

    assert wire.endswith(b"data: [DONE]\n\n")
    assert chunks(wire)[-1]["choices"][0]["finish_reason"] == "length"


def test_alternatives_keep_their_numbers_and_have_a_role_each() -> None:
    wire = encoder().encode(
        [Begun(), ItemBegun(0, SAYS), ItemBegun(1, SAYS, 1), TextGrew(1, "b"), ItemEnded(0), ItemEnded(1)]
    )
    wire += encoder().encode([Begun(), Stopped(Stop("end")), Stopped(Stop("length"), 1), Ended()])

    told = [chunk["choices"][0] for chunk in chunks(wire)]
    assert [choice["index"] for choice in told] == [0, 1, 1, 0, 0, 1, 1]


def test_logprobs_go_along() -> None:
    chunk = chunks(encoder().encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "a", b'[{"token":"a"}]')]))[-1]

    assert chunk["choices"][0]["logprobs"]["content"] == [{"token": "a"}]


def test_a_stream_can_be_ended_in_the_middle() -> None:
    encoding = encoder()
    encoding.encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "a")])
    wire = encoding.finish(Stop("length"))

    assert chunks(wire)[-1]["choices"][0]["finish_reason"] == "length"
    assert wire.endswith(b"[DONE]\n\n")


def test_a_failure_is_an_event_with_the_error_key() -> None:
    (event,) = chunks(encoder().fail(ProviderRefused("busy", provider="acme", status=503), "r1"))

    assert event["error"]["message"] == "busy"


def test_the_explanation_of_a_filter_is_a_refusal() -> None:
    told = chunks(encoder().encode([Begun(), Stopped(Stop("filter", explanation="Not that.")), Ended()]))

    assert told[1]["choices"][0]["delta"] == {"refusal": "Not that."}
    assert told[2]["choices"][0]["finish_reason"] == "content_filter"
