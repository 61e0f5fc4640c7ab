import json
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.recorded import data_frames, decoded, gathered, streams
from tokenrouter.dialects.gemini.signatures import read_signature
from tokenrouter.dialects.gemini.stream_decoder import GeminiStreamDecoder
from tokenrouter.dialects.gemini.stream_encoder import GeminiStreamEncoder
from tokenrouter.dialects.hub import Reply, Target
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
from tokenrouter.domain.items import Call, Citation, Foreign, Image, Inline, Message, ProviderState, Reasoning
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import ReasoningControl, Request

TARGET = Target("acme", "gemini-3-pro", "o")
SAYS = Message("assistant", ())
CLOSE: list[StreamEvent] = [Stopped(Stop("end")), Ended()]
OWN = ProviderState("gemini", "thought_signature", "c2ln", "o")
FOREIGN = ProviderState("anthropic-messages", "signature", "s", "p")


def encoder(*, sse: bool = True, shows: bool = True) -> GeminiStreamEncoder:
    request = Request("m", (), "gemini", reasoning=ReasoningControl(shown=shows))
    return GeminiStreamEncoder(Reply(request, "r1", 1700000000, sse))


def chunks(wire: bytes) -> list[dict[str, Any]]:
    frames = wire.split(b"\n\n")
    assert frames.pop() == b""
    assert all(frame.startswith(b"data: {") for frame in frames)
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames]


def parts(*events: StreamEvent, shows: bool = True) -> list[dict[str, Any]]:
    wire = encoder(shows=shows).encode([Begun("x", "served"), *events])
    return [part for chunk in chunks(wire) for part in chunk["candidates"][0]["content"]["parts"]]


def last(*events: StreamEvent) -> dict[str, Any]:
    candidate: dict[str, Any] = chunks(encoder().encode([Begun(), *events]))[-1]["candidates"][0]
    return candidate


@pytest.mark.parametrize("path", streams("google--"), ids=lambda path: path.name)
def test_every_recorded_stream_comes_back_the_same_after_a_round_trip(path: Path) -> None:
    original = gathered(decoded(GeminiStreamDecoder(TARGET), data_frames(path)))
    wire = encoder().encode(decoded(GeminiStreamDecoder(TARGET), data_frames(path)))
    again = gathered(decoded(GeminiStreamDecoder(TARGET), wire))

    assert original.usage is not None
    assert again.usage == original.usage._replace(tier="", image_input_tokens=0)
    assert (again.choices, again.model) == (original.choices, original.model)


def test_words_are_parts_and_the_last_chunk_says_why_it_ended_and_what_was_used() -> None:
    events: list[StreamEvent] = [
        Begun("x", "served"),
        ItemBegun(0, SAYS),
        TextGrew(0, "a"),
        TextGrew(0, "ü"),
        ItemEnded(0),
    ]
    stops: list[StreamEvent] = [Stopped(Stop("end")), UsageReported(Usage(7, 5)), Ended()]
    head = {"modelVersion": "served", "responseId": "r1"}

    assert chunks(encoder().encode([*events, *stops])) == [
        {"candidates": [{"content": {"parts": [{"text": "a"}], "role": "model"}, "index": 0}], **head},
        {"candidates": [{"content": {"parts": [{"text": "ü"}], "role": "model"}, "index": 0}], **head},
        {
            "candidates": [{"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12},
            **head,
        },
    ]


def test_nothing_but_data_lines_is_written() -> None:
    wire = encoder().encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "a\n: b\nevent: c"), ItemEnded(0), *CLOSE])

    assert [line[:6] for line in wire.splitlines() if line] == [b"data: "] * 2
    assert b"[DONE]" not in wire


