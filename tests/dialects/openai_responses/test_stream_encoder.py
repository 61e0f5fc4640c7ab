import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from tests.dialects.recorded import decoded, gathered
from tests.dialects.responses import REPLY, TARGET, WHOLE_STREAMS, answering, events_of
from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai_responses.answer import encode_answer
from tokenrouter.dialects.openai_responses.stream_decoder import ResponsesStreamDecoder
from tokenrouter.dialects.openai_responses.stream_encoder import ResponsesStreamEncoder
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
from tokenrouter.domain.errors import ProviderCut, ProviderRefused
from tokenrouter.domain.items import (
    Audio,
    Call,
    Citation,
    FileId,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    ProviderState,
    Reasoning,
)
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import Request, Tool

SAYS = Message("assistant", ())
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
BARE = Reply(Request("m", ()), "r1", 1700000000)
END: list[StreamEvent] = [Stopped(Stop("end")), UsageReported(Usage(7, 5)), Ended()]
SIGNED = ProviderState("gemini", "thought_signature", "g", "o")


def wire(*events: StreamEvent, reply: Reply = REPLY) -> bytes:
    return ResponsesStreamEncoder(reply).encode([Begun("x", "m-1"), *events, *END])


def told(*events: StreamEvent, reply: Reply = REPLY) -> list[dict[str, Any]]:
    """What comes between the announcement and the last event."""
    first, second, *between, _ = events_of(wire(*events, reply=reply))
    assert [first["type"], second["type"]] == ["response.created", "response.in_progress"]
    return between


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def output(*events: StreamEvent, reply: Reply = REPLY) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = events_of(wire(*events, reply=reply))[-1]["response"]["output"]
    return items


def text(index: int, *pieces: str) -> list[StreamEvent]:
    return [ItemBegun(index, SAYS), *(TextGrew(index, piece) for piece in pieces), ItemEnded(index)]


def without_ids(items: tuple[Item, ...]) -> list[str]:
    return [repr(item) if isinstance(item, Foreign) else repr(item).replace(f"id={item.id!r}", "") for item in items]


@pytest.mark.parametrize(("name", "bytes_"), WHOLE_STREAMS, ids=[name for name, _ in WHOLE_STREAMS])
def test_every_recorded_stream_comes_back_the_same_after_a_round_trip(name: str, bytes_: bytes) -> None:
    events = decoded(ResponsesStreamDecoder(TARGET), bytes_)
    original = gathered(events)
    again = gathered(decoded(ResponsesStreamDecoder(TARGET), ResponsesStreamEncoder(REPLY).encode(events)))

    assert without_ids(again.choices[0].items) == without_ids(original.choices[0].items)
    assert (again.usage, again.model, again.choices[0].stop) == (
        original.usage,
        original.model,
        original.choices[0].stop,
    )


@pytest.mark.parametrize(("name", "bytes_"), WHOLE_STREAMS, ids=[name for name, _ in WHOLE_STREAMS])
def test_every_recorded_stream_is_numbered_and_ends_with_the_items_that_were_told(name: str, bytes_: bytes) -> None:
    events = decoded(ResponsesStreamDecoder(TARGET), bytes_)
    written = events_of(ResponsesStreamEncoder(REPLY).encode(events))

    assert [event["sequence_number"] for event in written] == list(range(len(written)))
    done = {event["output_index"]: event["item"] for event in written if event["type"].endswith("output_item.done")}
    assert written[-1]["response"]["output"] == [done[place] for place in sorted(done)]
    assert sorted(done) == list(range(len(done)))


@pytest.mark.parametrize(("name", "bytes_"), WHOLE_STREAMS, ids=[name for name, _ in WHOLE_STREAMS])
def test_the_sdks_strict_helper_reads_every_recorded_stream(name: str, bytes_: bytes) -> None:
    events = decoded(ResponsesStreamDecoder(TARGET), bytes_)
    answer = gathered(events)
    with (
        answering(ResponsesStreamEncoder(REPLY).encode(events), "text/event-stream") as client,
        client.responses.stream(model="m", input="x") as stream,
    ):
        kinds = [event.type for event in stream]
        response = stream.get_final_response()

    assert kinds[-1] == "response.completed"
    assert response.output_text == "".join(
        part.text
        for item in answer.choices[0].items
        if isinstance(item, Message)
        for part in item.parts
        if hasattr(part, "text")
    )
    assert response.usage is not None
    assert answer.usage is not None
    assert response.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


