import json
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.recorded import CHAT, wholes
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.dialects.openai_chat.answer import decode_answer, encode_answer
from tokenrouter.domain.answers import Answer, Choice, Stop
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Audio, Call, Citation, Image, Inline, Message, Reasoning, Refusal, Text
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import Request

TARGET = Target("acme", "m-1", "o")
REPLY = Reply(Request("m", ()), "r1", 1700000000)
ANSWERS = [path for path in wholes(*CHAT) if "error" not in path.name]


def encoded(answer: Answer) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(encode_answer(answer, REPLY))
    return wire


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_every_recording_comes_back_the_same_after_a_round_trip(path: Path) -> None:
    answer = decode_answer(path.read_bytes(), TARGET)
    again = decode_answer(encode_answer(answer, REPLY), TARGET)

    assert answer.usage is not None
    assert (again.choices[0].items, again.usage, again.model) == (answer.choices[0].items, answer.usage, answer.model)
    assert again.choices[0].stop.reason == answer.choices[0].stop.reason


def test_reasoning_words_and_calls_are_told_apart() -> None:
    path = next(path for path in ANSWERS if path.name == "deepseek--tool-call.json")
    (choice,) = decode_answer(path.read_bytes(), TARGET).choices

    assert [type(item) for item in choice.items] == [Reasoning, Call]
    assert choice.stop == Stop("tool", native="tool_calls")


def test_strict_clients_find_every_field_they_expect() -> None:
    message = Message("assistant", (Text("hi", (Citation("https://x", "X", start=0, end=2),)),))
    wire = encoded(Answer((Choice((message,), Stop("end")),), usage=Usage(7, 5, 2, 1, 3)))

    (choice,) = wire["choices"]
    assert choice["logprobs"] is None
    assert choice["message"]["refusal"] is None
    assert choice["message"]["annotations"][0]["url_citation"]["end_index"] == 2
    assert wire["usage"]["total_tokens"] == 12
    assert wire["usage"]["prompt_tokens_details"] == {"cached_tokens": 2, "cache_write_tokens": 1, "audio_tokens": 0}
    assert wire["usage"]["completion_tokens_details"]["reasoning_tokens"] == 3
    assert wire["id"] == "chatcmpl-r1"
    assert wire["created"] == 1700000000


def test_an_answer_of_calls_has_no_content() -> None:
    message = encoded(Answer((Choice((Call("a", "f"), Call("b", "p", "x", "custom")), Stop("tool")),)))["choices"][0][
        "message"
    ]

    assert message["content"] is None
    assert [call["type"] for call in message["tool_calls"]] == ["function", "custom"]


def test_refusals_and_their_explanations_are_told_as_refusals() -> None:
    spoken = encoded(Answer((Choice((Message("assistant", (Refusal("No."),)),), Stop("end")),)))
    filtered = encoded(Answer((Choice((), Stop("filter", explanation="Not that.")),)))

    assert spoken["choices"][0]["message"]["refusal"] == "No."
    assert filtered["choices"][0]["message"]["refusal"] == "Not that."
    assert filtered["choices"][0]["finish_reason"] == "content_filter"


def test_pictures_and_sound_are_carried() -> None:
    parts = (Image(Inline("image/png", "AAAA")), Audio(Inline("audio/wav", "BBBB"), "hi", "au1", 9))
    wire = encoded(Answer((Choice((Message("assistant", parts),), Stop("end")),)))
    again = decode_answer(json.dumps(wire).encode(), TARGET).choices[0].items[0]

    assert wire["choices"][0]["message"]["audio"]["transcript"] == "hi"
    assert isinstance(again, Message)
    assert set(again.parts) == set(parts)


def test_every_alternative_has_its_number() -> None:
    choices = tuple(Choice((Message("assistant", (Text(text),)),), Stop("end")) for text in "ab")

    assert [choice["index"] for choice in encoded(Answer(choices))["choices"]] == [0, 1]


def test_a_call_without_an_id_gets_one() -> None:
    body = b'{"id":"c","choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":""}}]}}]}'
    (call,) = decode_answer(body, TARGET).choices[0].items

    assert isinstance(call, Call)
    assert call.call_id.startswith("call_")
    assert call.arguments == "{}"


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b'{"choices":[]}', b'{"choices":[{"message":{"content":7}}]}', b"[" * 5000]
)
def test_what_cannot_be_read_is_the_named_providers_fault(body: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        decode_answer(body, TARGET)
