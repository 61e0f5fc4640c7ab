import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import RECORDINGS, decoded, event_frames, gathered, require_order, spoiled, streams
from tokenrouter.dialects.anthropic.stream_decoder import MessagesStreamDecoder
from tokenrouter.dialects.hub import Target
from tokenrouter.domain.answers import (
    CitationAdded,
    Ended,
    Failed,
    ItemBegun,
    ItemEnded,
    Stop,
    StreamEvent,
    UsageReported,
)
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Call, Foreign, Message, ProviderState, Reasoning, Text
from tokenrouter.domain.ledger import Usage

TARGET = Target("acme", "m-1", "acme/m-1")
SPLICED = "anthropic--spliced-message-start.chunks.txt"
STREAMS = [path for path in streams("anthropic--") if path.name != SPLICED]


def frame(kind: str, **more: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more}, ensure_ascii=False)}\n\n".encode()


def started(index: int, kind: str, **more: object) -> bytes:
    return frame("content_block_start", index=index, content_block={"type": kind, **more})


def grew(index: int, kind: str, **more: object) -> bytes:
    return frame("content_block_delta", index=index, delta={"type": kind, **more})


def stopped(index: int) -> bytes:
    return frame("content_block_stop", index=index)


def text(index: int, words: str) -> bytes:
    return started(index, "text", text="") + grew(index, "text_delta", text=words) + stopped(index)


def called(index: int, *pieces: str, **more: object) -> bytes:
    block = {"id": f"toolu_{index}", "name": "f", "input": {}, **more}
    deltas = [grew(index, "input_json_delta", partial_json=piece) for piece in pieces]
    return started(index, "tool_use", **block) + b"".join(deltas) + stopped(index)


START = frame("message_start", message={"id": "msg_1", "model": "m", "content": [], "usage": {"input_tokens": 7}})


def end(reason: str | None = "end_turn", **usage: int) -> bytes:
    delta = frame("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=usage)
    return delta + frame("message_stop")


def run(wire: bytes, cuts: list[int] | None = None) -> list[StreamEvent]:
    return decoded(MessagesStreamDecoder(TARGET), wire, cuts or [])


def items(wire: bytes) -> list[object]:
    events = run(START + wire + end())
    require_order(events)
    return list(gathered(events).choices[0].items)


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_every_recording_decodes_in_order(path: Path) -> None:
    events = run(event_frames(path))

    require_order(events)
    assert isinstance(events[-1], Ended)
    assert any(isinstance(event, UsageReported) for event in events)


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_where_the_bytes_are_cut_does_not_matter(path: Path, data: st.DataObject) -> None:
    wire = event_frames(path).replace(b"\n\n", b"\r\n\r\n")
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))

    assert run(wire, cuts) == run(event_frames(path))


def test_a_stream_cut_at_every_single_byte_gives_the_same_events() -> None:
    wire = START + text(0, "Grüße \U0001f600") + called(1, "", '{"x":', '"ü"}') + end("tool_use", output_tokens=5)

    assert run(wire, list(range(len(wire)))) == run(wire)


def test_thoughts_words_and_calls_keep_their_order_and_their_signature() -> None:
    thought = started(0, "thinking", thinking="", signature="") + grew(0, "thinking_delta", thinking="hm")
    wire = thought + grew(0, "signature_delta", signature="sig") + stopped(0) + text(1, "Look:") + called(2, '{"x":1}')

    state = ProviderState("anthropic-messages", "signature", "sig", "acme/m-1")
    assert items(wire) == [
        Reasoning(("hm",), state=state),
        Message("assistant", (Text("Look:"),)),
        Call("toolu_2", "f", '{"x":1}'),
    ]


def test_redacted_thoughts_and_signatures_without_words_are_reasoning() -> None:
    wire = started(0, "redacted_thinking", data="d") + stopped(0)
    wire += started(1, "thinking", thinking="", signature="s") + stopped(1)

    assert items(wire) == [
        Reasoning(state=ProviderState("anthropic-messages", "redacted", "d", "acme/m-1")),
        Reasoning(state=ProviderState("anthropic-messages", "signature", "s", "acme/m-1")),
    ]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert items(called(0, "")) == [Call("toolu_0", "f", "{}")]


