import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import data_frames, decoded, gathered, require_order, streams
from tokenrouter.dialects.gemini.stream_decoder import GeminiStreamDecoder
from tokenrouter.dialects.hub import Target
from tokenrouter.domain.answers import Ended, Failed, ItemBegun, Stop, StreamEvent, UsageReported
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import (
    Call,
    Citation,
    Image,
    Inline,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Text,
)
from tokenrouter.domain.ledger import Usage

TARGET = Target("acme", "gemini-3-pro", "o")
STREAMS = streams("google--")
SIGNED = ProviderState("gemini", "thought_signature", "c2ln", "o")


def frame(*parts: Any, finish: str | None = None, index: int = 0, **more: Any) -> bytes:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": index, **more}
    if finish:
        candidate["finishReason"] = finish
    return event(candidates=[candidate], responseId="x", modelVersion="served")


def event(**fields: Any) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\r\n\r\n"


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"text": words, **more}


def call(name: str | None = None, *partial: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"name": name, **more} if name else more
    return {"functionCall": {**told, "partialArgs": partial} if partial else told}


STOP = frame(text(""), finish="STOP")


def run(wire: bytes, cuts: list[int] | None = None) -> list[StreamEvent]:
    return decoded(GeminiStreamDecoder(TARGET), wire, cuts or [])


def items(wire: bytes) -> list[Item]:
    events = run(wire)
    require_order(events)
    return list(gathered(events).choices[0].items)


def recorded(name: str) -> bytes:
    return data_frames(next(path for path in STREAMS if path.name == f"google--{name}.chunks.txt"))


def called(wire: bytes) -> list[tuple[str, Any]]:
    return [(item.name, json.loads(item.arguments)) for item in items(wire) if isinstance(item, Call)]


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_every_recording_decodes_in_order(path: Path) -> None:
    events = run(data_frames(path))

    require_order(events)
    assert isinstance(events[-1], Ended)
    assert any(isinstance(event, UsageReported) for event in events)
    assert gathered(events).choices[0].items


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_where_the_bytes_are_cut_does_not_matter(path: Path, data: st.DataObject) -> None:
    wire = data_frames(path).replace(b"\n\n", b"\r\n\r\n")
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))

    assert run(wire, cuts) == run(data_frames(path))


def test_a_stream_cut_at_every_single_byte_gives_the_same_events() -> None:
    wire = frame(text("Grüße \U0001f600")) + frame(call("f", args={"x": "ü"})) + STOP

    assert run(wire, list(range(len(wire)))) == run(wire)


def test_a_call_that_comes_whole_in_one_part_keeps_its_arguments() -> None:
    assert called(frame(call("f", args={"x": 1}), call("g", args={})) + STOP) == [("f", {"x": 1}), ("g", {})]


def test_one_chunk_may_hold_words_and_calls_and_the_finish() -> None:
    told = items(frame(text("Look:"), call("f", id="1", args={"x": 1}), finish="STOP"))

    assert told == [Message("assistant", (Text("Look:"),)), Call("1", "f", '{"x": 1}')]


def test_a_stop_in_a_later_chunk_than_the_call_is_a_call() -> None:
    assert gathered(run(frame(call("f")) + STOP)).choices[0].stop == Stop("tool", native="STOP")
    assert gathered(run(frame(text("x")) + STOP)).choices[0].stop == Stop("end", native="STOP")


def test_calls_of_one_name_get_ids_of_their_own() -> None:
    first, second = items(frame(call("f")) + frame(call("f")) + STOP)

    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert first.call_id != second.call_id


def test_recorded_arguments_in_pieces_come_together() -> None:
    assert called(recorded("stream-tool-call-arguments")) == [
        ("getWeather", {"location": "Boston"}),
        ("getWeather", {"location": "San Francisco"}),
    ]
    assert called(recorded("stream-no-args-tool-call")) == [
        ("read_theme", {}),
        ("read_screen", {"id": "A"}),
        ("read_screen", {"id": "B"}),
        ("read_screen", {"id": "C"}),
    ]


def test_a_call_in_pieces_that_is_never_ended_is_whole_at_the_end() -> None:
    ((name, arguments),) = called(recorded("stream-tool-call-array-arguments-missing-terminal-function-call"))

    assert name == "writeItems"
    assert [each["itemid"] for each in arguments["operations"]] == ["apple_001", "banana_001"]
    assert [each["price"] for each in arguments["operations"]] == [0.5, 0.3]


def test_nested_arguments_in_pieces_come_together() -> None:
    ((_, arguments),) = called(recorded("vertex-stream-tool-call-arguments-nested.1"))

    recipe = arguments["recipe"]
    assert recipe["name"] == "Lasagna"
    assert recipe["ingredients"][0] == {"amount": "16 oz", "name": "Lasagna noodles"}
    assert recipe["steps"][1].endswith("set aside.")


def test_a_piece_that_belongs_to_no_call_is_nothing() -> None:
    assert called(frame(call()) + frame(call(None, {"jsonPath": "$.x", "stringValue": "y"})) + STOP) == []