@pytest.mark.parametrize(("name", "bytes_"), WHOLE_STREAMS, ids=[name for name, _ in WHOLE_STREAMS])
def test_every_recorded_stream_is_written_as_the_sdks_types_demand(name: str, bytes_: bytes) -> None:
    events = decoded(ResponsesStreamDecoder(TARGET), bytes_)
    for event in events_of(ResponsesStreamEncoder(REPLY).encode(events)):
        EVENT.validate_python(event)


def test_the_sdks_strict_helper_reads_a_stream_with_everything_in_it() -> None:
    events: list[StreamEvent] = [
        ItemBegun(0, Reasoning()),
        ReasoningGrew(0, "hm"),
        ReasoningGrew(0, "so", 1),
        StateArrived(0, ProviderState("anthropic-messages", "signature", "s", "o")),
        ItemEnded(0),
        *text(1, "he", "llo"),
        ItemBegun(2, Call("a", "f", "")),
        ItemBegun(3, Call("b", "p", "", "custom")),
        ArgumentsGrew(2, "{"),
        ArgumentsGrew(3, "*** Begin"),
        ArgumentsGrew(2, "}"),
        ItemEnded(3),
        ItemEnded(2),
        ItemBegun(4, SAYS),
        RefusalGrew(4, "No."),
        ItemEnded(4),
    ]
    with (
        answering(wire(*events), "text/event-stream") as client,
        client.responses.stream(model="m", input="x") as stream,
    ):
        response = stream.get_final_response()

    assert [item.type for item in response.output] == [
        "reasoning",
        "message",
        "function_call",
        "custom_tool_call",
        "message",
    ]
    assert response.output_text == "hello"


def test_words_have_the_whole_lifecycle() -> None:
    events = told(*text(0, "he", "llo"))

    assert types(events) == [
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
    ]
    assert {event.get("item_id", event.get("item", {}).get("id")) for event in events} == {"msg_r1_0"}
    assert (events[4]["text"], events[0]["item"]["status"], events[6]["item"]["status"]) == (
        "hello",
        "in_progress",
        "completed",
    )


def test_reasoning_opens_before_its_words_and_has_a_part_for_each_section() -> None:
    events = told(ItemBegun(0, Reasoning()), ReasoningGrew(0, "a"), ReasoningGrew(0, "b", 1), ItemEnded(0))

    assert types(events) == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    assert [event["summary_index"] for event in events[1:-1]] == [0] * 4 + [1] * 4
    assert [part["text"] for part in events[-1]["item"]["summary"]] == ["a", "b"]


def test_reasoning_that_says_nothing_is_told_only_with_its_state() -> None:
    state = ProviderState("openai-responses", "encrypted", "gAAA", "o")
    silent, end = ItemBegun(0, Reasoning()), ItemEnded(0)

    assert output(silent, end) == []
    arrived = output(silent, StateArrived(0, state), end)
    assert output(ItemBegun(0, Reasoning(state=state)), end) == arrived
    assert arrived[0]["encrypted_content"] == "gAAA"
    assert output(silent, StateArrived(0, state), end, reply=BARE) == []


def test_a_function_call_streams_its_arguments_and_says_them_again() -> None:
    events = told(
        ItemBegun(0, Call("a", "f", "", namespace="ns")),
        ArgumentsGrew(0, '{"x"'),
        ArgumentsGrew(0, ":1}"),
        ItemEnded(0),
    )

    assert types(events) == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert events[-1]["item"] == {
        "id": "fc_r1_0",
        "type": "function_call",
        "status": "completed",
        "call_id": "a",
        "name": "f",
        "namespace": "ns",
        "arguments": '{"x":1}',
    }