def test_a_call_goes_out_in_one_part_when_it_is_whole() -> None:
    writing = encoder()
    quiet = writing.encode(
        [Begun(), ItemBegun(0, Call("1", "f", "")), ArgumentsGrew(0, '{"x"'), ArgumentsGrew(0, ":1}")]
    )
    (chunk,) = chunks(writing.encode([ItemEnded(0)]))

    assert quiet == b""
    assert chunk["candidates"][0]["content"]["parts"] == [{"functionCall": {"name": "f", "args": {"x": 1}, "id": "1"}}]


def test_calls_that_are_interleaved_are_told_apart() -> None:
    told = parts(
        ItemBegun(0, Call("1", "f", "")),
        ItemBegun(1, Call("2", "g", "")),
        ArgumentsGrew(0, '{"a"'),
        ArgumentsGrew(1, '{"b"'),
        ArgumentsGrew(0, ":1}"),
        ArgumentsGrew(1, ":2}"),
        ItemEnded(0),
        ItemEnded(1),
    )

    assert [part["functionCall"]["args"] for part in told] == [{"a": 1}, {"b": 2}]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert parts(ItemBegun(0, Call("1", "f", "")), ItemEnded(0))[0]["functionCall"]["args"] == {}


def test_a_call_whose_arguments_nobody_can_read_is_no_clean_end() -> None:
    broken: list[StreamEvent] = [ItemBegun(0, Call("1", "f", "")), ArgumentsGrew(0, '{"x"'), ItemEnded(0)]

    assert last(*broken, Stopped(Stop("tool")), Ended())["finishReason"] == "MALFORMED_FUNCTION_CALL"
    assert last(*broken, Stopped(Stop("length")), Ended())["finishReason"] == "MAX_TOKENS"


def test_thoughts_are_shown_only_to_those_who_asked() -> None:
    events: list[StreamEvent] = [
        ItemBegun(0, Reasoning()),
        ReasoningGrew(0, "hm"),
        ReasoningGrew(0, "so", 1),
        ItemEnded(0),
    ]

    assert parts(*events) == [{"text": "hm", "thought": True}, {"text": "\n\nso", "thought": True}]
    assert parts(*events, shows=False) == []


def test_what_another_provider_signed_goes_with_the_call_after_it() -> None:
    (part,) = parts(
        ItemBegun(0, Reasoning(id="rs")),
        ReasoningGrew(0, "hm"),
        StateArrived(0, FOREIGN),
        ItemEnded(0),
        ItemBegun(1, Call("1", "f", "")),
        ItemEnded(1),
        shows=False,
    )

    assert read_signature(part["thoughtSignature"]) == (None, (Reasoning(("hm",), state=FOREIGN, id="rs"),), "1")


def test_what_another_provider_signed_at_the_end_is_in_the_last_chunk() -> None:
    signed: list[StreamEvent] = [ItemBegun(0, Reasoning(state=FOREIGN)), ItemEnded(0)]
    (part,) = last(*signed, *CLOSE)["content"]["parts"]

    assert part["text"] == ""
    assert read_signature(part["thoughtSignature"]).reasonings == (Reasoning(state=FOREIGN),)


def test_geminis_own_signatures_stay_on_their_parts() -> None:
    told = parts(
        ItemBegun(0, SAYS),
        TextGrew(0, "a"),
        StateArrived(0, OWN),
        ItemEnded(0),
        ItemBegun(1, Call("1", "f", "")),
        StateArrived(1, OWN),
        ItemEnded(1),
    )

    assert told[:2] == [{"text": "a"}, {"text": "", "thoughtSignature": "c2ln"}]
    assert told[2]["thoughtSignature"] == "c2ln"


def test_refusals_pictures_and_foreign_parts_are_told_as_they_can_be() -> None:
    code = Foreign("gemini", "executableCode", b'{"executableCode":{"code":"1"}}')
    events: list[StreamEvent] = [
        ItemBegun(0, SAYS),
        RefusalGrew(0, "No."),
        PartAdded(0, Image(Inline("image/png", "AAAA"))),
        PartAdded(0, code),
        PartAdded(0, Foreign("other", "x", b"{}", "x")),
        ItemEnded(0),
        ItemBegun(1, code),
        ItemEnded(1),
    ]

    assert [next(iter(part)) for part in parts(*events)] == ["text", "inlineData", "executableCode", "executableCode"]
    assert last(*events, *CLOSE)["finishReason"] == "SAFETY"


