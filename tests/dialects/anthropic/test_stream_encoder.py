import json
from pathlib import Path
from typing import Any

import anthropic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects import anthropic_sdk
from tests.dialects.recorded import decoded, event_frames, gathered, streams
from tokenrouter.dialects.anthropic.stream_decoder import MessagesStreamDecoder
from tokenrouter.dialects.anthropic.stream_encoder import MessagesStreamEncoder
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
from tokenrouter.domain.items import (
    Call,
    Citation,
    FileId,
    Foreign,
    Image,
    Message,
    ProviderState,
    Reasoning,
    Text,
    text_of,
)
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import ReasoningControl, Request

TARGET = Target("acme", "m-1", "o")
SAYS = Message("assistant", ())
CLOSE: list[StreamEvent] = [Stopped(Stop("end")), Ended()]
STREAMS = [path for path in streams("anthropic--") if "spliced" not in path.name]
ENCRYPTED = ProviderState("openai-responses", "encrypted", "e", "openai/gpt")


def encoder(**request: Any) -> MessagesStreamEncoder:
    words = (Message("user", (Text("x" * 400),)),)
    return MessagesStreamEncoder(Reply(Request("m", words, **request), "r1", 1700000000))


def told(wire: bytes) -> list[dict[str, Any]]:
    events = []
    for frame in wire.decode().split("\n\n"):
        if frame:
            name, data = frame.split("\n")
            events.append(json.loads(data.removeprefix("data: ")))
            assert name == f"event: {events[-1]['type']}"
    return events


def blocks(*events: StreamEvent, **request: Any) -> list[dict[str, Any]]:
    """Return the blocks as the SDK's helper gathers them, after a look at their numbers and their order."""
    wire = encoder(**request).encode([Begun("x", "m"), *events, *CLOSE])
    require_sequence(told(wire))
    return [block.to_dict() for block in anthropic_sdk.streamed(wire).content]


def require_sequence(events: list[dict[str, Any]]) -> None:
    assert events[0]["type"] == "message_start"
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    number, is_open = 0, False
    for event in events[1:-2]:
        assert event["index"] == number
        if event["type"] == "content_block_start":
            assert not is_open
            is_open = True
        else:
            assert is_open
        if event["type"] == "content_block_stop":
            is_open = False
            number += 1
    assert not is_open


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_every_recorded_stream_comes_back_the_same_after_a_round_trip(path: Path) -> None:
    original = gathered(decoded(MessagesStreamDecoder(TARGET), event_frames(path)))
    wire = encoder().encode(decoded(MessagesStreamDecoder(TARGET), event_frames(path)))
    again = gathered(decoded(MessagesStreamDecoder(TARGET), wire))

    require_sequence(told(wire))
    assert again.usage == original.usage
    assert again.choices[0].stop == original.choices[0].stop
    assert [_essence(item) for item in again.choices[0].items] == [_essence(item) for item in original.choices[0].items]


def _essence(item: object) -> object:
    """What must survive; where exactly a citation ends is told by the blocks, which were joined."""
    if isinstance(item, Message):
        cited = [note.json for part in item.parts if isinstance(part, Text) for note in part.citations]
        return text_of(item.parts, ""), cited
    return json.loads(item.json) if isinstance(item, Foreign) else item


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_the_vendors_own_sdk_reads_every_stream_that_we_write(path: Path) -> None:
    events = decoded(MessagesStreamDecoder(TARGET), event_frames(path))
    message = anthropic_sdk.streamed(encoder().encode(events))
    answer = gathered(events)

    words = "".join(block.text for block in message.content if block.type == "text")
    assert words == "".join(text_of(item.parts, "") for item in answer.choices[0].items if isinstance(item, Message))
    calls = [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"]
    told_calls = [item for item in answer.choices[0].items if isinstance(item, Call)]
    assert calls == [(call.call_id, call.name, json.loads(call.arguments)) for call in told_calls]
    assert answer.usage is not None
    assert message.usage.output_tokens == answer.usage.output_tokens
    assert message.usage.input_tokens == answer.usage.input_tokens


def test_thoughts_words_and_calls_have_blocks_in_their_order() -> None:
    assert blocks(
        ItemBegun(0, Reasoning()),
        ReasoningGrew(0, "a"),
        ReasoningGrew(0, "b", 1),
        StateArrived(0, ProviderState("anthropic-messages", "signature", "sig")),
        ItemEnded(0),
        ItemBegun(1, SAYS),
        TextGrew(1, "Look"),
        TextGrew(1, ":"),
        ItemEnded(1),
        ItemBegun(2, Call("c1", "f", "")),
        ArgumentsGrew(2, '{"x"'),
        ArgumentsGrew(2, ":1}"),
        ItemEnded(2),
    ) == [
        {"type": "thinking", "thinking": "a\n\nb", "signature": "sig"},
        {"type": "text", "text": "Look:"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"x": 1}},
    ]


