import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.bedrock.test_eventstream import message, text
from tests.dialects.recorded import decoded, gathered, require_order
from tokenrouter.dialects.bedrock.answer import decode_answer
from tokenrouter.dialects.bedrock.messages import FAMILY
from tokenrouter.dialects.bedrock.stream_decoder import MAX_STATE_BYTES, ConverseStreamDecoder
from tokenrouter.dialects.hub import Target
from tokenrouter.domain.answers import (
    ArgumentsGrew,
    Begun,
    Ended,
    Failed,
    ItemBegun,
    ItemEnded,
    StateArrived,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Call, Foreign, Image, Inline, Message, ProviderState, Reasoning, Text
from tokenrouter.domain.ledger import Usage

TARGET = Target("aws", "m", "o")


def event(kind: str, **payload: Any) -> bytes:
    headers = text(":event-type", kind) + text(":content-type", "application/json") + text(":message-type", "event")
    return message(headers, json.dumps({**payload, "p": "abcdef"}).encode())


def delta(index: int, **told: Any) -> bytes:
    return event("contentBlockDelta", contentBlockIndex=index, delta=told)


def stop_block(index: int) -> bytes:
    return event("contentBlockStop", contentBlockIndex=index)


def start_call(index: int, call_id: str = "t1", name: str = "f", **more: str) -> bytes:
    return event(
        "contentBlockStart", contentBlockIndex=index, start={"toolUse": {"toolUseId": call_id, "name": name, **more}}
    )


def exception(kind: str, payload: bytes) -> bytes:
    return message(text(":message-type", "exception") + text(":exception-type", kind), payload)


START = event("messageStart", role="assistant")
USAGE = {
    "inputTokens": 10,
    "outputTokens": 5,
    "totalTokens": 15,
    "cacheReadInputTokens": 90,
    "cacheWriteInputTokens": 7,
}
METADATA = event("metadata", usage=USAGE, metrics={"latencyMs": 9})


def end(reason: str = "end_turn", **more: Any) -> bytes:
    return event("messageStop", stopReason=reason, **more) + METADATA


FULL = (
    START
    + delta(0, reasoningContent={"text": "hm, "})
    + delta(0, reasoningContent={"text": "grün"})
    + delta(0, reasoningContent={"signature": "c2ln"})
    + stop_block(0)
    + delta(1, reasoningContent={"redactedContent": "cmVk"})
    + stop_block(1)
    + delta(2, text="Look: ")
    + delta(2, text="\U0001f600")
    + stop_block(2)
    + start_call(3)
    + delta(3, toolUse={"input": ""})
    + delta(3, toolUse={"input": '{"x":'})
    + delta(3, toolUse={"input": "1}"})
    + stop_block(3)
    + start_call(4, "t2", "g")
    + stop_block(4)
    + end("tool_use")
)
WHOLE = {
    "output": {
        "message": {
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm, grün", "signature": "c2ln"}}},
                {"reasoningContent": {"redactedContent": "cmVk"}},
                {"text": "Look: \U0001f600"},
                {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"x": 1}}},
                {"toolUse": {"toolUseId": "t2", "name": "g", "input": {}}},
            ]
        }
    },
    "stopReason": "tool_use",
    "usage": USAGE,
}


def run(wire: bytes, cuts: list[int] | None = None) -> list[StreamEvent]:
    return decoded(ConverseStreamDecoder(TARGET), wire, cuts or [])


def items(wire: bytes) -> list[object]:
    events = run(wire)
    require_order(events)
    return list(gathered(events).choices[0].items)


def test_a_stream_comes_to_what_the_whole_answer_is() -> None:
    events = run(FULL)
    require_order(events)

    assert gathered(events) == decode_answer(json.dumps(WHOLE, separators=(",", ":")).encode(), TARGET)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(FULL)), max_size=20))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    assert run(FULL, cuts) == run(FULL)


def test_a_stream_cut_at_every_single_byte_gives_the_same_events() -> None:
    assert run(FULL, list(range(len(FULL)))) == run(FULL)


def test_events_are_told_as_they_come() -> None:
    decoder = ConverseStreamDecoder(TARGET)

    assert decoder.feed(START) == [Begun(model="m")]
    assert decoder.feed(delta(0, text="a")) == [ItemBegun(0, Message("assistant", ())), TextGrew(0, "a")]
    assert decoder.feed(delta(0, text="b")) == [TextGrew(0, "b")]
    assert decoder.feed(stop_block(0)) == [ItemEnded(0)]
    assert decoder.feed(end()) == [
        UsageReported(Usage(107, 5, 90, 7)),
        Stopped(Stop("end", native="end_turn")),
        Ended(),
    ]
    assert decoder.close() == []