def test_a_free_text_call_streams_its_input() -> None:
    events = told(ItemBegun(0, Call("a", "p", "", "custom")), ArgumentsGrew(0, "x"), ItemEnded(0))

    assert types(events)[1:3] == ["custom_tool_call_input.delta", "custom_tool_call_input.done"]
    assert (events[2]["input"], events[-1]["item"]["input"]) == ("x", "x")


def test_a_search_for_tools_comes_whole() -> None:
    request = Request("m", (), tools=(Tool("tool_search", extra={"type": b'"tool_search"'}),))
    events = told(
        ItemBegun(0, Call("a", "tool_search", "")),
        ArgumentsGrew(0, '{"query":"x"}'),
        ItemEnded(0),
        reply=Reply(request, "r1", 0),
    )

    assert types(events) == ["output_item.added", "output_item.done"]
    assert events[0]["item"]["arguments"] == {}
    assert events[1]["item"]["arguments"] == {"query": "x"}
    assert events[1]["item"]["execution"] == "client"


def test_a_call_that_got_no_arguments_gets_an_empty_object() -> None:
    events = told(ItemBegun(0, Call("a", "f", "")), ItemEnded(0))

    assert (events[1]["delta"], events[-1]["item"]["arguments"]) == ("{}", "{}")


def test_items_that_are_open_at_once_keep_their_own_places() -> None:
    events = told(
        ItemBegun(0, Call("a", "f", "")),
        ItemBegun(1, Call("b", "f", "")),
        ArgumentsGrew(1, "1"),
        ArgumentsGrew(0, "0"),
        ItemEnded(1),
        ItemEnded(0),
    )

    deltas = [event for event in events if event["type"].endswith("delta")]
    assert [(event["output_index"], event["item_id"], event["delta"]) for event in deltas] == [
        (1, "fc_r1_1", "1"),
        (0, "fc_r1_0", "0"),
    ]


def test_signatures_of_calls_and_words_travel_in_items_of_their_own() -> None:
    at_once = output(ItemBegun(0, Call("a", "f", "", state=SIGNED)), ItemEnded(0))
    later = output(ItemBegun(0, Call("a", "f", "")), StateArrived(0, SIGNED), ItemEnded(0))
    words = output(ItemBegun(0, SAYS), StateArrived(0, SIGNED), TextGrew(0, "hi"), ItemEnded(0))

    assert [item["type"] for item in at_once] == ["reasoning", "function_call"]
    assert [item["type"] for item in later] == ["function_call", "reasoning"]
    assert at_once[0]["encrypted_content"] == later[1]["encrypted_content"]
    assert at_once[0]["encrypted_content"].startswith("a.")
    assert [item["type"] for item in words] == ["message", "reasoning"]
    assert words[1]["encrypted_content"].startswith(".")
    assert (
        output(ItemBegun(0, Call("a", "f", "", state=SIGNED)), ItemEnded(0), reply=BARE)[0]["type"] == "function_call"
    )


def test_refusals_and_words_are_parts_of_their_own() -> None:
    events = told(
        ItemBegun(0, SAYS), TextGrew(0, "a"), RefusalGrew(0, "N"), RefusalGrew(0, "o"), TextGrew(0, "b"), ItemEnded(0)
    )

    added = [event for event in events if event["type"].endswith("part.added")]
    assert [(event["content_index"], event["part"]["type"]) for event in added] == [
        (0, "output_text"),
        (1, "refusal"),
        (2, "output_text"),
    ]
    assert [event["refusal"] for event in events if event["type"] == "response.refusal.done"] == ["No"]


def test_citations_pictures_and_sound_are_told() -> None:
    events = told(
        ItemBegun(0, SAYS),
        TextGrew(0, "a"),
        CitationAdded(0, Citation("https://x", "X")),
        CitationAdded(0, Citation(cited_text="q")),
        PartAdded(0, Image(Inline("image/png", "AAAA"))),
        PartAdded(0, Image(FileId("f"))),
        PartAdded(0, Audio(FileId("f"), "b")),
        PartAdded(0, Audio(FileId("f"))),
        ItemEnded(0),
    )

    assert [event["annotation_index"] for event in events if "annotation" in event] == [0]
    message, picture = (event["item"] for event in events if event["type"].endswith("item.done"))
    assert (picture["type"], message["type"]) == ("message", "image_generation_call")
    assert picture["content"][0]["text"] == "ab"
    assert len(picture["content"][0]["annotations"]) == 1


