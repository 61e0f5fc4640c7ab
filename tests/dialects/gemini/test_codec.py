import base64
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from google.genai import types
from google.genai.errors import APIError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects import gemini_sdk
from tests.dialects.recorded import CHAT, data_frames, decoded, gathered, require_order, spoiled, streams, wholes
from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC
from tokenrouter.dialects.gemini.codec import GEMINI_CODEC, GeminiCodec
from tokenrouter.dialects.hub import ClientCodec, ProviderCodec, Reply, Target
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC
from tokenrouter.dialects.translate import TranslatingRelay, translate_answer, translate_request
from tokenrouter.domain.answers import Answer, Failed, Stop
from tokenrouter.domain.errors import GatewayError, InvalidRequest, ProviderCut, ProviderError, RateLimited
from tokenrouter.domain.items import Call, CallOutput, Image, Inline, Message, Reasoning, Text, text_of
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.requests import HostedTool, ReasoningControl, Request, Tool, ToolChoice

TARGET = Target("acme", "gemini-3-pro-preview", "acme/gemini-3-pro-preview")
REPLY = Reply(Request("m", (), reasoning=ReasoningControl(shown=True)), "r1", 1700000000)
STREAMS = streams("google--")
ANSWERS = [path for path in wholes("google--") if "429" not in path.name]
CHAT_ANSWERS = [path for path in wholes(*CHAT) if "error" not in path.name]
DONE = b"data: [DONE]\n\n"


def essence(answer: Answer) -> tuple[str, list[tuple[str, object]], Usage | None]:
    """What no client may lose: the words, the calls, the usage."""
    items = answer.choices[0].items
    words = "".join(text_of(item.parts, "") for item in items if isinstance(item, Message))
    calls = [(item.name, json.loads(item.arguments)) for item in items if isinstance(item, Call)]
    return words, calls, answer.usage and answer.usage._replace(tier="", image_input_tokens=0)


def relayed(wire: bytes, provider: ProviderCodec, client: ClientCodec, *, sse: bool = True) -> bytes:
    reply = Reply(Request("m", (), wants_usage=True), "r1", 1700000000, sse)
    relay = TranslatingRelay(
        provider.stream_decoder(TARGET), client.stream_encoder(reply), provider="acme", request_id="r1"
    )
    out = b"".join(relay.feed(wire[at : at + 777]) for at in range(0, len(wire), 777))
    last = relay.close()
    assert last is not None
    assert relay.error_payload is None
    return out + last


def read(wire: bytes, codec: ProviderCodec) -> Answer:
    events = decoded(codec.stream_decoder(TARGET), wire)
    require_order(events)
    return gathered(events)


def told_usage(usage: Usage | None) -> tuple[int, int, int]:
    assert usage is not None
    return usage.input_tokens, usage.output_tokens, usage.reasoning_tokens


def test_the_codec_is_what_the_contract_asks_for() -> None:
    client: ClientCodec = GEMINI_CODEC
    provider: ProviderCodec = GeminiCodec()

    assert client.name == provider.name == "gemini"
    assert client.keep_alive == b""


@pytest.mark.parametrize("client", [GEMINI_CODEC, CHAT_CODEC], ids=["gemini", "chat"])
@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
def test_every_recorded_stream_keeps_its_words_calls_and_usage(path: Path, client: ClientCodec) -> None:
    original = read(data_frames(path), GEMINI_CODEC)
    reader = GEMINI_CODEC if client is GEMINI_CODEC else CHAT_CODEC
    again = read(relayed(data_frames(path), GEMINI_CODEC, client), reader)

    assert essence(again) == essence(original)
    assert again.choices[0].stop.reason == original.choices[0].stop.reason
    assert essence(original)[0] or essence(original)[1]


