"""Speed, and the framing of events."""

import time
from typing import Any

import pytest
from openai import OpenAI

from tokenrouter.sandbox.delivery import encoded, event

HELLO: Any = [{"role": "user", "content": "hello"}]


@pytest.mark.parametrize("stream", [False, True])
def test_a_speed_is_kept(client: OpenAI, stream: bool) -> None:
    begun = time.monotonic()
    answer: Any = client.chat.completions.create(model="lorem-20@100", messages=HELLO, stream=stream)
    if stream:
        list(answer)

    assert time.monotonic() - begun >= 0.2


def test_hidden_reasoning_takes_its_time_before_the_first_word(client: OpenAI) -> None:
    begun = time.monotonic()
    stream: Any = client.chat.completions.create(
        model="thinker@100", messages=HELLO, stream=True, reasoning_effort="low"
    )
    words = (chunk for chunk in stream if chunk.choices[0].delta.content)
    next(words)

    assert time.monotonic() - begun >= 0.32


def test_an_event_is_one_line_whatever_the_text() -> None:
    assert event({"a": "1\r\n2"}) == b'data: {"a":"1\\r\\n2"}\n\n'


def test_text_is_utf_8_and_a_lone_surrogate_a_question_mark() -> None:
    assert encoded({"a": "ä\ud800"}) == '{"a":"ä?"}'.encode()
