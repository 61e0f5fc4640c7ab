import json

import pytest

from tokenrouter.dialects.bridge import Asked, HubBridge
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_chat.codec import ChatCodec
from tokenrouter.dialects.openai_responses.codec import RESPONSES_CODEC
from tokenrouter.dialects.openai_responses.compaction import CompactBridge, sealed_summary, summary_message
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Text

TARGET = Target("acme", "m-1", "o")
BRIDGE = CompactBridge(RESPONSES_CODEC, ChatCodec(), TARGET)
ASKED = Asked("req_1", 7)
CONVERSATION = [
    {"role": "user", "content": "count my files"},
    {"type": "function_call", "call_id": "c1", "name": "ls", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "three"},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "thanks"}]},
]
ANSWER = json.dumps(
    {
        "choices": [{"message": {"content": "There are three files."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 6},
    }
).encode()


def body(given: object) -> bytes:
    tools = [{"type": "function", "name": "ls", "parameters": {}}]
    return json.dumps({"model": "a", "input": given, "tools": tools, "instructions": "be kind"}).encode()


def test_the_model_is_asked_to_sum_up_and_its_words_are_sealed() -> None:
    crossing = BRIDGE.cross(body(CONVERSATION), ASKED)
    sent = json.loads(crossing.body)
    told = crossing.answer(ANSWER)
    compacted = json.loads(told.body)

    assert "tools" not in sent
    assert sent["messages"][0] == {"role": "system", "content": "be kind"}
    assert sent["messages"][-1]["content"].startswith("Sum up this conversation")
    assert (compacted["object"], compacted["id"], compacted["created_at"]) == ("response.compaction", "resp_1", 7)
    assert [item.get("role") for item in compacted["output"]] == ["user", "user", None]
    assert compacted["usage"]["output_tokens"] == 6
    assert told.usage is not None


def test_what_was_compacted_goes_on_as_words_at_any_provider() -> None:
    compacted = json.loads(BRIDGE.cross(body("hi"), ASKED).answer(ANSWER).body)["output"]
    bridge = HubBridge(RESPONSES_CODEC, ChatCodec(), TARGET, StateMemory(), "t")
    sent = json.loads(bridge.cross(body([*compacted, {"role": "user", "content": "and?"}]), ASKED).body)

    assert [message["content"] for message in sent["messages"]] == [
        "be kind",
        "hi",
        "Summary of the conversation so far:\nThere are three files.",
        "and?",
    ]


def test_only_our_own_summaries_are_opened() -> None:
    message = summary_message(sealed_summary("so far"))

    assert message is not None
    assert message.parts == (Text("Summary of the conversation so far:\nso far"),)
    assert summary_message("gAAAAB") is None


def test_a_model_that_says_nothing_has_not_summed_up() -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        BRIDGE.cross(body("hi"), ASKED).answer(b'{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}')
