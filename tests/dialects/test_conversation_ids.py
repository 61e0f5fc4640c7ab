import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.conversation_ids import MAX_ID_CHARS, Named, named_in


def named(body: Any, **headers: str) -> Named:
    sent = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return named_in(sent, json.dumps(body).encode())


@pytest.mark.parametrize(
    "header",
    ["x-conversation-id", "conversation-id", "x-session-id", "x-claude-code-session-id", "session-id", "thread-id"],
)
def test_a_header_names_the_conversation_before_the_body_does(header: str) -> None:
    assert named_in({header.encode(): b"c1"}, b'{"conversation_id":"c2"}').session == "c1"


@pytest.mark.parametrize(
    "body",
    [
        {"conversation_id": "c1"},
        {"conversationId": "c1"},
        {"thread_id": "c1"},
        {"threadId": "c1"},
        {"metadata": {"conversation_id": "c1"}},
        {"metadata": {"threadId": "c1"}},
        {"metadata": {"user_id": "user_0ab_account__session_c1"}},
        {"metadata": {"user_id": '{"device_id":"d","session_id":"c1"}'}},
        {"prompt_cache_key": "c1"},
        {"conversation": "c1"},
        {"conversation": {"id": "c1"}},
    ],
)
def test_a_body_names_it_in_the_ways_of_todays_clients(body: dict[str, Any]) -> None:
    assert named({**body, "model": "m", "messages": []}) == Named("c1", "", "m")


def test_an_answer_that_is_gone_on_from_is_told() -> None:
    assert named({"previous_response_id": "resp_1"}).previous == "resp_1"
    assert named({"previous_response_id": "resp_1"}, x_previous_response_id="resp_2").previous == "resp_2"


def test_what_is_no_name_says_nothing() -> None:
    bodies: tuple[Any, ...] = (
        [],
        7,
        None,
        {"conversation_id": 7},
        {"metadata": []},
        {"conversation_id": "x" * (MAX_ID_CHARS + 1)},
    )
    for body in bodies:
        assert named(body).session == ""


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(body: bytes) -> None:
    named_in({}, body)
