import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import CHAT, data_frames, decoded, gathered, require_order, streams
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_chat.stream_decoder import ChatStreamDecoder
from tokenrouter.domain.answers import Ended, Failed, ItemBegun, StreamEvent, TextGrew, UsageReported
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Call, Image, Message, ProviderState, Reasoning, Refusal, Text, Url

TARGET = Target("acme", "m-1", "acme/m-1")
DONE = b"data: [DONE]\n\n"
STREAMS = streams(*CHAT)


def frame(delta: object, finish: str | None = None, **more: object) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"id": "c1", "model": "m", "choices": choices, **more}).encode() + b"\n\n"


def call(index: int | None, call_id: str | None, name: str | None, arguments: str | None) -> dict[str, object]:
    piece: dict[str, object] = {"function": {"name": name, "arguments": arguments}, "id": call_id}
    return piece if index is None else {**piece, "index": index}


def calls(*pieces: dict[str, object]) -> bytes:
    return frame({"tool_calls": list(pieces)})


FINISH = frame({}, "tool_calls")


def run(wire: bytes, cuts: list[int] | None = None) -> list[StreamEvent]:
    return decoded(ChatStreamDecoder(TARGET), wire, cuts or [])


def items(wire: bytes) -> list[object]:
    events = run(wire)
    require_order(events)
    return list(gathered(events).choices[0].items)


def called(wire: bytes) -> list[tuple[str, str, str]]:
    return [(item.call_id, item.name, item.arguments) for item in items(wire) if isinstance(item, Call)]


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_every_recording_decodes_in_order(path: Path) -> None:
    events = run(data_frames(path, DONE))

    require_order(events)
    assert any(isinstance(event, UsageReported) for event in events)
    assert gathered(events).choices[0].items


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_where_the_bytes_are_cut_does_not_matter(path: Path, data: st.DataObject) -> None:
    wire = data_frames(path, DONE).replace(b"\n\n", b"\r\n\r\n")
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))

    assert run(wire, cuts) == run(data_frames(path, DONE))


def test_a_stream_cut_at_every_single_byte_gives_the_same_events() -> None:
    wire = (
        frame({"role": "assistant", "content": "Grüße \U0001f600"})
        + calls(call(0, "a", "f", '{"x":"ü"}'))
        + FINISH
        + DONE
    )

    assert run(wire, list(range(len(wire)))) == run(wire)


def test_the_recorded_reasoning_and_call_of_deepseek_are_whole() -> None:
    said = items(data_frames(next(path for path in STREAMS if path.name == "deepseek--tool-call.chunks.txt"), DONE))

    assert [type(item) for item in said] == [Reasoning, Call]
    assert isinstance(said[1], Call)
    assert json.loads(said[1].arguments) == {"location": "San Francisco"}


def test_thinking_in_content_parts_is_reasoning() -> None:
    said = items(data_frames(next(path for path in STREAMS if path.name == "mistral--reasoning.chunks.txt"), DONE))

    assert said == [
        Reasoning(("The user is asking for 2+2. This is basic arithmetic. 2+2=4.",)),
        Message("assistant", (Text("2 + 2 = 4"),)),
    ]


def test_one_chunk_may_hold_words_and_calls_and_the_finish() -> None:
    wire = frame({"content": "Look:", "tool_calls": [call(0, "a", "f", "{}")]}, "tool_calls") + DONE

    assert items(wire) == [Message("assistant", (Text("Look:"),)), Call("a", "f", "{}")]


def test_several_calls_in_one_delta_are_all_read() -> None:
    assert called(calls(call(0, "a", "f", "{}"), call(1, "b", "g", "{}")) + FINISH + DONE) == [
        ("a", "f", "{}"),
        ("b", "g", "{}"),
    ]


def test_interleaved_pieces_go_to_their_own_call() -> None:
    wire = calls(call(0, "a", "f", '{"x"'), call(1, "b", "g", '{"y"'))
    wire += calls(call(0, None, None, ":1}")) + calls(call(1, None, None, ":2}")) + FINISH + DONE

    assert called(wire) == [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]


def test_parallel_calls_that_all_have_index_0_are_told_apart() -> None:
    wire = calls(call(0, "a", "f", '{"x":')) + calls(call(0, None, None, "1}"))
    wire += calls(call(0, "b", "g", '{"y":')) + calls(call(0, None, None, "2}")) + FINISH + DONE

    assert called(wire) == [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]


def test_whole_calls_without_an_index_are_told_apart() -> None:
    wire = calls(call(None, "a", "f", '{"x":1}'), call(None, "b", "f", '{"x":2}')) + FINISH + DONE

    assert called(wire) == [("a", "f", '{"x":1}'), ("b", "f", '{"x":2}')]


def test_whole_calls_with_neither_index_nor_id_get_ids_of_their_own() -> None:
    (first, *_), (second, *_) = called(
        calls(call(None, "", "f", '{"x":1}'), call(None, "", "f", '{"x":2}')) + FINISH + DONE
    )

    assert first != second
    assert first.startswith("call_")


def test_repeated_names_and_ids_and_empty_pieces_add_nothing() -> None:
    wire = calls(call(0, "a", "f", "")) + calls(call(0, "a", "f", '{"x":1}')) + calls(call(0, "", "", ""))
    wire += calls(call(1, "b", "g", "{}")) + calls(call(0, "a", "f", "")) + FINISH + DONE

    assert called(wire) == [("a", "f", '{"x":1}'), ("b", "g", "{}")]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert called(calls(call(0, "a", "f", "")) + FINISH + DONE) == [("a", "f", "{}")]


