import json
import time
from typing import Any

import pytest

from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.edge.paths import DIALECTS
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.question import CONTENT, Question, read_question

MESSAGE = [{"role": "user", "content": "hi"}]


def ask(dialect: Dialect = CHAT, **body: Any) -> Question:
    call = Call(CallHead(dialect, b"digest"), json.dumps(body).encode(), "req_1", time.time(), time.monotonic())
    return read_question(call, DIALECTS)


def test_a_request_is_asked_about_as_it_would_be_sent() -> None:
    question = ask(model="a", messages=MESSAGE, temperature=1)

    assert json.loads(question.call.body) == {"model": "a", "messages": MESSAGE, "temperature": 1}
    assert (question.has_content, question.key) == (True, "")


def test_what_is_asked_beside_it_is_no_part_of_it() -> None:
    question = ask(operation="messages", key="bob", input_tokens=5, output_tokens=7, model="a", max_tokens=9)

    assert json.loads(question.call.body) == {"model": "a", "max_tokens": 9, "messages": []}
    assert question.call.head.dialect is MESSAGES
    assert (question.key, question.input_tokens, question.output_tokens) == ("bob", 5, 7)
    assert not question.has_content


def test_a_whole_request_may_stand_apart() -> None:
    question = ask(request={"model": "a", "messages": MESSAGE, "key": "its own"}, key="bob")

    assert json.loads(question.call.body) == {"model": "a", "messages": MESSAGE, "key": "its own"}
    assert question.key == "bob"


def test_what_some_clients_say_in_the_path_stands_in_the_body_here() -> None:
    question = ask(GENERATE_CONTENT, model="a", stream=True, contents=[])
    apart = ask(operation="generate_content", model="b", request={"contents": []})

    assert (question.call.head.model, question.call.head.stream) == ("a", True)
    assert json.loads(question.call.body) == {"contents": []}
    assert (apart.call.head.model, apart.call.head.stream) == ("b", False)


def test_the_asker_speaks_its_own_dialect_where_it_names_no_operation() -> None:
    assert ask(MESSAGES, model="a").call.head.dialect is MESSAGES
    assert ask(MESSAGES, model="a", operation="chat").call.head.dialect is CHAT


@pytest.mark.parametrize("operation", CONTENT)
def test_every_operation_can_be_asked_about_before_it_has_content(operation: str) -> None:
    call = ask(operation=operation, model="a").call
    head = call.head

    peeked = head.dialect.peek(call.body) if head.model is None else head.dialect.peek(call.body, head.model, False)

    assert (head.dialect.operation, peeked.model) == (operation, "a")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"operation": "dance"}, "operation"),
        ({"operation": 5}, "operation"),
        ({"input_tokens": -1}, "input_tokens"),
        ({"output_tokens": "many"}, "output_tokens"),
        ({"input_tokens": 10**10}, "input_tokens"),
        ({"key": ["bob"]}, "key"),
    ],
)
def test_what_cannot_be_read_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask(model="a", **body)

    assert caught.value.param == param