PIECES = [
    START,
    start_call(0),
    start_call(1, "t2", "g"),
    start_call(1, type="server_tool_use"),
    delta(0, text="a"),
    delta(1, text=""),
    delta(0, toolUse={"input": "{}"}),
    delta(0, reasoningContent={"text": "hm"}),
    delta(1, reasoningContent={"signature": "c2ln"}),
    delta(1, citation={"title": "T"}),
    delta(0, image={"format": "png", "source": {"bytes": "AAAA"}}),
    stop_block(0),
    stop_block(1),
    stop_block(7),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_events_in_any_order_come_to_items_in_order_or_to_an_error(pieces: list[bytes]) -> None:
    try:
        events = run(b"".join(pieces) + end())
    except ProviderProtocolError:
        return

    require_order(events)
    gathered(events)


def test_a_call_without_arguments_has_an_empty_object() -> None:
    events = run(START + start_call(0) + delta(0, toolUse={"input": ""}) + stop_block(0) + end("tool_use"))

    assert [each.text for each in events if isinstance(each, ArgumentsGrew)] == ["{}"]


def test_interleaved_blocks_go_to_their_own_item() -> None:
    wire = START + start_call(0) + start_call(1, "t2", "g") + delta(0, toolUse={"input": '{"a"'})
    wire += (
        delta(1, toolUse={"input": '{"b"'}) + delta(0, toolUse={"input": ":1}"}) + delta(1, toolUse={"input": ":2}"})
    )

    assert items(wire + stop_block(0) + stop_block(1) + end()) == [
        Call("t1", "f", '{"a":1}'),
        Call("t2", "g", '{"b":2}'),
    ]


def test_a_signature_in_pieces_is_told_whole_with_its_origin() -> None:
    wire = START + delta(0, reasoningContent={"signature": "ab"}) + delta(0, reasoningContent={"signature": "cd"})

    events = run(wire + stop_block(0) + end())

    assert [each for each in events if isinstance(each, StateArrived)] == [
        StateArrived(0, ProviderState(FAMILY, "signature", "abcd", "o"))
    ]
    assert items(wire + stop_block(0) + end()) == [Reasoning(state=ProviderState(FAMILY, "signature", "abcd", "o"))]


def test_redacted_reasoning_in_pieces_is_one_base64_text() -> None:
    pieces = [base64.b64encode(part).decode() for part in (b"a", b"bc")]
    wire = START + b"".join(delta(0, reasoningContent={"redactedContent": piece}) for piece in pieces)

    (reasoning,) = items(wire + stop_block(0) + end())

    assert isinstance(reasoning, Reasoning)
    assert reasoning.state is not None
    assert base64.b64decode(reasoning.state.value) == b"abc"


def test_citations_and_pictures_arrive_with_their_block() -> None:
    wire = START + delta(0, text="It is green.") + delta(0, citation={"title": "T"}) + delta(0, citation=7)
    wire += delta(0, image={"format": "png", "source": {"bytes": "AAAA"}}) + stop_block(0) + end()

    (message,) = items(wire)

    assert isinstance(message, Message)
    cited, image = message.parts
    assert isinstance(cited, Text)
    assert [citation.title for citation in cited.citations] == ["T"]
    assert image == Image(Inline("image/png", "AAAA"))


def test_a_citation_waits_for_its_words() -> None:
    (message,) = items(
        START + delta(0, citation={"title": "T"}) + delta(0, text="It is green.") + stop_block(0) + end()
    )

    assert isinstance(message, Message)
    (cited,) = message.parts
    assert isinstance(cited, Text)
    assert (cited.text, len(cited.citations)) == ("It is green.", 1)


def test_a_tool_that_bedrock_runs_itself_is_no_call() -> None:
    wire = START + start_call(0, type="server_tool_use") + delta(0, toolUse={"input": "{}"}) + stop_block(0)
    wire += event("contentBlockStart", contentBlockIndex=1, start={"toolResult": {"toolUseId": "t"}})
    wire += delta(1, toolResult=[{"text": "found"}]) + stop_block(1) + delta(2, text="x") + stop_block(2) + end()

    said = items(wire)

    assert [type(item) for item in said] == [Foreign, Foreign, Message]
    assert gathered(run(wire)).choices[0].stop.reason == "end"


def test_why_it_stopped_is_told_with_sequence_and_explanation() -> None:
    met = run(START + end("stop_sequence", additionalModelResponseFields={"stop_sequence": "END"}))
    guarded = run(
        START
        + event("messageStop", stopReason="guardrail_intervened")
        + event("metadata", usage=USAGE, trace={"guardrail": {"actionReason": "Blocked."}})
    )

    assert Stopped(Stop("stop_sequence", "END", native="stop_sequence")) in met
    assert Stopped(Stop("filter", explanation="Blocked.", native="guardrail_intervened")) in guarded


def test_metadata_may_come_before_the_stop() -> None:
    events = run(START + delta(0, text="a") + METADATA + event("messageStop", stopReason="end_turn"))

    require_order(events)


@pytest.mark.parametrize("missing", [b"", METADATA])
def test_open_blocks_are_ended_and_missing_metadata_is_no_cut(missing: bytes) -> None:
    events = run(START + delta(0, text="a") + event("messageStop", stopReason="max_tokens") + missing)

    require_order(events)
    assert gathered(events).choices[0].stop.reason == "length"


@pytest.mark.parametrize("wire", [b"", START, START + delta(0, text="a"), FULL[:-20], START + end()[:-300]])
def test_a_stream_that_was_cut_has_no_end(wire: bytes) -> None:
    assert not [each for each in run(wire) if isinstance(each, Ended | Stopped)]


@pytest.mark.parametrize(
    ("kind", "payload", "status"),
    [
        ("throttlingException", b'{"message":"Too many tokens."}', 429),
        ("validationException", b'{"message":"Too many tokens."}', 400),
        ("internalServerException", b'{"message":"Too many tokens."}', 500),
        ("serviceUnavailableException", b'{"message":"Too many tokens."}', 503),
        ("ModelTimeoutException", b'{"message":"Too many tokens."}', 504),
        ("modelStreamErrorException", b'{"message":"Too many tokens.","originalStatusCode":429}', 429),
        ("modelStreamErrorException", b'{"message":"Too many tokens.","originalStatusCode":400}', 502),
        ("modelStreamErrorException", b'{"message":"Too many tokens."}', 502),
        ("newException", b'{"message":"Too many tokens."}', 502),
    ],
)
def test_an_exception_ends_the_stream_with_its_status(kind: str, payload: bytes, status: int) -> None:
    events = run(START + delta(0, text="a") + exception(kind, payload) + end())

    assert events[-1] == Failed("Too many tokens.", payload, kind, status)
    assert not any(isinstance(each, Ended) for each in events)


def test_an_error_without_a_payload_is_told_from_its_headers() -> None:
    headers = text(":message-type", "error") + text(":error-code", "InternalFailure") + text(":error-message", "Oops.")

    (failed,) = run(message(headers, b""))

    assert isinstance(failed, Failed)
    assert (failed.message, failed.code, failed.status) == ("Oops.", "InternalFailure", 502)
    assert json.loads(failed.payload) == {"message": "Oops.", "code": "InternalFailure"}


def test_events_and_messages_that_nobody_knows_are_skipped() -> None:
    odd = event("weather", sun=True) + message(b"", b"?") + event("contentBlockDelta", contentBlockIndex=0)

    assert run(START + odd + delta(0, text="a") + stop_block(0) + end()) == run(
        START + delta(0, text="a") + stop_block(0) + end()
    )


@pytest.mark.parametrize(
    ("wire", "where"),
    [
        (event("contentBlockDelta", contentBlockIndex="x"), r"event \(2\).*contentBlockIndex"),
        (delta(0, text=5), r"event \(2\).*text"),
        (delta(0, toolUse={"input": "{}"}), r"event \(2\).*before its name"),
        (message(text(":event-type", "messageStop"), b"<"), r"event \(2\)"),
        (
            delta(0, reasoningContent={"redactedContent": "*"})
            + delta(0, reasoningContent={"redactedContent": "a"})
            + stop_block(0),
            "base64",
        ),
        (delta(0, reasoningContent={"signature": "x" * (MAX_STATE_BYTES + 1)}), "longer"),
    ],
)
def test_an_event_that_cannot_be_read_is_told_with_the_provider_and_the_place(wire: bytes, where: str) -> None:
    with pytest.raises(ProviderProtocolError, match=f"'aws'.*{where}"):
        run(START + wire)


def test_a_call_without_a_name_is_no_call() -> None:
    with pytest.raises(ProviderProtocolError, match=r"event \(2\).*name"):
        run(START + start_call(0, name=""))
