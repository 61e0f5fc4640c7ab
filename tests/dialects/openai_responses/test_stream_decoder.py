import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.openai_responses.test_request_decoder import odd_items, values
from tests.dialects.recorded import decoded, gathered, require_order
from tests.dialects.responses import REPLY, STREAMS, TARGET, WHOLE_STREAMS, events_of, framed
from tokenrouter.dialects.openai_chat.stream_decoder import ChatStreamDecoder
from tokenrouter.dialects.openai_chat.stream_encoder import ChatStreamEncoder
from tokenrouter.dialects.openai_responses.stream_decoder import ResponsesStreamDecoder
from tokenrouter.domain.answers import (
    ArgumentsGrew,
    Begun,
    CitationAdded,
    Ended,
    Failed,
    ItemBegun,
    ItemEnded,
    ReasoningGrew,
    RefusalGrew,
    StateArrived,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Call, Foreign, Item, Message, Reasoning, Refusal, Text, text_of
from tokenrouter.domain.ledger import Usage

CREATED = {"type": "response.created", "response": {"id": "resp_1", "model": "m", "created_at": 5}}
COMPLETED = {
    "type": "response.completed",
    "response": {
        "id": "resp_1",
        "status": "completed",
        "output": [],
        "usage": {"input_tokens": 7, "output_tokens": 5},
    },
}
GARBLED = {"openai-shell-container.1-0"}
"""Shortened by hand: its deltas say other words than its end."""
END: list[StreamEvent] = [UsageReported(Usage(7, 5)), Stopped(Stop("end", native="completed")), Ended()]
MESSAGE = {"type": "message", "role": "assistant", "content": []}


def wire(*events: dict[str, Any]) -> bytes:
    return b"".join(map(framed, events))


def read(*events: dict[str, Any]) -> list[StreamEvent]:
    """What a stream of these, between its first and its last event, tells."""
    told = decoded(ResponsesStreamDecoder(TARGET), wire(CREATED, *events, COMPLETED))
    require_order(told)
    assert told[0] == Begun("resp_1", "m", 5)
    return told[1:]


def items(*events: dict[str, Any]) -> tuple[Item, ...]:
    return gathered([Begun(), *read(*events)]).choices[0].items


def added(item: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": 0, "item": item, **fields}


def done(item: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": 0, "item": item, **fields}


def delta(kind: str, text: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": 0, "delta": text, **fields}


def text_item(text: str, **fields: Any) -> dict[str, Any]:
    return {**MESSAGE, "content": [{"type": "output_text", "text": text, **fields}]}


@pytest.mark.parametrize(("name", "bytes_"), WHOLE_STREAMS, ids=[name for name, _ in WHOLE_STREAMS])
def test_every_recorded_stream_is_an_answer_in_order(name: str, bytes_: bytes) -> None:
    events = decoded(ResponsesStreamDecoder(TARGET), bytes_)
    answer = gathered(events)

    require_order(events)
    assert isinstance(events[-1], Ended)
    assert answer.usage is not None
    assert answer.model.startswith("gpt")
    assert answer.choices[0].items


@pytest.mark.parametrize(("name", "bytes_"), WHOLE_STREAMS, ids=[name for name, _ in WHOLE_STREAMS])
def test_every_recorded_stream_holds_what_its_last_event_holds(name: str, bytes_: bytes) -> None:
    """The last event repeats the output; vendors that leave it out there have it in the items' ends."""
    last = json.loads(bytes_.rstrip().rpartition(b"data: ")[2])["response"]
    written = "".join(part["text"] for item in last["output"] if item["type"] == "message" for part in item["content"])
    answer = gathered(decoded(ResponsesStreamDecoder(TARGET), bytes_))

    if last["output"] and name not in GARBLED:
        assert words(answer.choices[0].items) == written


def words(of: tuple[Item, ...]) -> str:
    return "".join(text_of(item.parts, "") for item in of if isinstance(item, Message))


def calls(of: tuple[Item, ...]) -> list[tuple[str, str, str]]:
    return [(item.call_id, item.name, item.arguments) for item in of if isinstance(item, Call)]


@pytest.mark.parametrize(("name", "bytes_"), WHOLE_STREAMS, ids=[name for name, _ in WHOLE_STREAMS])
def test_every_recorded_stream_keeps_words_calls_and_usage_as_a_chat_stream(name: str, bytes_: bytes) -> None:
    events = decoded(ResponsesStreamDecoder(TARGET), bytes_)
    answer = gathered(events)
    again = gathered(decoded(ChatStreamDecoder(TARGET), ChatStreamEncoder(REPLY).encode(events)))

    assert words(again.choices[0].items) == words(answer.choices[0].items)
    assert calls(again.choices[0].items) == calls(answer.choices[0].items)
    assert again.usage == answer.usage


SHORT = [(name, bytes_) for name, bytes_ in STREAMS if len(bytes_) < 20000]


@given(st.sampled_from(SHORT), st.lists(st.integers(0, 20000), max_size=12))
def test_where_the_bytes_are_cut_does_not_matter(stream: tuple[str, bytes], cuts: list[int]) -> None:
    _, bytes_ = stream
    whole = decoded(ResponsesStreamDecoder(TARGET), bytes_)

    assert decoded(ResponsesStreamDecoder(TARGET), bytes_, [min(cut, len(bytes_)) for cut in cuts]) == whole


@given(st.sampled_from(SHORT), st.integers(0, 60))
def test_a_stream_that_was_cut_short_never_ends(stream: tuple[str, bytes], kept: int) -> None:
    frames = stream[1].split(b"\n\n")[:-2]
    events = decoded(ResponsesStreamDecoder(TARGET), b"\n\n".join((*frames[:kept], b"")))

    assert not any(isinstance(event, Ended) for event in events)


def test_a_whole_text_that_contradicts_its_pieces_adds_nothing_to_them() -> None:
    (message,) = items(delta("output_text", "It ran."), done(text_item("It ran in the box.")))

    assert message == Message("assistant", (Text("It ran."),))


def test_event_lines_are_not_needed_and_comments_unknown_events_and_done_are_nothing() -> None:
    frames = [
        b": keep-alive\n\n",
        b"data: " + json.dumps(CREATED).encode() + b"\n\n",
        b'event: keepalive\ndata: {"type":"keepalive"}\n\n',
        b'data: {"type":"response.something.new","delta":{"a":1}}\n\n',
        b"data: " + json.dumps(delta("output_text", "hi", obfuscation="xxxx")).encode() + b"\n\n",
        b"data: " + json.dumps(COMPLETED).encode() + b"\n\ndata: [DONE]\n\n",
    ]

    assert decoded(ResponsesStreamDecoder(TARGET), b"".join(frames))[1:] == [
        ItemBegun(0, Message("assistant", ())),
        TextGrew(0, "hi"),
        ItemEnded(0),
        *END,
    ]


def test_text_that_is_said_again_is_told_once() -> None:
    assert read(
        added(MESSAGE),
        delta("output_text", "he"),
        delta("output_text", "llo"),
        {"type": "response.output_text.done", "output_index": 0, "text": "hello"},
        done(text_item("hello")),
    ) == [
        ItemBegun(0, Message("assistant", ())),
        TextGrew(0, "he"),
        TextGrew(0, "llo"),
        ItemEnded(0),
        *END,
    ]


@pytest.mark.parametrize(
    "events",
    [
        (done(text_item("hello")),),
        (added(MESSAGE), delta("output_text", "he"), done(text_item("hello"))),
        (added(MESSAGE), {"type": "response.output_text.done", "output_index": 0, "text": "hello"}),
        (delta("output_text", "hello"),),
        (delta("output_text", "hello", output_index=None),),
    ],
)
def test_text_is_whole_whichever_events_are_missing(events: tuple[dict[str, Any], ...]) -> None:
    assert items(*events) == (Message("assistant", (Text("hello"),)),)


def test_an_output_that_only_the_last_event_holds_is_told() -> None:
    last = {**COMPLETED, "response": {**COMPLETED["response"], "output": [text_item("hi")]}}  # type: ignore[dict-item]
    events = decoded(ResponsesStreamDecoder(TARGET), wire(CREATED, last))

    assert gathered(events).choices[0].items == (Message("assistant", (Text("hi"),)),)


def test_an_empty_output_in_the_last_event_takes_nothing_away() -> None:
    name = "parallel-tool-call-wrapper.1-0"
    answer = gathered(decoded(ResponsesStreamDecoder(TARGET), dict(STREAMS)[name]))

    assert [call[1] for call in calls(answer.choices[0].items)] == ["weather", "cityAttractions"]


def test_ids_that_change_from_event_to_event_do_not_tear_an_item_apart() -> None:
    answer = gathered(decoded(ResponsesStreamDecoder(TARGET), dict(STREAMS)["github-copilot-id-rotation.1-0"]))

    assert [type(item) for item in answer.choices[0].items] == [Reasoning, Message]
    assert "strawberry" in words(answer.choices[0].items)


def test_a_function_call_streams_its_arguments() -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "namespace": "ns", "arguments": ""}

    assert read(
        added(call),
        delta("function_call_arguments", '{"a"'),
        delta("function_call_arguments", ":1}"),
        {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": '{"a":1}'},
        done({**call, "arguments": '{"a":1}'}),
    ) == [
        ItemBegun(0, Call("c1", "f", "", namespace="ns", id="fc_1")),
        ArgumentsGrew(0, '{"a"'),
        ArgumentsGrew(0, ":1}"),
        ItemEnded(0),
        END[0],
        Stopped(Stop("tool", native="completed")),
        Ended(),
    ]


@pytest.mark.parametrize("ending", [(), ({"arguments": ""},), ({"arguments": "{}"},)])
def test_a_call_without_arguments_gets_an_empty_object(ending: tuple[dict[str, Any], ...]) -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": ""}
    ends = [done({**call, **fields}) for fields in ending]

    assert calls(items(added(call), *ends)) == [("c1", "f", "{}")]


def test_a_free_text_call_streams_its_text() -> None:
    (call,) = (
        gathered(decoded(ResponsesStreamDecoder(TARGET), dict(STREAMS)["openai-custom-tool.1-0"])).choices[0].items
    )

    assert isinstance(call, Call)
    assert (call.kind, call.arguments) == ("custom", "SELECT * FROM users WHERE age > 25")


def test_a_search_for_tools_is_told_when_its_id_is_final() -> None:
    answer = gathered(decoded(ResponsesStreamDecoder(TARGET), dict(STREAMS)["openai-client-tool-search.1-0"]))
    ((call_id, name, arguments),) = calls(answer.choices[0].items)

    assert (call_id, name) == ("call_RWTIIVfxsJW9fecsg6fy23Dy", "tool_search")
    assert "goal" in json.loads(arguments)


def test_interleaved_items_are_told_apart_by_their_place() -> None:
    first = {"type": "function_call", "call_id": "a", "name": "f", "arguments": ""}
    second = {**first, "call_id": "b"}

    assert calls(
        items(
            added(first),
            added(second, output_index=1),
            delta("function_call_arguments", '{"x":', output_index=1),
            delta("function_call_arguments", '{"y":1}'),
            delta("function_call_arguments", "2}", output_index=1),
            done({**second, "arguments": '{"x":2}'}, output_index=1),
            done({**first, "arguments": '{"y":1}'}),
        )
    ) == [("a", "f", '{"y":1}'), ("b", "f", '{"x":2}')]


def test_items_without_a_place_follow_one_another() -> None:
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": ""}
    told = items(
        added(MESSAGE, output_index=None),
        delta("output_text", "hi", output_index=None),
        done(text_item("hi"), output_index=None),
        added(call, output_index=None),
        delta("function_call_arguments", '{"y":1}', output_index=None),
        done({**call, "arguments": '{"y":1}'}, output_index=None),
    )

    assert (words(told), calls(told)) == ("hi", [("a", "f", '{"y":1}')])


def test_reasoning_has_sections_and_brings_its_state_at_the_end() -> None:
    thought = {"type": "reasoning", "summary": [], "encrypted_content": "early"}
    told = read(
        added(thought),
        delta("reasoning_summary_text", "a", summary_index=0),
        delta("reasoning_summary_text", "b", summary_index=1),
        done(
            {
                **thought,
                "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "bc"}],
                "encrypted_content": "late",
            }
        ),
    )

    assert told[:5] == [
        ItemBegun(0, Reasoning((), is_summary=True)),
        ReasoningGrew(0, "a"),
        ReasoningGrew(0, "b", 1),
        ReasoningGrew(0, "c", 1),
        told[4],
    ]
    assert isinstance(state := told[4], StateArrived)
    assert (state.state.value, state.state.origin) == ("late", "o")


def test_reasoning_of_open_models_is_no_summary() -> None:
    told = items(
        delta("reasoning_text", "hm", content_index=0),
        {"type": "response.reasoning_text.done", "output_index": 0, "text": "hmm"},
        delta("reasoning_summary_text", "not twice", summary_index=0),
    )

    assert told == (Reasoning(("hmm",)),)


def test_empty_reasoning_is_not_told() -> None:
    thought = {"type": "reasoning", "summary": []}

    assert items(added(thought), done(thought), done(text_item("hi"), output_index=1)) == (
        Message("assistant", (Text("hi"),)),
    )


def test_refusals_citations_and_the_phase_of_a_message_are_told() -> None:
    note = {"type": "url_citation", "url": "https://x", "title": "X", "start_index": 0, "end_index": 2}
    told = read(
        added({**MESSAGE, "phase": "commentary"}),
        delta("output_text", "hi"),
        {"type": "response.output_text.annotation.added", "output_index": 0, "annotation": note},
        delta("refusal", "N", content_index=1),
        {"type": "response.refusal.done", "output_index": 0, "content_index": 1, "refusal": "No."},
        done({**text_item("hi", annotations=[note]), "phase": "commentary"}),
    )

    assert told[0] == ItemBegun(0, Message("assistant", (), phase="commentary"))
    assert [type(event) for event in told[1:6]] == [TextGrew, CitationAdded, RefusalGrew, RefusalGrew, ItemEnded]
    assert isinstance(cited := told[2], CitationAdded)
    assert (cited.citation.url, cited.citation.end) == ("https://x", 2)


def test_citations_that_only_the_finished_item_holds_are_told() -> None:
    (message,) = items(done(text_item("hi", annotations=[{"type": "file_citation", "file_id": "f", "index": 1}])))

    assert isinstance(message, Message)
    assert isinstance(text := message.parts[0], Text)
    assert [citation.file_id for citation in text.citations] == ["f"]


def test_hosted_steps_are_told_whole_when_they_are_finished() -> None:
    step = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    told = items(
        added({**step, "status": "in_progress"}),
        {"type": "response.web_search_call.searching", "output_index": 0},
        done(step),
    )

    assert told == (Foreign("openai-responses", "web_search_call", json.dumps(step).encode()),)


def test_logprobs_go_along() -> None:
    told = read(delta("output_text", "a", logprobs=[{"token": "a", "logprob": -1}]))

    assert isinstance(grew := told[1], TextGrew)
    assert json.loads(grew.logprobs or b"") == [{"token": "a", "logprob": -1}]


@pytest.mark.parametrize(
    ("reason", "stop"),
    [("max_output_tokens", "length"), ("content_filter", "filter"), ("steered", "end"), (None, "end")],
)
def test_an_incomplete_response_says_why(reason: str | None, stop: str) -> None:
    last = {
        "type": "response.incomplete",
        "response": {"status": "incomplete", "incomplete_details": {"reason": reason}},
    }
    events = decoded(ResponsesStreamDecoder(TARGET), wire(CREATED, delta("output_text", "a"), last))

    assert gathered(events).choices[0].stop.reason == stop


def test_a_failed_response_is_a_failure_with_its_code_and_usage() -> None:
    last = {
        "type": "response.failed",
        "response": {
            "status": "failed",
            "error": {"code": "context_length_exceeded", "message": "too long"},
            "usage": {"input_tokens": 7, "output_tokens": 0},
        },
    }
    *_, usage, failed = decoded(ResponsesStreamDecoder(TARGET), wire(CREATED, delta("output_text", "a"), last))

    assert usage == UsageReported(Usage(7, 0))
    assert isinstance(failed, Failed)
    assert (failed.message, failed.code, failed.status) == ("too long", "context_length_exceeded", 400)


@pytest.mark.parametrize(
    "error",
    [
        {"type": "error", "code": "rate_limit_exceeded", "message": "slow down"},
        {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "slow down"}},
        {"error": {"code": "rate_limit_exceeded", "message": "slow down"}},
        {"error": {"code": 429, "message": "slow down"}},
    ],
)
def test_an_error_event_is_a_failure_in_each_of_its_shapes(error: dict[str, Any]) -> None:
    bytes_ = b"data: " + json.dumps(error).encode() + b"\n\n"
    (failed,) = decoded(ResponsesStreamDecoder(TARGET), bytes_ + wire(COMPLETED))

    assert isinstance(failed, Failed)
    assert (failed.message, failed.status) == ("slow down", 429)


def test_the_recorded_failure_is_one() -> None:
    events = decoded(ResponsesStreamDecoder(TARGET), dict(STREAMS)["openai-error.1-0"])

    assert isinstance(failed := events[-1], Failed)
    assert (failed.code, failed.status) == ("insufficient_quota", 429)


@pytest.mark.parametrize(
    "bytes_", [b"data: {\n\n", b"data: 7\n\n", b'data: {"type":7}\n\n', b"data: " + b"[" * 5000 + b"\n\n"]
)
def test_what_cannot_be_read_is_the_named_providers_fault(bytes_: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match=r"'acme'.*event \(2\)"):
        decoded(ResponsesStreamDecoder(TARGET), wire(CREATED) + bytes_)


def test_a_part_that_cannot_be_read_is_the_named_providers_fault() -> None:
    with pytest.raises(ProviderProtocolError, match=r"'acme'.*output\[0\]"):
        read(done({"type": "message", "role": "nobody"}))
    with pytest.raises(ProviderProtocolError, match=r"'acme'.*annotation"):
        read({"type": "response.output_text.annotation.added", "output_index": 0, "annotation": []})


def test_a_stream_may_begin_with_its_first_item() -> None:
    first, *_ = decoded(ResponsesStreamDecoder(TARGET), wire(delta("output_text", "a"), COMPLETED))

    assert first == Begun("", "m-1")


def test_deltas_without_words_are_nothing() -> None:
    kinds = ("output_text", "refusal", "reasoning_summary_text", "reasoning_text", "function_call_arguments")

    assert read(*(delta(kind, "") for kind in kinds)) == END


def test_events_without_an_item_are_nothing() -> None:
    nothing = {"output_index": 0, "item": None}

    assert read({"type": "response.output_item.added"}, {"type": "response.output_item.done", **nothing}) == END


def test_a_last_event_without_a_status_says_it_by_its_name() -> None:
    last = {"type": "response.incomplete", "response": {"incomplete_details": {"reason": "max_output_tokens"}}}

    assert gathered(decoded(ResponsesStreamDecoder(TARGET), wire(CREATED, last))).choices[0].stop.reason == "length"


def test_a_refusal_that_only_the_finished_item_holds_is_told() -> None:
    refused = {**MESSAGE, "content": [{"type": "refusal", "refusal": "No."}]}

    assert items(added(MESSAGE), done(refused)) == (Message("assistant", (Refusal("No."),)),)


def test_items_that_share_a_place_stay_items_of_their_own() -> None:
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": ""}
    told = items(
        added({"type": "reasoning", "summary": []}),
        delta("reasoning_summary_text", "hm"),
        added(MESSAGE),
        delta("output_text", "hi"),
        added(call),
        delta("function_call_arguments", "{}"),
        done({**call, "arguments": "{}"}),
        done({"type": "web_search_call"}),
    )

    assert [type(item) for item in told] == [Reasoning, Message, Call, Foreign]
    assert (words(told), calls(told)) == ("hi", [("a", "f", "{}")])


EVENT_TYPES = sorted({event["type"] for _, bytes_ in STREAMS for event in events_of(bytes_)})
odd_events = st.fixed_dictionaries(
    {"type": st.sampled_from(EVENT_TYPES)},
    optional={
        "output_index": st.integers(0, 2),
        "delta": values,
        "text": values,
        "item": odd_items,
        "arguments": values,
        "annotation": values,
        "summary_index": st.integers(0, 1),
    },
)


@settings(max_examples=50)
@given(st.lists(odd_events, max_size=8))
def test_whatever_comes_is_told_in_order_or_blamed_on_the_provider(events: list[dict[str, Any]]) -> None:
    try:
        told = decoded(ResponsesStreamDecoder(TARGET), wire(CREATED, *events, COMPLETED))
    except ProviderProtocolError:
        return
    require_order(told)
