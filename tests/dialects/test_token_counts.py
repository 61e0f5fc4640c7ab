import json

import pytest

from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC, MessagesCodec
from tokenrouter.dialects.bridge import Asked
from tokenrouter.dialects.gemini.codec import GEMINI_CODEC, GeminiCodec
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.token_counts import CountBridge, count_body, read_count
from tokenrouter.domain.errors import ProviderProtocolError

TARGET = Target("acme", "m-1", "o")


def test_an_anthropic_client_is_counted_by_gemini() -> None:
    bridge = CountBridge("count_tokens", "count_content_tokens", MESSAGES_CODEC, GeminiCodec(), TARGET)
    body = b'{"model":"a","system":"s","messages":[{"role":"user","content":"hi"}]}'
    crossing = bridge.cross(body, Asked("req_1", 1))
    asked = json.loads(crossing.body)["generateContentRequest"]

    assert asked["model"] == "models/m-1"
    assert asked["contents"][0]["parts"][0]["text"] == "hi"
    assert asked["systemInstruction"]["parts"][0]["text"] == "s"
    assert json.loads(crossing.answer(b'{"totalTokens":7}').body) == {"input_tokens": 7}


def test_a_gemini_client_is_counted_by_anthropic() -> None:
    bridge = CountBridge("count_content_tokens", "count_tokens", GEMINI_CODEC, MessagesCodec(), TARGET)
    body = b'{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}'
    crossing = bridge.cross(body, Asked("req_1", 1, "alias", stream=False))
    asked = json.loads(crossing.body)

    assert set(asked) == {"model", "messages"}
    assert asked["model"] == "m-1"
    assert b"anthropic-version" in crossing.headers
    assert json.loads(crossing.answer(b'{"input_tokens":7}').body)["totalTokens"] == 7


@pytest.mark.parametrize("operation", ["count_tokens", "count_content_tokens"])
def test_a_count_is_told_as_it_is_read(operation: str) -> None:
    assert read_count(count_body(operation, 41), "acme") == 41  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"totalTokens":"7"}'])
def test_an_answer_without_a_number_names_the_provider(body: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        read_count(body, "acme")
