import json

import msgspec

from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai_responses.output import Manner, annotation, call_item, image_item, own_item
from tokenrouter.domain.items import Call, Citation, Foreign, Image, Inline, ProviderState, Url
from tokenrouter.domain.requests import Request, Service, Tool

STATE = ProviderState("gemini", "thought_signature", "g", "o")


def test_state_is_told_where_it_was_included_and_where_the_answer_is_stored() -> None:
    included = Request("m", (), echo={"include": b'["reasoning.encrypted_content"]'})
    stored = Request("m", (), service=Service(stored=True))
    other = Request("m", (), echo={"include": b'["message.output_text.logprobs"]'}, service=Service(stored=False))

    assert [Manner.of(Reply(request, "r", 0)).tells_state for request in (included, stored, other)] == [
        True,
        True,
        False,
    ]


def test_ids_follow_from_the_answers_id_and_the_place() -> None:
    manner = Manner("r1")

    assert (manner.item_id("message", 0), manner.item_id("image", 3)) == ("msg_r1_0", "ig_r1_3")


def test_a_search_is_one_only_where_the_client_searches() -> None:
    call = Call("a", "tool_search")
    search = Request("m", (), tools=(Tool("tool_search", extra={"type": b'"tool_search"'}),))

    assert Manner.of(Reply(search, "r", 0)).call_kind(call) == "tool_search_call"
    assert Manner("r").call_kind(call) == "function_call"
    assert Manner("r", searches_tools=True).call_kind(Call("a", "tool_search", namespace="x")) == "function_call"


def test_state_that_is_not_told_has_no_carrier() -> None:
    assert Manner("r").carrier(STATE, 0, "a") is None
    assert Manner("r", tells_state=True).carrier(None, 0, "a") is None
    carrier = Manner("r", tells_state=True).carrier(STATE, 2, "a")
    assert carrier is not None
    assert (carrier["id"], carrier["summary"]) == ("rs_r_2", [])


def test_arguments_of_a_search_that_are_no_json_are_what_is_searched_for() -> None:
    item = call_item("tool_search_call", "tsc_1", Call("a", "tool_search"), "mail")

    assert item["arguments"] == {"query": "mail"}


def test_a_picture_elsewhere_has_no_item() -> None:
    assert image_item("ig_1", Image(Url("https://x"))) is None
    whole = image_item("ig_1", Image(Inline("", "AAAA")))
    assert whole is not None
    assert whole["output_format"] == "png"


def test_own_words_are_repeated_and_others_put_in_own_words() -> None:
    own = Citation("https://x", family="openai-responses", json=b'{"type":"file_path"}')

    assert msgspec.json.encode(annotation(own)) == own.json
    page = annotation(Citation("https://x", "X", start=1, end=2, family="anthropic-messages", json=b"{}"))
    assert json.loads(msgspec.json.encode(page)) == {
        "type": "url_citation",
        "url": "https://x",
        "title": "X",
        "start_index": 1,
        "end_index": 2,
    }
    assert annotation(Citation(cited_text="q")) is None
    assert own_item(Foreign("anthropic-messages", "x", b"{}")) is None
