import json
from pathlib import Path
from typing import Any

import pytest

from tests.dialects import anthropic_sdk
from tests.dialects.recorded import RECORDINGS, wholes
from tokenrouter.dialects.anthropic.answer import decode_answer, encode_answer
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.domain.answers import Answer, Choice, Stop
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Citation,
    FileId,
    Foreign,
    Image,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Refusal,
    Text,
    Url,
    text_of,
)
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import ReasoningControl, Request

TARGET = Target("acme", "m-1", "o")
REPLY = Reply(Request("m", (Message("user", (Text("x" * 40),)),)), "r1", 1700000000)
ANSWERS = wholes("anthropic--")


def encoded(*items: Item, stop: Stop | None = None, usage: Usage | None = None, reply: Reply = REPLY) -> dict[str, Any]:
    answer = Answer((Choice(items, stop or Stop("end")),), usage=usage)
    wire: dict[str, Any] = json.loads(encode_answer(answer, reply))
    return wire


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_every_recording_comes_back_the_same_after_a_round_trip(path: Path) -> None:
    answer = decode_answer(path.read_bytes(), TARGET)
    again = decode_answer(encode_answer(answer, REPLY), TARGET)

    assert answer.usage is not None
    assert (again.usage, again.model) == (answer.usage, answer.model)
    assert again.choices[0].stop == answer.choices[0].stop
    assert [_essence(item) for item in again.choices[0].items] == [_essence(item) for item in answer.choices[0].items]


def _essence(item: Item) -> object:
    return text_of(item.parts) if isinstance(item, Message) else item


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_the_vendors_own_sdk_reads_every_answer_that_we_write(path: Path) -> None:
    answer = decode_answer(path.read_bytes(), TARGET)
    message = anthropic_sdk.answered(encode_answer(answer, REPLY))
    original = anthropic_sdk.answered(path.read_bytes())

    assert [block.type for block in message.content] == [block.type for block in original.content]
    assert message.stop_reason == original.stop_reason
    assert message.id == "msg_r1"


def test_thoughts_words_and_calls_are_told_apart() -> None:
    path = RECORDINGS / "anthropic--tool-no-args.json"
    (choice,) = decode_answer(path.read_bytes(), TARGET).choices

    assert [type(item) for item in choice.items] == [Message, Call]
    assert choice.items[1] == Call("toolu_01LRmxn9vGM1d2DZSDBowdZ1", "updateIssueList", "{}")
    assert choice.stop == Stop("tool", native="tool_use")


def test_signatures_are_bound_to_where_they_are_from() -> None:
    path = RECORDINGS / "anthropic--clear-thinking.1.json"
    thought = decode_answer(path.read_bytes(), TARGET).choices[0].items[0]

    assert isinstance(thought, Reasoning)
    assert thought.state is not None
    assert (thought.state.family, thought.state.kind, thought.state.origin) == ("anthropic-messages", "signature", "o")


def test_cached_tokens_are_part_of_the_total_input() -> None:
    body = b'{"id":"m","content":[],"usage":{"input_tokens":5,"cache_read_input_tokens":90,"output_tokens":3}}'

    assert decode_answer(body, TARGET).usage == Usage(95, 3, 90)
    assert encoded(usage=Usage(95, 3, 90))["usage"]["input_tokens"] == 5


def test_every_field_that_clients_expect_is_there() -> None:
    wire = encoded(Message("assistant", (Text("hi"),)), usage=Usage(7, 5))

    assert wire == {
        "id": "msg_r1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 7,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 5,
        },
    }


def test_usage_that_was_not_reported_is_estimated() -> None:
    assert encoded()["usage"]["input_tokens"] == 10


def test_what_has_no_place_is_left_out() -> None:
    message = Message("assistant", (Text(" "), Image(Url("https://x")), Audio(FileId("f")), Text("hi")))

    assert encoded(message, CallOutput("a", ()), Foreign("gemini", "x", b"{}"), Reasoning())["content"] == [
        {"type": "text", "text": "hi"}
    ]


def test_the_transcript_of_sound_is_text() -> None:
    assert encoded(Message("assistant", (Audio(FileId("f"), "hello"),)))["content"] == [
        {"type": "text", "text": "hello"}
    ]


def test_refusals_are_told_as_such() -> None:
    spoken = encoded(Message("assistant", (Refusal("No."),)))
    filtered = encoded(stop=Stop("filter", explanation="Not that.", category="cyber"))

    assert (spoken["stop_reason"], spoken["content"][0]["text"]) == ("refusal", "No.")
    assert filtered["stop_details"] == {"type": "refusal", "category": "cyber", "explanation": "Not that."}


def test_state_of_other_providers_is_sealed_in_signatures() -> None:
    encrypted = ProviderState("openai-responses", "encrypted", "e", "openai/gpt")
    thought = ProviderState("gemini", "thought_signature", "g", "google/g")
    wire = encoded(Reasoning(("hm",), state=encrypted), Call("c1", "f", "{}", state=thought))

    assert [block["type"] for block in wire["content"]] == ["thinking", "thinking", "tool_use"]
    assert wire["content"][0]["signature"].startswith("trs1.")
    assert wire["content"][1]["signature"].startswith("trc1.c1.trs1.")


def test_thoughts_that_the_client_does_not_want_to_read_are_left_out() -> None:
    reply = Reply(Request("m", (), reasoning=ReasoningControl(adaptive=True, shown=False)), "r1", 1)

    assert encoded(Reasoning(("hm",)), reply=reply)["content"] == []


def test_citations_of_pages_are_told_and_others_are_not() -> None:
    cited = (Citation("https://x", "X"), Citation(file_id="f"))
    (block,) = encoded(Message("assistant", (Text("hi", cited),)))["content"]

    assert [note["url"] for note in block["citations"]] == ["https://x"]


def test_arguments_that_are_no_object_do_not_break_the_answer() -> None:
    (call,) = encoded(Call("a", "f", "[1"))["content"]

    assert call["input"] == {}


def test_a_call_without_an_id_gets_one() -> None:
    body = b'{"id":"m","content":[{"type":"tool_use","name":"f","input":{}}],"stop_reason":"tool_use"}'
    (call,) = decode_answer(body, TARGET).choices[0].items

    assert isinstance(call, Call)
    assert call.call_id.startswith("call_")


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b'{"content":[7]}',
        b'{"content":[{"type":"text","text":7}]}',
        b'{"content":[{"type":"tool_use","input":{}}]}',
        b'{"content":[{"type":"text","text":"x","citations":7}]}',
        b"[" * 5000,
    ],
)
def test_what_cannot_be_read_is_the_named_providers_fault(body: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        decode_answer(body, TARGET)