def test_arguments_at_a_place_that_cannot_be_are_the_providers_fault() -> None:
    with pytest.raises(ProviderProtocolError, match=r"'acme'.*event \(1\)"):
        run(frame(call("f", {"jsonPath": "x", "stringValue": "y"})))


def test_signatures_arrive_at_their_items() -> None:
    wire = frame(text("hm", thought=True)) + frame(text("so", thought=True, thoughtSignature="c2ln"))
    wire += frame(text("a")) + frame(text("", thoughtSignature="c2ln"))
    wire += frame({**call("f", id="1"), "thoughtSignature": "c2ln"}) + frame(call("g", id="2")) + STOP

    assert items(wire) == [
        Reasoning(("hmso",), is_summary=True, state=SIGNED),
        Message("assistant", (Text("a", state=SIGNED),)),
        Call("1", "f", "{}", state=SIGNED),
        Call("2", "g", "{}"),
    ]


def test_pictures_and_citations_are_kept() -> None:
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://x", "title": "X"}}],
        "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 6}, "groundingChunkIndices": [0]}],
    }
    wire = frame({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}) + frame(text("ü "))
    wire += frame(text("dir"), finish="STOP", groundingMetadata=grounding)

    cited = Text("ü dir", (Citation("https://x", "X", start=2, end=5),))
    assert items(wire) == [Message("assistant", (Image(Inline("image/png", "AAAA")), cited))]


def test_alternatives_keep_their_numbers() -> None:
    wire = frame(text("a")) + frame(text("b"), index=1) + frame(text("A"), finish="STOP")
    answer = gathered(run(wire + frame(finish="MAX_TOKENS", index=1)))

    assert [choice.items for choice in answer.choices] == [
        (Message("assistant", (Text("aA"),)),),
        (Message("assistant", (Text("b"),)),),
    ]
    assert [choice.stop.reason for choice in answer.choices] == ["end", "length"]


def test_usage_counts_as_it_was_told_last_even_after_the_finish() -> None:
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 1, "totalTokenCount": 8}
    wire = event(candidates=[], usageMetadata=usage, responseId="x") + frame(text("a"), finish="STOP")
    wire += event(usageMetadata={**usage, "candidatesTokenCount": 5, "thoughtsTokenCount": 3})
    events = run(wire)

    require_order(events)
    assert gathered(events).usage == Usage(7, 8, reasoning_tokens=3)
    assert sum(isinstance(event, UsageReported) for event in run(event(usageMetadata=usage) * 3 + STOP)) == 1


def test_a_refused_prompt_is_a_stream_with_a_reason() -> None:
    events = run(event(promptFeedback={"blockReason": "SAFETY"}, usageMetadata={"promptTokenCount": 7}))

    require_order(events)
    (choice,) = gathered(events).choices
    assert choice.stop == Stop("filter", category="SAFETY", native="SAFETY")
    assert not choice.items


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("MAX_TOKENS", "length"),
        ("SAFETY", "filter"),
        ("RECITATION", "filter"),
        ("IMAGE_SAFETY", "filter"),
        ("LANGUAGE", "filter"),
        ("CONTINUATION", "pause"),
        ("MALFORMED_FUNCTION_CALL", "broken_call"),
        ("MALFORMED_RESPONSE", "error"),
        ("SOMETHING_NEW", "end"),
    ],
)
def test_finish_reasons_are_told_in_our_words(finish: str, reason: str) -> None:
    assert gathered(run(frame(text("x"), finish=finish))).choices[0].stop.reason == reason


def test_a_reason_that_says_nothing_after_nothing_is_an_error() -> None:
    assert gathered(run(frame(finish="OTHER"))).choices[0].stop.reason == "error"


def test_why_it_was_filtered_is_told() -> None:
    stop = gathered(run(frame(finish="SAFETY", finishMessage="Too hot."))).choices[0].stop

    assert stop == Stop("filter", explanation="Too hot.", category="SAFETY", native="SAFETY")


def test_a_stream_that_was_cut_has_no_end() -> None:
    assert not any(isinstance(event, Ended) for event in run(frame(text("x"))))
    assert not any(
        isinstance(event, Ended) for event in run(frame(text("x"), finish="STOP") + frame(text("y"), index=1))
    )
    assert run(b"") == []


def test_a_last_event_without_its_blank_line_is_read() -> None:
    assert isinstance(run(frame(text("x"), finish="STOP").rstrip())[-1], Ended)


def test_empty_texts_open_nothing() -> None:
    assert not any(
        isinstance(event, ItemBegun) for event in run(frame(text("")) + frame(text("", thought=True)) + STOP)
    )


def test_an_error_event_is_a_failure_with_its_status() -> None:
    error = {"code": 503, "message": "busy", "status": "UNAVAILABLE"}
    events = run(frame(text("x")) + event(error=error) + frame(text("y")))

    last = events[-1]
    assert isinstance(last, Failed)
    assert (last.message, last.code, last.status) == ("busy", "UNAVAILABLE", 503)
    assert json.loads(last.payload) == {"error": error}


def test_what_cannot_be_read_names_the_provider_and_the_place() -> None:
    with pytest.raises(ProviderProtocolError, match=r"'acme'.*event \(2\).*candidates"):
        run(frame(text("x")) + event(candidates=7))