@pytest.mark.parametrize("client", [GEMINI_CODEC, CHAT_CODEC], ids=["gemini", "chat"])
@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_every_recorded_answer_keeps_its_words_calls_and_usage(path: Path, client: ClientCodec) -> None:
    original = GEMINI_CODEC.decode_answer(path.read_bytes(), TARGET)
    reader = GEMINI_CODEC if client is GEMINI_CODEC else CHAT_CODEC
    told = translate_answer(path.read_bytes(), GEMINI_CODEC, TARGET, client, REPLY)

    assert essence(reader.decode_answer(told.body, TARGET)) == essence(original)
    assert told.usage == original.usage


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.name)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_where_the_bytes_of_a_recorded_stream_are_cut_does_not_matter(path: Path, data: st.DataObject) -> None:
    wire = data_frames(path).replace(b"\n\n", b"\r\n\r\n")
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))
    relay = TranslatingRelay(
        GEMINI_CODEC.stream_decoder(TARGET), GEMINI_CODEC.stream_encoder(REPLY), provider="acme", request_id="r1"
    )
    out = b"".join(relay.feed(wire[a:b]) for a, b in pairwise([0, *sorted(cuts), len(wire)]))

    assert out + (relay.close() or b"cut") == relayed(data_frames(path), GEMINI_CODEC, GEMINI_CODEC)


@pytest.mark.parametrize("path", streams("google--", *CHAT), ids=lambda path: path.name)
def test_every_recorded_stream_passes_googles_own_sdk(path: Path) -> None:
    is_google = path.name.startswith("google--")
    codec = GEMINI_CODEC if is_google else CHAT_CODEC
    wire = data_frames(path, b"" if is_google else DONE)
    words, calls, usage = essence(read(wire, codec))
    chunks = gemini_sdk.streamed(relayed(wire, codec, GEMINI_CODEC))

    assert gemini_sdk.words_of(chunks) == words
    assert [(call.name, call.args) for call in gemini_sdk.calls_of(chunks)] == calls
    told = gemini_sdk.usage_of(chunks)
    output = (told.candidates_token_count or 0) + (told.thoughts_token_count or 0)
    assert (told.prompt_token_count, output, told.thoughts_token_count or 0) == told_usage(usage)
    assert [chunk.candidates[0].finish_reason for chunk in chunks[:-1] if chunk.candidates] == [None] * (
        len(chunks) - 1
    )
    assert chunks[-1].candidates
    assert chunks[-1].candidates[0].finish_reason


@pytest.mark.parametrize("path", [*ANSWERS, *CHAT_ANSWERS], ids=lambda path: path.name)
def test_every_recorded_answer_passes_googles_own_sdk(path: Path) -> None:
    codec = GEMINI_CODEC if path.name.startswith("google--") else CHAT_CODEC
    words, calls, usage = essence(codec.decode_answer(path.read_bytes(), TARGET))
    told = [gemini_sdk.answered(translate_answer(path.read_bytes(), codec, TARGET, GEMINI_CODEC, REPLY).body)]

    assert gemini_sdk.words_of(told) == words
    assert [(call.name, call.args) for call in gemini_sdk.calls_of(told)] == calls
    assert gemini_sdk.usage_of(told).prompt_token_count == told_usage(usage)[0]


def test_an_array_stream_holds_the_same_chunks_as_the_events() -> None:
    wire = data_frames(STREAMS[0])
    events = relayed(wire, GEMINI_CODEC, GEMINI_CODEC)
    as_array = relayed(wire, GEMINI_CODEC, GEMINI_CODEC, sse=False)

    frames = [json.loads(frame.removeprefix(b"data: ")) for frame in events.split(b"\n\n") if frame]
    assert json.loads(as_array) == frames


def test_an_error_in_the_middle_of_a_stream_raises_in_googles_sdk() -> None:
    encoder = GEMINI_CODEC.stream_encoder(REPLY)
    events = decoded(GEMINI_CODEC.stream_decoder(TARGET), data_frames(STREAMS[0]))
    wire = encoder.encode(events[:3]) + encoder.fail(ProviderCut("The provider hung up.", provider="acme"), "r1")

    with pytest.raises(APIError, match="hung up") as caught:
        gemini_sdk.streamed(wire)
    assert caught.value.code == 502