def test_arguments_may_come_whole_with_the_block() -> None:
    assert items(called(0, input={"x": 1})) == [Call("toolu_0", "f", '{"x": 1}')]


def test_who_called_is_kept_where_it_was_not_the_model() -> None:
    direct, coded = {"type": "direct"}, {"type": "code_execution_20260120", "tool_id": "s"}
    plain, programmatic = items(called(0, caller=direct) + called(1, caller=coded))

    assert isinstance(plain, Call)
    assert plain.state is None
    assert isinstance(programmatic, Call)
    assert programmatic.state is not None
    assert json.loads(programmatic.state.value) == {"caller": coded}


def test_neighbouring_text_blocks_are_one_message_and_citations_know_their_words() -> None:
    cited = started(1, "text", text="", citations=[]) + grew(1, "text_delta", text="Paris.")
    cited += grew(1, "citations_delta", citation={"type": "web_search_result_location", "url": "https://x"}) + stopped(
        1
    )
    events = run(START + text(0, "It is ") + cited + end())

    (note,) = [event.citation for event in events if isinstance(event, CitationAdded)]
    assert (note.url, note.start, note.end) == ("https://x", 6, 12)
    assert sum(isinstance(event, ItemBegun) for event in events) == 1


def test_a_block_that_only_this_dialect_has_comes_whole() -> None:
    wire = started(0, "server_tool_use", id="s", name="web_search", input={})
    wire += grew(0, "input_json_delta", partial_json='{"query"') + grew(0, "input_json_delta", partial_json=':"x"}')
    (item,) = items(wire + stopped(0))

    assert isinstance(item, Foreign)
    assert json.loads(item.json) == {
        "type": "server_tool_use",
        "id": "s",
        "name": "web_search",
        "input": {"query": "x"},
    }


def test_a_summary_of_compacted_turns_is_kept_with_its_words() -> None:
    wire = started(0, "compaction", content=None) + grew(0, "compaction_delta", content="So far: …") + stopped(0)
    (item,) = items(wire)

    assert isinstance(item, Foreign)
    assert json.loads(item.json)["content"] == "So far: …"
    assert item.text == "So far: …"


def test_usage_is_put_together_from_two_events() -> None:
    start = {"id": "m", "usage": {"input_tokens": 5, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 10}}
    wire = frame("message_start", message=start) + text(0, "x") + end(output_tokens=12)

    assert gathered(run(wire)).usage == Usage(105, 12, 90, 10)


def test_input_that_grew_while_the_model_searched_is_counted_as_the_end_tells_it() -> None:
    path = RECORDINGS / "anthropic--web-fetch-tool.1.chunks.txt"

    assert gathered(run(event_frames(path))).usage == Usage(4230, 446)


def test_tokens_of_a_compaction_are_counted_beside_the_totals() -> None:
    path = RECORDINGS / "anthropic--compaction.1.chunks.txt"

    assert gathered(run(event_frames(path))).usage == Usage(612 + 60385, 2819 + 522)


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", "end"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "context"),
        ("pause_turn", "pause"),
        ("refusal", "filter"),
        ("novelty", "end"),
    ],
)
def test_stop_reasons_are_told_in_our_words(native: str, reason: str) -> None:
    assert gathered(run(START + text(0, "x") + end(native))).choices[0].stop == Stop(reason, native=native)  # type: ignore[arg-type]


def test_a_refusal_tells_its_category_and_why() -> None:
    stop = gathered(run(event_frames(RECORDINGS / "anthropic--refusal.chunks.txt"))).choices[0].stop

    assert (stop.reason, stop.category) == ("filter", "cyber")
    assert stop.explanation.startswith("This request triggered restrictions")


def test_an_end_of_turn_with_calls_is_a_call() -> None:
    assert gathered(run(START + called(0, "{}") + end())).choices[0].stop.reason == "tool"