def test_own_hosted_steps_are_passed_on_and_anothers_are_not() -> None:
    own = Foreign("openai-responses", "web_search_call", b'{"type":"web_search_call","id":"ws_1"}')
    other = Foreign("anthropic-messages", "server_tool_use", b"{}")

    assert output(ItemBegun(0, own), ItemEnded(0), ItemBegun(1, other), ItemEnded(1)) == [
        {"type": "web_search_call", "id": "ws_1"}
    ]


def test_logprobs_go_along() -> None:
    events = told(ItemBegun(0, SAYS), TextGrew(0, "a", b'[{"token":"a"}]'), TextGrew(0, "b"), ItemEnded(0))

    assert [event["logprobs"] for event in events if "logprobs" in event] == [
        [{"token": "a"}],
        [],
        [{"token": "a"}],
    ]


def test_another_alternative_is_not_told() -> None:
    assert (
        output(
            ItemBegun(0, SAYS),
            ItemBegun(1, SAYS, 1),
            TextGrew(1, "b"),
            ItemBegun(2, Call("a", "f", ""), 1),
            ArgumentsGrew(2, "{}"),
            StateArrived(2, SIGNED),
            PartAdded(1, Image(Inline("image/png", "AAAA"))),
            ItemEnded(1),
            ItemEnded(2),
            ItemEnded(0),
            Stopped(Stop("length"), 1),
        )
        == []
    )


@pytest.mark.parametrize(
    ("reason", "last"),
    [("end", "completed"), ("tool", "completed"), ("length", "incomplete"), ("filter", "incomplete")],
)
def test_the_last_event_says_how_it_ended_and_has_the_usage(reason: Any, last: str) -> None:
    written = events_of(
        ResponsesStreamEncoder(BARE).encode(
            [Begun("x", "m-1", usage=Usage(7, 0)), Stopped(Stop(reason)), UsageReported(Usage(7, 5)), Ended()]
        )
    )

    assert [event["type"] for event in written] == ["response.created", "response.in_progress", f"response.{last}"]
    assert written[0]["response"]["usage"] is None
    assert written[-1]["response"]["usage"]["total_tokens"] == 12
    assert {event["response"]["id"] for event in written} == {"resp_r1"}


def test_the_explanation_of_a_filter_is_a_refusal() -> None:
    written = events_of(
        ResponsesStreamEncoder(BARE).encode([Begun(), Stopped(Stop("filter", explanation="Not that.")), Ended()])
    )

    assert written[-1]["response"]["output"][0]["content"][0]["refusal"] == "Not that."
    assert written[-1]["type"] == "response.incomplete"


def test_a_stream_can_be_ended_in_the_middle() -> None:
    encoding = ResponsesStreamEncoder(BARE)
    begun = encoding.encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "a"), ItemBegun(1, Call("a", "f", ""))])
    written = events_of(begun + encoding.finish(Stop("length")))

    assert written[-1]["type"] == "response.incomplete"
    assert [item["status"] for item in written[-1]["response"]["output"]] == ["incomplete", "incomplete"]
    assert [event["sequence_number"] for event in written] == list(range(len(written)))


def test_a_stream_that_never_began_can_be_ended() -> None:
    assert types(events_of(ResponsesStreamEncoder(BARE).finish(Stop("end")))) == [
        "created",
        "in_progress",
        "completed",
    ]


def test_a_failure_is_the_next_event_of_the_same_response() -> None:
    encoding = ResponsesStreamEncoder(BARE)
    begun = encoding.encode([Begun(), *text(0, "a")])
    *_, failed = events_of(begun + encoding.fail(ProviderCut("It ended early."), "r1"))

    assert (failed["type"], failed["sequence_number"]) == ("response.failed", 8)
    assert failed["response"]["error"] == {"code": "provider_cut", "message": "It ended early."}
    assert (failed["response"]["status"], failed["response"]["id"]) == ("failed", "resp_r1")
    assert len(failed["response"]["output"]) == 1