def test_citations_are_in_the_last_chunk() -> None:
    events: list[StreamEvent] = [
        ItemBegun(0, SAYS),
        TextGrew(0, "ü dir"),
        CitationAdded(0, Citation("https://x", "X", start=2, end=5)),
    ]

    assert last(*events, ItemEnded(0), *CLOSE)["groundingMetadata"] == {
        "groundingChunks": [{"web": {"uri": "https://x", "title": "X"}}],
        "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 6}, "groundingChunkIndices": [0]}],
    }


def test_figures_go_along() -> None:
    logprobs = b'[{"token":"a","logprob":-1}]'
    (chunk,) = chunks(encoder().encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "a", logprobs)]))

    assert chunk["candidates"][0]["logprobsResult"] == {"chosenCandidates": [{"token": "a", "logProbability": -1.0}]}


def test_alternatives_keep_their_numbers_and_end_together() -> None:
    told = chunks(
        encoder().encode(
            [
                Begun(),
                ItemBegun(0, SAYS),
                ItemBegun(1, SAYS, 1),
                TextGrew(1, "b"),
                ItemEnded(0),
                ItemEnded(1),
                Stopped(Stop("end")),
                Stopped(Stop("length"), 1),
                Ended(),
            ]
        )
    )

    assert told[0]["candidates"][0]["index"] == 1
    assert [(each["index"], each["finishReason"]) for each in told[1]["candidates"]] == [(0, "STOP"), (1, "MAX_TOKENS")]


def test_an_answer_without_a_word_still_says_why() -> None:
    assert last(*CLOSE)["finishReason"] == "STOP"
    filtered = last(Stopped(Stop("filter", explanation="Not that.", category="RECITATION")), Ended())
    assert (filtered["finishReason"], filtered["finishMessage"]) == ("RECITATION", "Not that.")


def test_a_stream_can_be_ended_in_the_middle() -> None:
    writing = encoder()
    writing.encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "a"), ItemBegun(1, Call("1", "f", ""), 1)])
    told = chunks(writing.finish(Stop("length")))

    assert [each["finishReason"] for each in told[-1]["candidates"]] == ["MAX_TOKENS", "MAX_TOKENS"]
    assert chunks(encoder().finish(Stop("end")))[-1]["candidates"][0]["finishReason"] == "STOP"


def test_a_failure_is_an_event_with_the_error_key() -> None:
    (event,) = chunks(encoder().fail(ProviderRefused("busy", provider="acme", status=503), "r1"))

    assert (event["error"]["code"], event["error"]["status"]) == (503, "UNAVAILABLE")


def test_without_events_the_chunks_are_one_array() -> None:
    events: list[StreamEvent] = [Begun(), ItemBegun(0, SAYS), TextGrew(0, "a"), TextGrew(0, "b"), ItemEnded(0), *CLOSE]
    writing = encoder(sse=False)
    wire = b"".join(writing.encode([event]) for event in events)

    assert wire.startswith(b'[{"candidates"')
    assert b"}\n,\r\n{" in wire
    assert wire.endswith(b"}\n]")
    assert json.loads(wire) == chunks(encoder().encode(events))


def test_a_failure_ends_the_array_too() -> None:
    error = ProviderRefused("busy", provider="acme", status=503)
    writing = encoder(sse=False)
    begun = writing.encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "a")])

    assert json.loads(begun + writing.fail(error, "r1"))[1]["error"]["code"] == 503
    assert json.loads(encoder(sse=False).fail(error, "r1"))[0]["error"]["code"] == 503