def test_interleaved_calls_are_told_one_after_the_other() -> None:
    told_blocks = blocks(
        ItemBegun(0, Call("a", "f", "")),
        ItemBegun(1, Call("b", "g", "")),
        ArgumentsGrew(1, '{"y":'),
        ArgumentsGrew(0, '{"x":'),
        ItemBegun(2, Call("c", "h", "")),
        ArgumentsGrew(2, "{}"),
        ItemEnded(2),
        ArgumentsGrew(0, "1}"),
        ItemEnded(0),
        ArgumentsGrew(1, "2}"),
        ItemEnded(1),
    )

    assert [(block["id"], block["input"]) for block in told_blocks] == [("a", {"x": 1}), ("b", {"y": 2}), ("c", {})]


@given(st.permutations([(call, step) for call in range(3) for step in range(4)]))
def test_however_calls_are_interleaved_each_is_whole(steps: list[tuple[int, int]]) -> None:
    taken, indices = [0, 0, 0], dict[int, int]()
    events: list[StreamEvent] = []
    for call, _ in steps:
        step = taken[call]
        taken[call] += 1
        index = indices.setdefault(call, len(indices))
        made: list[StreamEvent] = [
            ItemBegun(index, Call(f"c{call}", "f", "")),
            ArgumentsGrew(index, f'{{"x":{call}'),
            ArgumentsGrew(index, "}"),
            ItemEnded(index),
        ]
        events.append(made[step])
    wire = encoder().encode([Begun(), *events, *CLOSE])

    require_sequence(told(wire))
    said = gathered(decoded(MessagesStreamDecoder(TARGET), wire)).choices[0].items
    assert {item.call_id: item.arguments for item in said if isinstance(item, Call)} == {
        f"c{call}": f'{{"x":{call}}}' for call in range(3)
    }


def test_blanks_alone_are_no_block_and_leading_ones_are_not_lost() -> None:
    assert (
        blocks(ItemBegun(0, SAYS), TextGrew(0, ""), TextGrew(0, " \n"), ItemEnded(0), ItemBegun(1, SAYS), ItemEnded(1))
        == []
    )
    assert blocks(ItemBegun(0, SAYS), TextGrew(0, "\n"), TextGrew(0, " x"), ItemEnded(0)) == [
        {"type": "text", "text": "\n x"}
    ]


def test_the_usage_at_the_start_is_an_estimate_and_at_the_end_the_truth() -> None:
    wire = encoder().encode([Begun(), UsageReported(Usage(1000, 50, 800, 100, 20)), *CLOSE])
    first, *_, last, _ = told(wire)

    assert first["message"]["usage"]["input_tokens"] == 100
    assert last["usage"] == {
        "input_tokens": 100,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 800,
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 20},
    }
    usage = anthropic_sdk.streamed(wire).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (100, 800, 50)


def test_usage_that_never_came_is_estimated_because_the_sdks_demand_one() -> None:
    wire = encoder().encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "x" * 40), ItemEnded(0), *CLOSE])

    assert anthropic_sdk.streamed(wire).usage.output_tokens == 10


def test_usage_after_the_stop_is_told() -> None:
    wire = encoder().encode([Begun(), Stopped(Stop("tool")), UsageReported(Usage(7, 5)), Ended()])

    assert anthropic_sdk.streamed(wire).usage.output_tokens == 5
    assert told(wire)[-2]["delta"]["stop_reason"] == "tool_use"


def test_state_of_another_provider_is_sealed_in_a_signature() -> None:
    (block,) = blocks(ItemBegun(0, Reasoning()), StateArrived(0, ENCRYPTED), ItemEnded(0))

    assert (block["type"], block["thinking"]) == ("thinking", "")
    assert block["signature"].startswith("trs1.")


@pytest.mark.parametrize("is_late", [False, True])
def test_state_of_a_call_travels_in_a_thinking_block_beside_it(is_late: bool) -> None:
    state = ProviderState("gemini", "thought_signature", "g", "google/g")
    begun = Call("c1", "f", "", state=None if is_late else state)
    late: list[StreamEvent] = [StateArrived(0, state)] if is_late else []
    told_blocks = blocks(ItemBegun(0, begun), *late, ArgumentsGrew(0, "{}"), ItemEnded(0))

    thought, call = sorted(told_blocks, key=lambda block: str(block["type"]))
    assert thought["signature"].startswith("trc1.c1.trs1.")
    assert call["id"] == "c1"


def test_a_signature_comes_as_a_delta_because_claude_code_takes_it_from_nowhere_else() -> None:
    state = ProviderState("gemini", "thought_signature", "g", "google/g")
    call: list[StreamEvent] = [ItemBegun(1, Call("c1", "f", "")), StateArrived(1, state), ItemEnded(1)]
    wire = encoder().encode([Begun(), ItemBegun(0, Reasoning()), StateArrived(0, state), ItemEnded(0), *call])
    events = told(wire)

    assert [e["content_block"].get("signature", "") for e in events if e["type"] == "content_block_start"] == [
        "",
        "",
        "",
    ]
    assert sum(e.get("delta", {}).get("type") == "signature_delta" for e in events) == 2


