import json
from typing import Any

import pytest

from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai_responses.history import (
    StoredResponse,
    continued_body,
    input_items_page,
    response_in,
)
from tokenrouter.dialects.openai_responses.request_decoder import decode_request
from tokenrouter.dialects.openai_responses.stream_encoder import ResponsesStreamEncoder
from tokenrouter.domain.answers import Begun, Ended, ItemBegun, ItemEnded, Stop, Stopped, TextGrew
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Message, Text
from tokenrouter.domain.requests import Request

ANSWER = b'{"id":"resp_1","output":[{"id":"msg_a","type":"message","role":"assistant","content":"hello"}]}'


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", **fields}).encode()


def stored(*items: Any) -> StoredResponse:
    return StoredResponse.of(body(input=list(items) or "hi"), ANSWER, "resp_1")


def page(of: StoredResponse, **wanted: Any) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(input_items_page(of, **wanted))
    return whole


def test_a_request_goes_on_with_the_whole_conversation() -> None:
    new = body(input="and?", previous_response_id="resp_1", temperature=0.5)
    whole = continued_body(new, stored())
    request = decode_request(whole)

    assert request.items == (
        Message("user", (Text("hi"),), "msg_1_i0"),
        Message("assistant", (Text("hello"),), "msg_a"),
        Message("user", (Text("and?"),)),
    )
    assert request.service.previous_id == ""
    assert request.sampling.temperature == 0.5


def test_a_streams_response_is_in_its_last_event() -> None:
    encoder = ResponsesStreamEncoder(Reply(Request("m", ()), "r1", 0))
    begun = encoder.encode([Begun(), ItemBegun(0, Message("assistant", ())), TextGrew(0, "hello")])
    ended = encoder.encode([ItemEnded(0), Stopped(Stop("end")), Ended()])
    response = response_in(ended)

    assert response_in(begun) is None
    assert response is not None
    kept = StoredResponse.of(body(input="hi"), response, "resp_r1")
    assert decode_request(continued_body(body(input="and?"), kept)).items[1] == Message(
        "assistant", (Text("hello"),), "msg_r1_0"
    )


def test_a_conversation_goes_on_and_on() -> None:
    second = continued_body(body(input="and?", previous_response_id="resp_1"), stored())
    kept = StoredResponse.of(second, ANSWER.replace(b"msg_a", b"msg_b"), "resp_2")
    third = decode_request(continued_body(body(input="so?"), kept))

    assert [
        item.parts[0].text for item in third.items if isinstance(item, Message) and isinstance(item.parts[0], Text)
    ] == [
        "hi",
        "hello",
        "and?",
        "hello",
        "so?",
    ]


def test_stored_instructions_do_not_go_on() -> None:
    kept = StoredResponse.of(body(input="hi", instructions="Be brief."), ANSWER, "resp_1")

    assert b"Be brief." not in continued_body(body(input="and?"), kept)
    assert b"Be long." in continued_body(body(input="and?", instructions="Be long."), kept)


def test_references_become_what_they_name() -> None:
    new = body(input=[{"type": "item_reference", "id": "msg_a"}, {"role": "user", "content": "and?"}])
    items = decode_request(continued_body(new, stored())).items

    assert [item.id for item in items if isinstance(item, Message)] == ["msg_1_i0", "msg_a", "msg_a", ""]


def test_a_reference_to_nothing_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidRequest, match="msg_z") as raised:
        continued_body(body(input=[{"type": "item_reference", "id": "msg_z"}]), stored())

    assert raised.value.param == "input[0].id"


def test_every_item_gets_an_id_and_a_type_and_keeps_its_own() -> None:
    kept = stored({"role": "user", "content": "a"}, {"id": "x", "type": "function_call_output"}, {"type": "reasoning"})

    assert [(item["id"], item["type"]) for item in json.loads(kept.input)] == [
        ("msg_1_i0", "message"),
        ("x", "function_call_output"),
        ("rs_1_i2", "reasoning"),
    ]


def test_items_are_listed_newest_first_as_parts() -> None:
    listed = page(stored({"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}))

    assert [item["content"] for item in listed["data"]] == [
        [{"type": "output_text", "text": "b", "annotations": []}],
        [{"type": "input_text", "text": "a"}],
    ]
    assert {item["status"] for item in listed["data"]} == {"completed"}
    assert (listed["first_id"], listed["last_id"], listed["has_more"]) == ("msg_1_i1", "msg_1_i0", False)


def test_a_list_is_read_page_by_page() -> None:
    kept = stored(*({"role": "user", "content": str(number)} for number in range(5)))
    first = page(kept, limit=2, order="asc")
    second = page(kept, limit=2, order="asc", after=first["last_id"])
    third = page(kept, limit=2, order="asc", after=second["last_id"])

    texts = [item["content"][0]["text"] for each in (first, second, third) for item in each["data"]]
    assert texts == ["0", "1", "2", "3", "4"]
    assert [each["has_more"] for each in (first, second, third)] == [True, True, False]


def test_an_empty_list_has_no_first_and_no_last() -> None:
    listed = page(StoredResponse(b"[]", b"[]"))

    assert listed == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


def test_parts_and_other_items_are_listed_as_they_are() -> None:
    call = {"type": "function_call", "id": "fc_1", "name": "f"}
    parts = {
        "type": "message",
        "id": "m1",
        "role": "user",
        "content": [{"type": "input_image"}],
        "status": "incomplete",
    }

    assert page(stored(call, parts), order="asc")["data"] == [call, parts]


@pytest.mark.parametrize("wanted", [{"limit": 0}, {"limit": 101}, {"after": "x"}])
def test_a_page_that_cannot_be_is_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        page(stored(), **wanted)
