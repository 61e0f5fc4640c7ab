import json

import pytest

from bench.agent_requests import CALLS, REQUEST_BYTES, TOOLS, agent_request
from tokenrouter.dialects.client_codecs import CLIENT_CODECS
from tokenrouter.domain.items import Call, CallOutput, Message

DIALECTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_request_is_as_long_as_it_says(dialect: str) -> None:
    body = agent_request(dialect)

    assert REQUEST_BYTES - 200 < len(body) <= REQUEST_BYTES
    assert json.loads(body)["tools"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_says_the_same(dialect: str) -> None:
    request = CLIENT_CODECS[dialect].decode_request(agent_request(dialect), model="m", stream=True)

    kinds = [type(item) for item in request.items if not (isinstance(item, Message) and item.role == "system")]
    assert kinds == [Message, *[Message, Call, CallOutput] * CALLS]
    assert len(request.tools) == TOOLS