def test_an_error_answer_is_read_by_googles_sdk() -> None:
    body = GEMINI_CODEC.error_body(RateLimited("Too many.", retry_after_s=34.4), "r1")

    with pytest.raises(APIError, match="Too many") as caught:
        gemini_sdk.answered(body, 429)
    assert caught.value.status == "RESOURCE_EXHAUSTED"


def test_a_stream_that_was_ended_early_passes_googles_sdk() -> None:
    encoder = GEMINI_CODEC.stream_encoder(REPLY)
    wire = encoder.encode(decoded(GEMINI_CODEC.stream_decoder(TARGET), data_frames(STREAMS[-1]))[:4])
    chunks = gemini_sdk.streamed(wire + encoder.finish(Stop("length")))

    assert chunks[-1].candidates
    assert chunks[-1].candidates[0].finish_reason == "MAX_TOKENS"


def test_a_signature_survives_a_client_of_another_dialect() -> None:
    path = next(path for path in ANSWERS if path.name == "google--tool-call-gemini3.json")
    (choice,) = GEMINI_CODEC.decode_answer(path.read_bytes(), TARGET).choices
    (call,) = choice.items
    assert isinstance(call, Call)
    assert call.state is not None
    told = json.loads(translate_answer(path.read_bytes(), GEMINI_CODEC, TARGET, MESSAGES_CODEC, REPLY).body)
    result = {"type": "tool_result", "tool_use_id": told["content"][-1]["id"], "content": "sunny"}
    turns = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": told["content"]},
        {"role": "user", "content": [result]},
    ]
    body = json.dumps({"model": "m", "max_tokens": 9, "messages": turns}).encode()

    encoded = translate_request(MESSAGES_CODEC.decode_request(body), GEMINI_CODEC, TARGET)
    (part,) = json.loads(encoded.body)["contents"][1]["parts"]
    assert part["thoughtSignature"] == call.state.value

    other = translate_request(MESSAGES_CODEC.decode_request(body), GEMINI_CODEC, Target("b", "gemini-3-pro", "b/g"))
    (part,) = json.loads(other.body)["contents"][1]["parts"]
    assert part["thoughtSignature"] == "skip_thought_signature_validator"


def test_what_another_provider_signed_survives_googles_sdk_as_the_client() -> None:
    wire = (
        b'data: {"id":"c","choices":[{"index":0,"delta":{"reasoning_content":"hm","reasoning_details":[{"d":1}]}}]}\n\n'
    )
    wire += b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f",'
    wire += b'"arguments":"{}"}}]},"finish_reason":"tool_calls"}]}\n\n' + DONE
    parts = gemini_sdk.parts_of(gemini_sdk.streamed(relayed(wire, CHAT_CODEC, GEMINI_CODEC)))
    contents = [{"role": "model", "parts": [part.model_dump(mode="json", exclude_none=True) for part in parts]}]
    body = json.dumps({"contents": contents}).encode()

    items = GEMINI_CODEC.decode_request(body, model="m").items
    reasoning = next(item for item in items if isinstance(item, Reasoning))
    assert reasoning.texts == ("hm",)
    assert reasoning.state is not None
    assert (reasoning.state.family, reasoning.state.value) == ("openai-chat", '[{"d":1}]')
    assert reasoning.state.origin == TARGET.origin
    assert sum(isinstance(item, Reasoning) for item in items) == 1