def test_a_name_may_come_after_the_first_arguments() -> None:
    assert called(calls(call(0, "a", None, '{"x"')) + calls(call(0, None, "f", ":1}")) + FINISH + DONE) == [
        ("a", "f", '{"x":1}')
    ]


def test_arguments_may_be_an_object() -> None:
    wire = frame({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}]}) + FINISH + DONE

    assert called(wire) == [("a", "f", '{"x":1}')]


def test_a_whole_call_ends_when_the_next_begins() -> None:
    events = run(calls(call(0, "a", "f", "{}")) + calls(call(1, "b", "g", "{}")) + FINISH + DONE)

    kinds = [(type(event).__name__, getattr(event, "index", None)) for event in events]
    assert kinds.index(("ItemEnded", 0)) < kinds.index(("ItemBegun", 1))


def test_words_after_a_call_are_a_message_of_their_own() -> None:
    wire = frame({"content": "a"}) + calls(call(0, "x", "f", "{}")) + frame({"content": "b"}) + FINISH + DONE

    assert [type(item) for item in items(wire)] == [Message, Call, Message]


def test_the_legacy_function_call_is_a_call() -> None:
    wire = frame({"function_call": {"name": "f", "arguments": '{"x"'}}) + frame({"function_call": {"arguments": ":1}"}})

    ((_, name, arguments),) = called(wire + frame({}, "function_call") + DONE)
    assert (name, arguments) == ("f", '{"x":1}')


def test_alternatives_keep_their_numbers() -> None:
    def part(index: int, delta: object, finish: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "finish_reason": finish}
        return b"data: " + json.dumps({"id": "c", "choices": [choice]}).encode() + b"\n\n"

    wire = part(0, {"content": "a"}) + part(1, {"content": "b"}) + part(0, {}, "stop") + part(1, {}, "length") + DONE
    answer = gathered(run(wire))

    assert [choice.items[0].parts[0].text for choice in answer.choices] == ["a", "b"]  # type: ignore[union-attr]
    assert [choice.stop.reason for choice in answer.choices] == ["end", "length"]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("stop", "end"), ("length", "length"), ("content_filter", "filter"), ("eos", "end"), ("model_length", "context")],
)
def test_finish_reasons_are_told_in_our_words(finish: str, reason: str) -> None:
    assert gathered(run(frame({"content": "x"}, finish) + DONE)).choices[0].stop.reason == reason


def test_a_stop_with_calls_is_a_call() -> None:
    assert gathered(run(calls(call(0, "a", "f", "{}")) + frame({}, "stop") + DONE)).choices[0].stop.reason == "tool"


def test_usage_after_the_finish_is_read() -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    wire = (
        frame({"content": "x"}, "stop") + b'data: {"choices":[],"usage":' + json.dumps(usage).encode() + b"}\n\n" + DONE
    )

    events = run(wire)
    require_order(events)
    assert gathered(events).usage is not None


def test_a_missing_done_is_no_harm_when_the_finish_came() -> None:
    assert isinstance(run(frame({"content": "x"}, "stop"))[-1], Ended)


def test_a_last_event_without_its_blank_line_is_read() -> None:
    assert isinstance(run(frame({"content": "x"}, "stop").rstrip())[-1], Ended)


def test_a_stream_that_was_cut_has_no_end() -> None:
    assert not any(isinstance(event, Ended) for event in run(frame({"content": "x"})))


def test_comments_event_names_and_objects_without_choices_say_nothing() -> None:
    wire = b": keep-alive\n\nevent: ping\ndata: {}\n\n" + frame({"content": "x"}) + b'data: {"choices":null}\n\n'

    assert [type(event) for event in run(wire + frame({}, "stop") + DONE)][2] is TextGrew


def test_an_error_event_is_a_failure_with_its_status() -> None:
    event = run(frame({"content": "x"}) + b'data: {"error":{"message":"busy","code":503}}\n\n')[-1]

    assert isinstance(event, Failed)
    assert (event.message, event.status) == ("busy", 503)


def test_an_error_without_the_error_key_is_a_failure_too() -> None:
    event = run(b'event: error\ndata: {"object":"error","message":"overloaded","code":"3505"}\n\n')[-1]

    assert isinstance(event, Failed)
    assert event.status == 502


def test_a_proper_end_without_any_answer_is_the_providers_fault() -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        run(b'data: {"id":"c","choices":[]}\n\n' + DONE)


def test_what_cannot_be_read_names_the_provider_and_the_place() -> None:
    with pytest.raises(ProviderProtocolError, match=r"'acme'.*event \(2\).*\$\.choices\[0\]\.delta\.role"):
        run(frame({"content": "x"}) + frame({"role": 7}))


def test_refusals_pictures_and_details_are_kept() -> None:
    wire = frame({"reasoning_details": [{"type": "reasoning.encrypted", "data": "e"}]})
    wire += frame({"images": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]})
    wire += frame({"refusal": "No."}) + frame({}, "stop") + DONE

    state = ProviderState("openai-chat", "details", '[{"type": "reasoning.encrypted", "data": "e"}]', "acme/m-1")
    picture = Image(Url("https://x/y.png", "image/png"))
    assert items(wire) == [Reasoning(state=state), Message("assistant", (picture, Refusal("No.")))]


def test_a_repeated_role_and_empty_words_open_nothing() -> None:
    events = run(
        frame({"role": "assistant", "content": ""}) + frame({"role": "assistant", "content": "x"}, "stop") + DONE
    )

    assert sum(isinstance(event, ItemBegun) for event in events) == 1
