import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.responses import Response

from tests.dialects.recorded import RECORDINGS
from tests.dialects.responses import REPLY, TARGET, WHOLES, answering
from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai_chat.answer import decode_answer as decode_chat
from tokenrouter.dialects.openai_chat.answer import encode_answer as encode_chat
from tokenrouter.dialects.openai_responses.answer import decode_answer, encode_answer
from tokenrouter.domain.answers import Answer, Choice, Stop
from tokenrouter.domain.errors import ProviderProtocolError, ProviderRefused
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
    Refusal,
    Text,
    Url,
    text_of,
)
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import Request, Tool

BARE = Reply(Request("m", ()), "r1", 1700000000)


END = Stop("end")


def encoded(*items: Item, stop: Stop = END, reply: Reply = REPLY) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(encode_answer(Answer((Choice(items, stop),), usage=Usage(7, 5, 2, 1, 3)), reply))
    return wire


def whole(name: str) -> Answer:
    return decode_answer(next(path for path in WHOLES if path.name == name).read_bytes(), TARGET)


@pytest.mark.parametrize("path", WHOLES, ids=lambda path: path.name)
def test_every_recording_comes_back_the_same_after_a_round_trip(path: Path) -> None:
    answer = decode_answer(path.read_bytes(), TARGET)
    again = decode_answer(encode_answer(answer, REPLY), TARGET)

    assert answer.usage is not None
    assert (again.usage, again.model, again.created_s) == (answer.usage, answer.model, answer.created_s)
    assert [without_id(item) for item in again.choices[0].items] == [
        without_id(item) for item in answer.choices[0].items
    ]
    assert again.choices[0].stop == answer.choices[0].stop


def without_id(item: Item) -> str:
    """An item, its own id left out: that is the gateway's."""
    return repr(item).replace(f"id={item.id!r}", "") if not isinstance(item, Foreign) else repr(item)


@pytest.mark.parametrize("path", WHOLES, ids=lambda path: path.name)
def test_every_recording_keeps_words_calls_and_usage_as_a_chat_completion(path: Path) -> None:
    answer = decode_answer(path.read_bytes(), TARGET)
    again = decode_chat(encode_chat(answer, REPLY), TARGET)

    words = "".join(text_of(item.parts) for item in answer.choices[0].items if isinstance(item, Message))
    again_words = "".join(text_of(item.parts) for item in again.choices[0].items if isinstance(item, Message))
    assert again_words == words
    calls = [item for item in answer.choices[0].items if isinstance(item, Call)]
    assert [call[1:] for call in map(called, again.choices[0].items) if call] == [
        call[1:] for call in map(called, calls)
    ]
    assert again.usage == answer.usage


def called(item: Item) -> tuple[str, str, str] | tuple[()]:
    return (item.call_id, item.name, item.arguments) if isinstance(item, Call) else ()


@pytest.mark.parametrize("path", WHOLES, ids=lambda path: path.name)
def test_every_recording_is_written_as_the_sdks_types_demand(path: Path) -> None:
    Response.model_validate_json(encode_answer(decode_answer(path.read_bytes(), TARGET), REPLY))


@pytest.mark.parametrize(
    ("name", "status"), [("openai-error.1.json", 429), ("reasoning-model-temperature-error.json", 400)]
)
def test_a_recorded_error_is_no_answer(name: str, status: int) -> None:
    with pytest.raises(ProviderRefused) as raised:
        decode_answer((RECORDINGS / "responses" / name).read_bytes(), TARGET)

    assert raised.value.status == status


def test_the_sdk_reads_an_answer() -> None:
    body = encode_answer(
        Answer((Choice((Message("assistant", (Text("hi"),)), Call("c1", "f", '{"a":1}')), Stop("tool")),)), REPLY
    )
    with answering(body, "application/json") as client:
        response = client.responses.create(model="m", input="x")

    assert response.output_text == "hi"
    assert [item.type for item in response.output] == ["message", "function_call"]
    assert response.status == "completed"


def test_strict_clients_find_every_field_they_expect() -> None:
    wire = encoded(Message("assistant", (Text("hi"),)), reply=BARE)

    required = "id object created_at error incomplete_details instructions model tools output parallel_tool_calls"
    assert wire.keys() >= {*required.split(), "metadata", "tool_choice", "temperature", "top_p", "text", "usage"}
    assert wire["usage"] == {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 12,
    }
    (message,) = wire["output"]
    assert message["id"] == "msg_r1_0"
    assert message["content"] == [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}]


