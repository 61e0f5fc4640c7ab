import json
from pathlib import Path

import pytest

from tests.dialects import anthropic_sdk
from tests.dialects.recorded import CHAT, data_frames, decoded, event_frames, gathered, require_order, streams, wholes
from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC, MessagesCodec
from tokenrouter.dialects.history import with_own_state
from tokenrouter.dialects.hub import ClientCodec, ProviderCodec, Reply, Target
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC
from tokenrouter.dialects.translate import TranslatingRelay, translate_answer, translate_request
from tokenrouter.domain.answers import Answer, Choice, Stop
from tokenrouter.domain.errors import ModelNotFound
from tokenrouter.domain.items import Call, Item, Message, ProviderState, Reasoning, text_of
from tokenrouter.domain.requests import Request

TARGET = Target("acme", "claude-opus-4-7", "acme/m-1")
REPLY = Reply(Request("m", ()), "r1", 1700000000)
STREAMS = [path for path in streams("anthropic--") if "spliced" not in path.name]
DONE = b"data: [DONE]\n\n"


def essence(answer: Answer) -> tuple[str, list[tuple[str, str, object]], object]:
    """What no client may lose: the words, the calls, the usage."""
    items, stop = answer.choices[0].items, answer.choices[0].stop
    words = "".join(text_of(item.parts, "") for item in items if isinstance(item, Message)).strip()
    calls = [(item.call_id, item.name, json.loads(item.arguments)) for item in items if isinstance(item, Call)]
    return words or stop.explanation, calls, answer.usage


def relayed(wire: bytes, provider: ProviderCodec, client: ClientCodec, reply: Reply) -> bytes:
    relay = TranslatingRelay(
        provider.stream_decoder(TARGET), client.stream_encoder(reply), provider="acme", request_id="r1"
    )
    out = b"".join(relay.feed(wire[at : at + 777]) for at in range(0, len(wire), 777))
    last = relay.close()
    assert last is not None
    assert relay.error_payload is None
    return out + last


def test_the_codec_is_what_the_contract_asks_for() -> None:
    client: ClientCodec = MESSAGES_CODEC
    provider: ProviderCodec = MessagesCodec()

    assert client.name == provider.name == "anthropic-messages"
    assert provider.call_ids == "safe"
    assert client.keep_alive == b'event: ping\ndata: {"type":"ping"}\n\n'
    assert json.loads(client.error_body(ModelNotFound("No."), "r1"))["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("path", wholes("anthropic--"), ids=lambda path: path.name)
def test_every_recorded_answer_reaches_a_client_of_chat_completions(path: Path) -> None:
    told = translate_answer(path.read_bytes(), MESSAGES_CODEC, TARGET, CHAT_CODEC, REPLY)
    answer = MESSAGES_CODEC.decode_answer(path.read_bytes(), TARGET)

    assert essence(CHAT_CODEC.decode_answer(told.body, TARGET)) == essence(answer)


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_every_recorded_stream_reaches_a_client_of_chat_completions(path: Path) -> None:
    reply = Reply(Request("m", (), wants_usage=True), "r1", 1)
    wire = relayed(event_frames(path), MESSAGES_CODEC, CHAT_CODEC, reply)
    events = decoded(CHAT_CODEC.stream_decoder(TARGET), wire)
    original = gathered(decoded(MESSAGES_CODEC.stream_decoder(TARGET), event_frames(path)))

    require_order(events)
    assert essence(gathered(events)) == essence(original)


@pytest.mark.parametrize("path", streams(*CHAT), ids=lambda path: path.name)
def test_every_recorded_stream_of_chat_completions_passes_anthropics_own_sdk(path: Path) -> None:
    wire = data_frames(path, DONE)
    message = anthropic_sdk.streamed(relayed(wire, CHAT_CODEC, MESSAGES_CODEC, REPLY))
    words, calls, usage = essence(gathered(decoded(CHAT_CODEC.stream_decoder(TARGET), wire)))

    assert "".join(block.text for block in message.content if block.type == "text").strip() == words
    assert [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"] == calls
    told = message.usage
    total = told.input_tokens + (told.cache_read_input_tokens or 0) + (told.cache_creation_input_tokens or 0)
    assert (total, told.output_tokens) == (usage.input_tokens, usage.output_tokens)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", [p for p in wholes(*CHAT) if "error" not in p.name], ids=lambda path: path.name)
def test_every_recorded_answer_of_chat_completions_passes_anthropics_own_sdk(path: Path) -> None:
    told = translate_answer(path.read_bytes(), CHAT_CODEC, TARGET, MESSAGES_CODEC, REPLY)
    message = anthropic_sdk.answered(told.body)
    words, calls, _ = essence(CHAT_CODEC.decode_answer(path.read_bytes(), TARGET))

    assert "".join(block.text for block in message.content if block.type == "text").strip() == words
    assert [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"] == calls


def replayed(answer: Answer) -> tuple[Item, ...]:
    """Return what a client of ours brings back of an answer."""
    content = json.loads(MESSAGES_CODEC.encode_answer(answer, REPLY))["content"]
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "assistant", "content": content}]}
    return MESSAGES_CODEC.decode_request(json.dumps(body).encode()).items


def test_state_of_another_provider_comes_back_to_it_and_to_nobody_else() -> None:
    thought = ProviderState("openai-responses", "encrypted", "e", "openai/gpt")
    signed = ProviderState("gemini", "thought_signature", "g", "google/g")
    call = Call("c1", "f", "{}", state=signed)
    items = replayed(Answer((Choice((Reasoning(("hm",), state=thought), call), Stop("tool")),)))

    assert with_own_state(items, "openai-responses", "openai/gpt")[0] == Reasoning(("hm",), state=thought)
    assert with_own_state(items, "gemini", "google/g")[1] == call
    assert with_own_state(items, "gemini", "vertex/g")[1] == Call("c1", "f", "{}")
    told = translate_request(Request("m", items), MESSAGES_CODEC, TARGET)
    assert b"signature" not in told.body
    assert {"item.reasoning", "item.state"} <= {loss.feature for loss in told.losses}


def test_anthropics_own_thoughts_come_back_before_their_call() -> None:
    state = ProviderState("anthropic-messages", "signature", "sig", "acme/m-1")
    items = replayed(Answer((Choice((Reasoning(("hm",), state=state), Call("c1", "f", "{}")), Stop("tool")),)))
    wire = json.loads(translate_request(Request("m", items), MESSAGES_CODEC, TARGET).body)

    assert wire["messages"][1]["content"][:2] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
    ]


def test_a_conversation_in_chat_completions_becomes_turns_that_anthropic_takes() -> None:
    call = {"id": "functions.f:0", "type": "function", "function": {"name": "f", "arguments": ""}}
    body = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "", "tool_calls": [call, {**call, "id": "b"}]},
            {"role": "tool", "tool_call_id": "functions.f:0", "content": "1"},
            {"role": "user", "content": "well?"},
        ],
    }
    request = CHAT_CODEC.decode_request(json.dumps(body).encode())
    wire = json.loads(translate_request(request, MESSAGES_CODEC, TARGET).body)

    assert wire["system"] == [{"type": "text", "text": "Be brief."}]
    assert [message["role"] for message in wire["messages"]] == ["user", "assistant", "user"]
    uses = wire["messages"][1]["content"]
    results = wire["messages"][2]["content"]
    assert [block["type"] for block in results] == ["tool_result", "tool_result", "text"]
    assert [block["tool_use_id"] for block in results[:2]] == [block["id"] for block in uses]
    assert results[1]["is_error"]