def test_a_failure_before_the_beginning_has_its_beginning() -> None:
    failed = events_of(ResponsesStreamEncoder(BARE).fail(ProviderCut("It ended early."), "r1"))

    assert types(failed) == ["created", "in_progress", "failed"]


@pytest.mark.parametrize(
    ("vendor_code", "code"),
    [("context_length_exceeded", "context_length_exceeded"), ("e-17", "provider_refused"), ("", "provider_refused")],
)
def test_a_failure_has_the_vendors_code_where_clients_act_on_it(vendor_code: str, code: str) -> None:
    error = ProviderRefused("no", provider="acme", status=400, vendor_code=vendor_code)
    *_, failed = events_of(ResponsesStreamEncoder(BARE).fail(error, "r1"))

    assert failed["response"]["error"]["code"] == code


def test_an_event_is_a_name_and_one_line_of_data() -> None:
    assert wire(*text(0, "a\nb")).count(b"\n\n") == len(events_of(wire(*text(0, "a\nb"))))
    assert json.loads(wire(*text(0, "é")).split(b"data: ")[5].splitlines()[0])["delta"] == "é"


@pytest.mark.parametrize(("name", "bytes_"), WHOLE_STREAMS, ids=[name for name, _ in WHOLE_STREAMS])
def test_a_stream_ends_with_what_the_whole_answer_would_be(name: str, bytes_: bytes) -> None:
    events = decoded(ResponsesStreamDecoder(TARGET), bytes_)
    last = events_of(ResponsesStreamEncoder(REPLY).encode(events))[-1]["response"]

    assert last == json.loads(encode_answer(gathered(events), REPLY))


texts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9), min_size=1, max_size=4)


@st.composite
def spoken(draw: st.DrawFn, index: int) -> list[StreamEvent]:
    """The events of one item."""
    pieces = draw(texts)
    kind = draw(st.sampled_from(["words", "refusal", "thought", "call", "free"]))
    if kind == "words":
        return text(index, *pieces)
    if kind == "refusal":
        return [ItemBegun(index, SAYS), *(RefusalGrew(index, piece) for piece in pieces), ItemEnded(index)]
    if kind == "thought":
        sections = [ReasoningGrew(index, piece, number) for number, piece in enumerate(pieces)]
        return [ItemBegun(index, Reasoning((), is_summary=True)), *sections, ItemEnded(index)]
    call = Call(f"c{index}", "f", "", "custom" if kind == "free" else "function")
    whole = json.dumps({"x": "".join(pieces)}) if kind == "call" else "".join(pieces)
    cut = draw(st.integers(1, len(whole)))
    grown = [ArgumentsGrew(index, piece) for piece in (whole[:cut], whole[cut:]) if piece]
    return [ItemBegun(index, call), *grown, ItemEnded(index)]


@st.composite
def interleaved(draw: st.DrawFn) -> list[StreamEvent]:
    """A stream whose items begin in their order and then grow at will."""
    queues = [draw(spoken(index)) for index in range(draw(st.integers(1, 4)))]
    events: list[StreamEvent] = [Begun("x", "m-1")]
    begun = 0
    while any(queues):
        ready = [queue for queue in queues[:begun] if queue]
        if begun < len(queues) and (not ready or draw(st.booleans())):
            events.append(queues[begun].pop(0))
            begun += 1
        elif ready:
            events.append(draw(st.sampled_from(ready)).pop(0))
    return [*events, *END]


@given(interleaved())
def test_whatever_is_said_in_whatever_order_is_read_again(events: list[StreamEvent]) -> None:
    written = ResponsesStreamEncoder(REPLY).encode(events)
    again = gathered(decoded(ResponsesStreamDecoder(TARGET), written))

    assert sorted(without_ids(again.choices[0].items)) == sorted(without_ids(gathered(events).choices[0].items))
    assert [event["sequence_number"] for event in events_of(written)] == list(range(len(events_of(written))))