@pytest.mark.parametrize(
    ("stop", "status", "details"),
    [
        (Stop("end"), "completed", None),
        (Stop("tool"), "completed", None),
        (Stop("stop_sequence"), "completed", None),
        (Stop("length"), "incomplete", {"reason": "max_output_tokens"}),
        (Stop("context"), "incomplete", {"reason": "max_output_tokens"}),
        (Stop("filter"), "incomplete", {"reason": "content_filter"}),
    ],
)
def test_why_it_ended_is_told_by_the_status(stop: Stop, status: str, details: object) -> None:
    wire = encoded(stop=stop)

    assert (wire["status"], wire["incomplete_details"]) == (status, details)


def test_why_it_was_filtered_is_told_as_a_refusal() -> None:
    wire = encoded(stop=Stop("filter", explanation="Not that."))

    assert wire["output"][0]["content"] == [{"type": "refusal", "refusal": "Not that."}]


def test_calls_keep_the_kind_in_which_their_tools_were_declared() -> None:
    search = Tool("tool_search", extra={"type": b'"tool_search"'})
    reply = Reply(Request("m", (), tools=(search,)), "r1", 0)
    wire = encoded(
        Call("a", "wait", "{}", namespace="agents"),
        Call("b", "apply_patch", "*** Begin", "custom"),
        Call("c", "tool_search", '{"query":"x"}'),
        Call("d", "tool_search", "x"),
        reply=reply,
    )

    assert [(item["type"], item["id"]) for item in wire["output"]] == [
        ("function_call", "fc_r1_0"),
        ("custom_tool_call", "ctc_r1_1"),
        ("tool_search_call", "tsc_r1_2"),
        ("tool_search_call", "tsc_r1_3"),
    ]
    assert (wire["output"][0]["namespace"], wire["output"][0]["name"]) == ("agents", "wait")
    assert wire["output"][1]["input"] == "*** Begin"
    assert [item["arguments"] for item in wire["output"][2:]] == [{"query": "x"}, {"query": "x"}]
    assert wire["output"][2]["execution"] == "client"


def test_a_function_of_that_name_is_no_search_where_the_client_does_not_search() -> None:
    assert encoded(Call("c", "tool_search", "{}"))["output"][0]["type"] == "function_call"


def test_state_is_told_only_where_it_was_asked_for() -> None:
    signed = Reasoning(("hm",), state=ProviderState("anthropic-messages", "signature", "s", "o"))
    items = (signed, Call("a", "f", state=ProviderState("gemini", "thought_signature", "g", "o")))

    told = encoded(*items)["output"]
    assert [item["type"] for item in told] == ["reasoning", "reasoning", "function_call"]
    assert told[0]["encrypted_content"].startswith("trs1.")
    assert told[1]["encrypted_content"].startswith("a.trs1.")
    silent = encoded(*items, reply=BARE)["output"]
    assert [item["type"] for item in silent] == ["reasoning", "function_call"]
    assert "encrypted_content" not in silent[0]


def test_openais_own_state_goes_back_as_it_was() -> None:
    state = ProviderState("openai-responses", "encrypted", "gAAA", "o")

    assert encoded(Reasoning(state=state))["output"][0]["encrypted_content"] == "gAAA"


def test_pictures_become_and_are_read_from_calls_of_the_image_tool() -> None:
    wire = encoded(Message("assistant", (Text("see"), Image(Inline("image/webp", "AAAA")), Image(Url("https://x/y")))))

    assert [item["type"] for item in wire["output"]] == ["message", "image_generation_call"]
    assert decode_answer(json.dumps(wire).encode(), TARGET).choices[0].items[1] == Message(
        "assistant", (Image(Inline("image/webp", "AAAA")),), "ig_r1_1"
    )


def test_citations_of_pages_and_files_are_told_and_others_are_not() -> None:
    cited = (Citation("https://x", "X", start=1, end=2), Citation(file_id="f", title="a.pdf"), Citation(cited_text="q"))
    (message,) = encoded(Message("assistant", (Text("hi", cited),)))["output"]

    assert [note["type"] for note in message["content"][0]["annotations"]] == ["url_citation", "file_citation"]


