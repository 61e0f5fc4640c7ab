import json
import tracemalloc
from itertools import islice

import pytest

from bench.agent_requests import agent_request
from bench.provider_answers import provider_stream
from bench.translation import PAIRS, PROVIDERS
from tokenrouter.dialects.bridge import Asked, HubBridge
from tokenrouter.dialects.client_codecs import CLIENT_CODECS
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC, ChatCodec
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


def test_a_conversation_without_a_word_is_refused_and_none_is_made_up_for_it() -> None:
    with pytest.raises(InvalidRequest, match="empty"):
        bridge().cross(b'{"model":"m","messages":[]}', ASKED)


@pytest.mark.parametrize(("client", "provider"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_of_a_stream_of_ten_megabytes_only_what_is_unfinished_is_held(client: str, provider: str) -> None:
    """A message of the Responses API is told once more when it ends, so its words are held till then, once."""
    pieces = ["ten letters" * 1_000] * 1_000
    crossing = HubBridge(CLIENT_CODECS[client], PROVIDERS[provider], Target("acme", "m-1", "o"), StateMemory(), "t")
    relay = crossing.cross(agent_request(client), Asked("req_1", 1, "m", stream=True)).relay()
    wire = provider_stream(provider, pieces)
    relay.feed(next(wire))

    tracemalloc.start()
    for chunk in islice(wire, len(pieces)):
        relay.feed(chunk)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert relay.content_bytes > 10_000_000
    assert held < (relay.content_bytes if client == "openai-responses" else 0) + 500_000