def test_a_missing_message_stop_is_no_harm_when_the_stop_reason_came() -> None:
    wire = START + text(0, "x") + end().replace(frame("message_stop"), b"")

    assert isinstance(run(wire)[-1], Ended)


def test_a_stream_that_was_cut_has_no_end() -> None:
    assert not any(isinstance(event, Ended) for event in run(START + text(0, "x")))


def test_names_of_events_pings_comments_done_and_novelties_say_nothing() -> None:
    noise = frame("ping") + b": x\n\ndata: [DONE]\n\n" + frame("novelty", index=3) + b'data: {"type":"ping"}\n\n'
    plain = START + text(0, "x") + end()

    assert run(noise + START + noise + text(0, "x") + noise + end()) == run(plain)
    assert run(plain.replace(b"event: ", b"x-event: ")) == run(plain)


def test_a_message_start_that_comes_twice_counts_once() -> None:
    events = run(event_frames(RECORDINGS / "anthropic--duplicate-message-start.chunks.txt"))

    require_order(events)
    assert gathered(events).usage == Usage(17, 227)


def test_a_second_answer_in_the_middle_of_a_call_is_the_providers_fault() -> None:
    with pytest.raises(ProviderProtocolError, match=r"'acme'.*event \(8\) begins a second answer"):
        run(event_frames(RECORDINGS / SPLICED))


def test_a_second_answer_after_words_goes_on_from_them() -> None:
    again = frame("message_start", message={"id": "msg_2"})
    events = run(START + started(0, "text", text="a") + again + text(0, "b") + end())

    require_order(events)
    assert gathered(events).choices[0].items == (Message("assistant", (Text("ab"),)),)


def test_an_error_event_is_a_failure_with_its_status() -> None:
    wire = frame("error", error={"type": "overloaded_error", "message": "Overloaded"})
    event = run(START + text(0, "x") + wire + text(1, "y"))[-1]

    assert isinstance(event, Failed)
    assert (event.message, event.status, event.code) == ("Overloaded", 529, "overloaded_error")


def test_an_error_in_another_vendors_shape_is_a_failure_too() -> None:
    event = run(START + b'data: {"error":"no"}\n\n')[-1]

    assert isinstance(event, Failed)
    assert (event.message, event.status) == ("no", 502)


def test_blocks_that_were_never_stopped_are_ended() -> None:
    events = run(START + started(0, "text", text="a") + started(1, "tool_use", id="t", name="f", input={}) + end())

    require_order(events)
    assert sum(isinstance(event, ItemEnded) for event in events) == 2


def test_a_stream_that_forgot_to_begin_is_read_all_the_same() -> None:
    require_order(run(text(0, "x") + end()))
    require_order(run(end("refusal", input_tokens=3)))


@pytest.mark.parametrize(
    "wire",
    [
        grew(0, "text_delta", text="x"),
        started(0, "tool_use", id="t", input={}),
        b'data: {"type":"content_block_start","index":0}\n\n',
        b'data: {"type":"content_block_start","index":0,"content_block":{"type":7}}\n\n',
        b"data: {\n\n",
        started(0, "text", text="x") + grew(0, "citations_delta", citation={"url": 7}) + stopped(0),
        frame("message_stop"),
        frame("message_start"),
    ],
)
def test_what_cannot_be_read_names_the_provider_and_the_place(wire: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match=r"'acme'.*event \([124]\)"):
        run(wire if b"message_start" in wire else START + wire)


def test_a_call_without_an_id_gets_one() -> None:
    (call,) = items(called(0, "{}", id=""))

    assert isinstance(call, Call)
    assert call.call_id.startswith("call_")


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_rubbish_anywhere_is_the_providers_fault_or_does_no_harm(path: Path, data: st.DataObject) -> None:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] = spoiled(lines[number], data)
    wire = b"".join(b"data: " + json.dumps(line).encode() + b"\n\n" for line in lines)

    try:
        events = run(wire)
    except ProviderProtocolError:
        return
    if any(isinstance(event, Ended) for event in events):
        require_order(events)
