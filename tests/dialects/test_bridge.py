import json

import pytest

from tokenrouter.dialects.bridge import Asked, HubBridge
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_chat_codec import CHAT_CODEC, ChatCodec
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.errors import InvalidRequest

ASKED = Asked("req_1", 1)
REQUEST = {"model": "alias", "messages": [{"role": "user", "content": "hi"}], "top_k": 3, "acme": 1}
ANSWER = (
    b'{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":1,"completion_tokens":2}}'
)
CHUNK = b'data: {"choices":[{"delta":{"content":"hello"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def bridge() -> HubBridge:
    return HubBridge(CHAT_CODEC, ChatCodec(), Target("acme", "m-1", "o"), StateMemory(), "t")


def test_a_request_crosses_and_names_what_was_lost() -> None:
    crossing = bridge().cross(json.dumps(REQUEST).encode(), ASKED)

    assert json.loads(crossing.body)["model"] == "m-1"
    assert {loss.feature for loss in crossing.losses} == {"sampling.top_k", "acme"}
    assert crossing.headers == b""


def test_its_answer_comes_back_whole_or_as_a_stream() -> None:
    crossing = bridge().cross(json.dumps(REQUEST).encode(), ASKED)
    whole = crossing.answer(ANSWER)
    relay = crossing.relay()
    stream = relay.feed(CHUNK)

    assert json.loads(whole.body)["choices"][0]["message"]["content"] == "hello"
    assert whole.usage is not None
    assert whole.usage.output_tokens == 2
    assert b'"content":"hello"' in stream
    assert relay.ended


def test_a_request_that_cannot_be_read_names_the_field() -> None:
    with pytest.raises(InvalidRequest) as caught:
        bridge().cross(b'{"model":"m","messages":[{"role":1}]}', ASKED)

    assert caught.value.param == "messages[0].role"