def test_of_sound_what_is_said_is_told_and_refusals_are_parts() -> None:
    parts = (Audio(FileId("x"), "hello"), Refusal("No."))

    assert [part["type"] for part in encoded(Message("assistant", parts))["output"][0]["content"]] == [
        "output_text",
        "refusal",
    ]


def test_another_dialects_steps_are_left_out() -> None:
    assert encoded(Foreign("anthropic-messages", "server_tool_use", b"{}"))["output"] == []


def test_hosted_steps_stay_whole_and_their_calls_are_no_calls_of_the_client() -> None:
    answer = whole("openai-web-search-tool.1.json")

    kinds = {item.kind for item in answer.choices[0].items if isinstance(item, Foreign)}
    assert kinds == {"web_search_call"}
    assert answer.choices[0].stop.reason == "end"


def test_calls_that_a_model_has_wrapped_in_one_are_told_apart() -> None:
    assert [called(item)[:2] for item in whole("parallel-tool-call-wrapper.1.json").choices[0].items] == [
        ("call_parallel", "weather"),
        ("call_parallel_1", "cityAttractions"),
    ]


def test_a_search_for_tools_by_the_client_is_a_call() -> None:
    answer = whole("openai-client-tool-search.1.json")

    assert [item.name for item in answer.choices[0].items if isinstance(item, Call)] == ["tool_search"]
    assert answer.choices[0].stop.reason == "tool"


def test_a_failed_response_is_a_refusal_with_the_vendors_code() -> None:
    body = b'{"id":"r","status":"failed","output":[],"error":{"code":"rate_limit_exceeded","message":"slow down"}}'
    with pytest.raises(ProviderRefused, match=r"'acme'.*slow down") as raised:
        decode_answer(body, TARGET)

    assert (raised.value.status, raised.value.vendor_code) == (429, "rate_limit_exceeded")


def test_logprobs_of_all_words_are_gathered_and_told_again() -> None:
    token = {"token": "a", "logprob": -1, "bytes": [97], "top_logprobs": []}
    part = {"type": "output_text", "text": "a", "annotations": [], "logprobs": [token]}
    body = {"id": "r", "status": "completed", "output": [{"type": "message", "role": "assistant", "content": [part]}]}
    answer = decode_answer(json.dumps(body).encode(), TARGET)

    assert json.loads(answer.choices[0].logprobs or b"") == [token]
    assert json.loads(encode_answer(answer, REPLY))["output"][0]["content"][0]["logprobs"] == [token]


def test_what_was_asked_is_repeated() -> None:
    echo = {
        "tools": b'[{"type":"function","name":"f"}]',
        "text": b'{"verbosity":"low"}',
        "temperature": b"0.5",
        "metadata": b"null",
        "instructions": b'"Be brief."',
    }
    wire = encoded(reply=Reply(Request("m", (), echo=echo), "r1", 0))

    assert wire["tools"] == [
        {"type": "function", "name": "f", "description": None, "parameters": None, "strict": False}
    ]
    assert wire["text"] == {"verbosity": "low", "format": {"type": "text"}}
    assert (wire["temperature"], wire["metadata"], wire["instructions"]) == (0.5, {}, "Be brief.")


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"{}", b'{"output":7}', b'{"output":[{"type":"message","role":"x"}]}', b'{"output":[{}]}', b"[" * 5000],
)
def test_what_cannot_be_read_is_the_named_providers_fault(body: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        decode_answer(body, TARGET)


def test_only_the_first_alternative_is_told() -> None:
    choices = tuple(Choice((Message("assistant", (Text(text),)),), Stop("end")) for text in "ab")

    assert len(json.loads(encode_answer(Answer(choices), REPLY))["output"]) == 1


def test_a_call_without_any_id_gets_one_and_a_failed_picture_stays_a_step() -> None:
    body = {
        "id": "r",
        "status": "completed",
        "output": [
            {"type": "function_call", "name": "f", "arguments": ""},
            {"type": "image_generation_call", "id": "ig_1", "status": "failed", "result": None},
        ],
    }
    call, step = decode_answer(json.dumps(body).encode(), TARGET).choices[0].items

    assert isinstance(call, Call)
    assert call.call_id.startswith("call_")
    assert isinstance(step, Foreign)
