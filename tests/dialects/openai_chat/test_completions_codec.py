import json

import pytest

from tests.dialects.recorded import data_frames, streams
from tokenrouter.dialects.bridge import Asked, HubBridge
from tokenrouter.dialects.hub import ClientCodec, Target
from tokenrouter.dialects.openai_chat.codec import ChatCodec
from tokenrouter.dialects.openai_chat.completions_codec import COMPLETIONS_CODEC
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.answers import Begun, ItemBegun, Stop, TextGrew
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Message, Text

BRIDGE = HubBridge(COMPLETIONS_CODEC, ChatCodec(), Target("acme", "m-1", "o"), StateMemory(), "t")
ASKED = Asked("req_1", 1)


def crossing(**fields: object):  # type: ignore[no-untyped-def]
    return BRIDGE.cross(json.dumps({"model": "a", "prompt": "once", **fields}).encode(), ASKED)


def test_it_is_a_client_codec() -> None:
    codec: ClientCodec = COMPLETIONS_CODEC

    assert codec.name == "openai-completions"


def test_a_prompt_becomes_a_user_turn() -> None:
    sent = json.loads(crossing(max_tokens=5, temperature=0.5, stop="\n", suffix="end", echo=False).body)

    assert sent["messages"] == [{"role": "user", "content": "once"}]
    assert (sent["max_tokens"], sent["temperature"], sent["stop"]) == (5, 0.5, ["\n"])
    assert [loss.feature for loss in crossing(suffix="end").losses] == ["suffix"]


@pytest.mark.parametrize("prompt", [["a", "b"], [1, 2], [], None, [[1]]])
def test_a_prompt_that_cannot_be_said_is_refused_by_its_name(prompt: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        COMPLETIONS_CODEC.decode_request(json.dumps({"model": "a", "prompt": prompt}).encode())

    assert caught.value.param == "prompt"


def test_one_prompt_in_a_list_will_do() -> None:
    request = COMPLETIONS_CODEC.decode_request(b'{"prompt":["once"]}')

    assert request.items == (Message("user", (Text("once"),)),)


def test_a_whole_answer_has_the_legacy_shape() -> None:
    body = {
        "created": 7,
        "model": "m-1",
        "choices": [
            {"message": {"content": "upon a", "reasoning_content": "hm"}, "finish_reason": "length"},
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    answer = json.loads(crossing().answer(json.dumps(body).encode()).body)

    assert answer["object"] == "text_completion"
    assert answer["choices"] == [{"text": "upon a", "index": 0, "logprobs": None, "finish_reason": "length"}]
    assert answer["usage"]["total_tokens"] == 3
    assert (answer["id"], answer["model"], answer["created"]) == ("cmpl-1", "m-1", 7)


@pytest.mark.parametrize("path", streams("mistral--text"), ids=lambda path: path.stem)
def test_a_recorded_stream_comes_out_in_the_legacy_shape(path) -> None:  # type: ignore[no-untyped-def]
    relay = crossing(stream=True, stream_options={"include_usage": True}).relay()
    out = relay.feed(data_frames(path, b"data: [DONE]\n\n"))
    frames = [line.removeprefix(b"data: ") for line in out.split(b"\n\n") if line]
    chunks = [json.loads(frame) for frame in frames[:-1]]

    assert frames[-1] == b"[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks[:-1])
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] > 0


def test_a_stream_can_be_ended_by_a_limit() -> None:
    encoder = crossing(stream=True).bridge.client.stream_encoder(crossing(stream=True).reply)
    encoder.encode([Begun(), ItemBegun(0, Message("assistant", ())), TextGrew(0, "x")])
    out = encoder.finish(Stop("length"))

    assert b'"finish_reason":"length"' in out
    assert out.endswith(b"data: [DONE]\n\n")