def test_a_free_text_call_is_the_argument_of_a_function_and_a_namespace_part_of_its_name() -> None:
    call = ItemBegun(0, Call("c1", "patch", "", "custom", "files"))
    text = ArgumentsGrew(0, 'a "b"\n'), ArgumentsGrew(0, "\\ü")

    (block,) = blocks(call, *text, ItemEnded(0))

    assert (block["name"], block["input"]) == ("files__patch", {"input": 'a "b"\n\\ü'})


def test_redacted_thoughts_have_a_block_of_their_own() -> None:
    state = ProviderState("anthropic-messages", "redacted", "d")

    assert blocks(ItemBegun(0, Reasoning()), StateArrived(0, state), ItemEnded(0)) == [
        {"type": "redacted_thinking", "data": "d"}
    ]


def test_thoughts_that_the_client_does_not_want_to_read_are_their_signature_only() -> None:
    control = ReasoningControl(adaptive=True, shown=False)
    state = ProviderState("anthropic-messages", "signature", "s")
    thought: list[StreamEvent] = [ItemBegun(0, Reasoning()), ReasoningGrew(0, "hm")]

    assert blocks(*thought, ItemEnded(0), reasoning=control) == []
    assert blocks(*thought, StateArrived(0, state), ItemEnded(0), reasoning=control) == [
        {"type": "thinking", "thinking": "", "signature": "s"}
    ]


def test_a_refusal_in_words_is_text_and_the_stop_reason() -> None:
    wire = encoder().encode([Begun(), ItemBegun(0, SAYS), RefusalGrew(0, "No."), ItemEnded(0), *CLOSE])
    message = anthropic_sdk.streamed(wire)

    assert message.stop_reason == "refusal"
    assert message.content[0].to_dict() == {"type": "text", "text": "No."}


def test_a_filter_tells_why() -> None:
    stop = Stop("filter", explanation="Not that.", category="SAFETY")
    message = anthropic_sdk.streamed(encoder().encode([Begun(), Stopped(stop), Ended()]))

    assert message.stop_details is not None
    assert (message.stop_details.explanation, message.stop_details.category) == ("Not that.", None)


def test_citations_of_pages_are_told_and_others_are_not() -> None:
    own = Citation(family="anthropic-messages", json=b'{"type":"char_location","cited_text":"c","document_index":0}')
    (block,) = blocks(
        ItemBegun(0, SAYS),
        CitationAdded(0, own),
        TextGrew(0, "x"),
        CitationAdded(0, Citation("https://x", "X")),
        CitationAdded(0, Citation(file_id="f")),
        ItemEnded(0),
    )

    assert [note["type"] for note in block["citations"]] == ["char_location", "web_search_result_location"]


def test_foreign_blocks_of_this_dialect_are_told_and_pictures_and_others_are_not() -> None:
    own = Foreign("anthropic-messages", "compaction", b'{"type":"compaction","content":"c"}')
    told_blocks = blocks(
        ItemBegun(0, own),
        ItemEnded(0),
        ItemBegun(1, Foreign("openai-responses", "web_search_call", b"{}")),
        ItemEnded(1),
        ItemBegun(2, SAYS),
        PartAdded(2, Image(FileId("f"))),
        TextGrew(2, "x"),
        ItemEnded(2),
    )

    assert told_blocks == [{"type": "compaction", "content": "c"}, {"type": "text", "text": "x"}]


def test_only_the_first_alternative_is_told() -> None:
    assert blocks(
        ItemBegun(0, SAYS),
        ItemBegun(1, SAYS, 1),
        TextGrew(1, "b"),
        TextGrew(0, "a"),
        ItemEnded(1),
        ItemEnded(0),
        Stopped(Stop("length"), 1),
    ) == [{"type": "text", "text": "a"}]


def test_a_stream_can_be_ended_in_the_middle() -> None:
    encoding = encoder()
    wire = encoding.encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "a"), ItemBegun(1, Call("a", "f", ""))])
    wire += encoding.finish(Stop("length"))

    require_sequence(told(wire))
    assert anthropic_sdk.streamed(wire).stop_reason == "max_tokens"


def test_a_stream_that_never_began_can_be_ended_too() -> None:
    assert anthropic_sdk.streamed(encoder().finish(Stop("end"))).content == []


def test_a_failure_raises_in_the_sdk() -> None:
    encoding = encoder()
    wire = encoding.encode([Begun(), ItemBegun(0, SAYS), TextGrew(0, "a")])
    wire += encoding.fail(ProviderRefused("busy", provider="acme", status=529), "req_1")

    with pytest.raises(anthropic.APIStatusError, match="busy"):
        anthropic_sdk.streamed(wire)
    assert told(wire)[-1]["error"] == {"type": "overloaded_error", "message": "busy"}