def test_what_googles_own_sdk_sends_is_understood() -> None:
    schema = types.Schema(
        type=types.Type.OBJECT,
        properties={"b": types.Schema(type=types.Type.STRING), "a": types.Schema(type=types.Type.INTEGER)},
        property_ordering=["a", "b"],
    )
    function = types.FunctionDeclaration(name="f", description="Does.", parameters=schema)
    config = types.GenerateContentConfig(
        system_instruction="Be kind.",
        temperature=0.5,
        max_output_tokens=9,
        thinking_config=types.ThinkingConfig(thinking_budget=1024, include_thoughts=True),
        tools=[types.Tool(function_declarations=[function]), types.Tool(google_search=types.GoogleSearch())],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(
                mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["f"]
            )
        ),
        response_mime_type="application/json",
        response_schema=schema,
    )
    contents: list[types.Content] = [
        types.UserContent(
            [types.Part.from_text(text="go"), types.Part.from_bytes(data=b"\xff\xfe", mime_type="image/png")]
        ),
        types.ModelContent(
            [types.Part(function_call=types.FunctionCall(name="f", args={"a": 1}), thought_signature=b"\xfb\xff\xfe")]
        ),
        types.UserContent([types.Part.from_function_response(name="f", response={"output": "ok"})]),
    ]
    request = GEMINI_CODEC.decode_request(gemini_sdk.asked(contents, config), model="m")

    system, asked, call, output = request.items
    assert system == Message("system", (Text("Be kind."),))
    assert asked == Message("user", (Text("go"), Image(Inline("image/png", "//4="))))
    assert isinstance(call, Call)
    assert json.loads(call.arguments) == {"a": 1}
    assert call.state is not None
    assert base64.urlsafe_b64decode(call.state.value) == b"\xfb\xff\xfe"
    assert output == CallOutput(call.call_id, (Text("ok"),), name="f")
    assert request.reasoning == ReasoningControl(budget_tokens=1024, shown=True)
    assert request.tool_choice == ToolChoice("required", ("f",))
    assert {type(tool) for tool in request.tools} == {Tool, HostedTool}
    assert request.output_format is not None
    assert list(json.loads(request.output_format.schema)["properties"]) == ["a", "b"]
    assert request.max_output_tokens == 9
    assert request.extra == {}


REQUEST = {
    "contents": [
        {"role": "user", "parts": [{"text": "go"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
        {
            "role": "model",
            "parts": [
                {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
                {"functionCall": {"name": "f", "args": {"x": [1]}, "id": "1"}, "thoughtSignature": "c2ln"},
                {"executableCode": {"code": "1"}},
            ],
        },
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "x"}, "parts": []}}]},
    ],
    "system_instruction": {"parts": [{"text": "be"}]},
    "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}], "googleSearch": {}}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "generationConfig": {
        "maxOutputTokens": 9,
        "topK": 4.0,
        "stopSequences": ["x"],
        "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}},
        "thinkingConfig": {"thinkingLevel": "LOW"},
    },
    "labels": {"a": "b"},
    "safetySettings": [{"category": "C"}],
}


def refusal_of(act: Callable[[], object]) -> GatewayError | None:
    """Return the error of ours that `act` ends in; any other fails the test."""
    try:
        act()
    except GatewayError as error:
        return error
    return None


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_whatever_a_client_sends_is_read_or_refused_with_a_reason(data: st.DataObject) -> None:
    body = json.dumps(spoiled(REQUEST, data)).encode()

    def cross() -> None:
        request = GEMINI_CODEC.decode_request(body, model="m", stream=True)
        for provider in (GEMINI_CODEC, CHAT_CODEC):
            json.loads(translate_request(request, provider, TARGET).body)

    assert isinstance(refusal_of(cross), InvalidRequest | None)


@settings(deadline=None, max_examples=300)
@given(st.data(), st.sampled_from([*STREAMS[:4], *ANSWERS]))
def test_whatever_a_provider_sends_is_read_or_named_as_its_fault(data: st.DataObject, path: Path) -> None:
    lines = path.read_bytes().splitlines() if path in STREAMS else [path.read_bytes()]
    body = json.dumps(spoiled(json.loads(data.draw(st.sampled_from(lines))), data)).encode()

    def answer() -> None:
        json.loads(GEMINI_CODEC.encode_answer(GEMINI_CODEC.decode_answer(body, TARGET), REPLY))

    def stream() -> None:
        events = decoded(GEMINI_CODEC.stream_decoder(TARGET), b"data: " + body + b"\n\n")
        GEMINI_CODEC.stream_encoder(REPLY).encode([event for event in events if not isinstance(event, Failed)])

    for refusal in (refusal_of(answer), refusal_of(stream)):
        assert refusal is None or (isinstance(refusal, ProviderError) and "'acme'" in refusal.message)
