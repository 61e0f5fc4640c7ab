import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.dialects.openai_responses.test_request_decoder import CODEX
from tests.dialects.responses import events_of
from tests.sandbox.anthropic_wire import headers
from tests.sandbox.google.asking import generate
from tests.sandbox.openai_wire import call
from tests.sandbox.wire import Answered, send
from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC
from tokenrouter.dialects.gemini.codec import GEMINI_CODEC
from tokenrouter.dialects.hub import ClientCodec, EncodedRequest, ProviderCodec, Reply, Target, Undo
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC
from tokenrouter.dialects.openai_responses.codec import RESPONSES_CODEC, ResponsesCodec
from tokenrouter.dialects.openai_responses.losses import OPENAI
from tokenrouter.dialects.translate import TranslatingRelay, translate_answer, translate_request
from tokenrouter.domain.errors import ProviderRefused, RateLimited
from tokenrouter.domain.requests import Request
from tokenrouter.testing.processes import SandboxProcess

Ask = Callable[..., Answered]
TARGET = Target("acme", "m-1", "o")
AT_OPENAI = ResponsesCodec(OPENAI)
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_it_is_a_clients_and_a_providers_codec() -> None:
    client: ClientCodec = RESPONSES_CODEC
    provider: ProviderCodec = AT_OPENAI

    assert client.name == provider.name == "openai-responses"
    assert provider.call_ids == "safe"
    assert client.keep_alive == b": keep-alive\n\n"


def test_errors_have_openais_body() -> None:
    body = json.loads(RESPONSES_CODEC.error_body(RateLimited("slow"), "r1"))

    assert body["error"]["code"] == "rate_limit_exceeded"


def chat_stream(*deltas: dict[str, Any], finish: str = "stop") -> bytes:
    chunks = [{"id": "c", "model": "m-1", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    last = {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
    usage = {"id": "c", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}
    return (
        b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in (*chunks, last, usage))
        + b"data: [DONE]\n\n"
    )


def called(name: str, arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": name, "arguments": arguments}}]}


def asked(**fields: Any) -> tuple[Request, dict[str, Any], Undo | None]:
    """A Responses request, and what a Chat Completions provider is sent for it."""
    request = RESPONSES_CODEC.decode_request(json.dumps({"model": "m", **fields}).encode())
    encoded = translate_request(request, CHAT_CODEC, TARGET)
    return request, json.loads(encoded.body), encoded.undo


def streamed(request: Request, undo: Undo | None, wire: bytes) -> list[dict[str, Any]]:
    relay = TranslatingRelay(
        CHAT_CODEC.stream_decoder(TARGET),
        RESPONSES_CODEC.stream_encoder(Reply(request, "r1", 0)),
        provider="acme",
        request_id="r1",
        undo=undo,
    )
    told = relay.feed(wire)
    return events_of(told + (relay.close() or b""))


def test_codexs_tools_reach_a_provider_that_knows_plain_functions_only() -> None:
    _, sent, _ = asked(**CODEX)

    assert [tool["function"]["name"] for tool in sent["tools"]] == ["functions__exec", "functions__wait"]
    assert "lark grammar" in sent["tools"][0]["function"]["description"]
    calls = [call["function"] for message in sent["messages"] for call in message.get("tool_calls") or ()]
    assert calls == [
        {"name": "functions__exec", "arguments": '{"input":"ls"}'},
        {"name": "functions__wait", "arguments": "{}"},
    ]


def test_a_free_text_call_comes_back_as_one_while_it_streams() -> None:
    request, _, undo = asked(**CODEX)
    events = streamed(
        request,
        undo,
        chat_stream(
            called("functions__exec", '{"inp'), called("", 'ut": "ls\\n-'), called("", 'l"}'), finish="tool_calls"
        ),
    )

    deltas = [event["delta"] for event in events if event["type"] == "response.custom_tool_call_input.delta"]
    assert "".join(deltas) == "ls\n-l"
    assert len(deltas) > 1
    (item,) = events[-1]["response"]["output"]
    assert (item["type"], item["namespace"], item["name"], item["input"]) == (
        "custom_tool_call",
        "functions",
        "exec",
        "ls\n-l",
    )


def test_a_call_in_a_namespace_comes_back_with_it() -> None:
    request, _, undo = asked(**CODEX)
    events = streamed(request, undo, chat_stream(called("functions__wait", "{}"), finish="tool_calls"))

    (item,) = events[-1]["response"]["output"]
    assert (item["type"], item["namespace"], item["name"]) == ("function_call", "functions", "wait")


def test_reasoning_words_and_calls_of_one_chunk_are_items_of_their_own() -> None:
    request, _, undo = asked(input="hi")
    events = streamed(
        request,
        undo,
        chat_stream({"reasoning_content": "hm", "content": "hello", **called("f", "{}")}, finish="tool_calls"),
    )

    opened = [
        (event["output_index"], event["item"]["type"])
        for event in events
        if "added" in event["type"] and "item" in event
    ]
    assert opened == [(0, "reasoning"), (1, "message"), (2, "function_call")]
    assert events[-1]["response"]["usage"]["total_tokens"] == 12


def test_a_failure_in_the_stream_is_a_failed_response() -> None:
    request, _, undo = asked(input="hi")
    begun = chat_stream({"content": "hel"}).split(b"\n\n")[0]
    events = streamed(request, undo, begun + b'\n\ndata: {"error":{"message":"busy"}}\n\n')

    assert events[-1]["type"] == "response.failed"
    assert "busy" in events[-1]["response"]["error"]["message"]


RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "status": "completed",
    "model": "m-1",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"},
    ],
    "usage": {"input_tokens": 7, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 2}},
}


def test_a_chat_client_is_answered_by_a_responses_provider() -> None:
    request = CHAT_CODEC.decode_request(b'{"model":"m","messages":[{"role":"user","content":"hi"}]}')
    answer = translate_answer(json.dumps(RESPONSE).encode(), AT_OPENAI, TARGET, CHAT_CODEC, Reply(request, "r1", 0))
    body = json.loads(answer.body)

    assert body["choices"][0]["finish_reason"] == "tool_calls"
    assert body["choices"][0]["message"]["tool_calls"][0]["id"] == "call_1"
    assert body["usage"]["prompt_tokens_details"]["cached_tokens"] == 2


def test_stop_sequences_of_a_chat_client_end_a_responses_providers_stream() -> None:
    request = CHAT_CODEC.decode_request(b'{"model":"m","messages":[],"stop":["END"],"stream":true}')
    encoded = translate_request(request, AT_OPENAI, TARGET)
    encoder = RESPONSES_CODEC.stream_encoder(Reply(request, "r0", 0))
    provider = CHAT_CODEC.stream_decoder(TARGET)
    wire = encoder.encode([*provider.feed(chat_stream({"content": "one E"}, {"content": "ND two"})), *provider.close()])
    relay = TranslatingRelay(
        AT_OPENAI.stream_decoder(TARGET),
        CHAT_CODEC.stream_encoder(Reply(request, "r1", 0)),
        provider="acme",
        request_id="r1",
        undo=encoded.undo,
    )
    told = relay.feed(wire) + (relay.close() or b"")

    said = "".join(
        json.loads(line[6:])["choices"][0]["delta"].get("content") or ""
        for line in told.splitlines()
        if b"delta" in line
    )
    assert said == "one "


def test_encrypted_reasoning_comes_back_to_its_own_provider_only() -> None:
    fields = {"model": "m", "include": ["reasoning.encrypted_content"], "input": "hi"}
    request = RESPONSES_CODEC.decode_request(json.dumps(fields).encode())
    answer = translate_answer(
        json.dumps(RESPONSE).encode(), AT_OPENAI, TARGET, RESPONSES_CODEC, Reply(request, "r1", 0)
    )
    output = json.loads(answer.body)["output"]
    again = RESPONSES_CODEC.decode_request(json.dumps({**fields, "input": output}).encode())

    sent = json.loads(translate_request(again, AT_OPENAI, TARGET).body)["input"]
    assert [item["type"] for item in sent] == ["reasoning", "function_call", "function_call_output"]
    assert sent[0]["encrypted_content"] == "gAAA"
    elsewhere = json.loads(translate_request(again, CHAT_CODEC, TARGET).body)["messages"]
    assert "gAAA" not in json.dumps(elsewhere)


def test_a_failed_response_is_no_answer() -> None:
    failed = {**RESPONSE, "status": "failed", "error": {"code": "server_error", "message": "oops"}}
    with pytest.raises(ProviderRefused, match="oops"):
        AT_OPENAI.decode_answer(json.dumps(failed).encode(), TARGET)


THINKER = Target("sandbox", "thinker", "sandbox/thinker")
TOOL = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}


def answered(sandbox: SandboxProcess, request: Request, target: Target = THINKER) -> bytes:
    """What the sandbox, which verifies what comes back to it, answers to `request` in OpenAI's dialect."""
    encoded = translate_request(request, AT_OPENAI, target)
    told = call(sandbox.base_url, "/responses", json.loads(encoded.body))
    assert told.status == 200, told.body
    return told.body


@pytest.mark.parametrize("stream", [False, True])
def test_the_sandbox_takes_its_reasoning_back_through_a_client_of_this_dialect(
    sandbox: SandboxProcess, *, stream: bool
) -> None:
    fields: dict[str, Any] = {
        "model": "m",
        "stream": stream,
        "include": ["reasoning.encrypted_content"],
        "tools": [TOOL],
    }
    question = {"role": "user", "content": "use tool"}
    request = RESPONSES_CODEC.decode_request(json.dumps({**fields, "input": [question]}).encode())
    told = answered(sandbox, request)
    reply = Reply(request, "r1", 0)
    if stream:
        decoder = AT_OPENAI.stream_decoder(THINKER)
        events = [*decoder.feed(told), *decoder.close()]
        output = events_of(RESPONSES_CODEC.stream_encoder(reply).encode(events))[-1]["response"]["output"]
    else:
        output = json.loads(translate_answer(told, AT_OPENAI, THINKER, RESPONSES_CODEC, reply).body)["output"]

    assert [item["type"] for item in output] == ["reasoning", "function_call"]
    assert output[0]["encrypted_content"]
    result = {"type": "function_call_output", "call_id": output[1]["call_id"], "output": "21 degrees"}
    whole = json.dumps({**fields, "stream": False, "input": [question, *output, result]}).encode()
    again = json.loads(answered(sandbox, RESPONSES_CODEC.decode_request(whole)))
    assert again["status"] == "completed"


def test_the_sandbox_takes_what_a_chat_client_sends(sandbox: SandboxProcess) -> None:
    body = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "s"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": PIXEL}}],
            },
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "a.b", "function": {"name": "f", "arguments": ""}}],
            },
            {"role": "tool", "tool_call_id": "a.b", "content": "1"},
            {"role": "user", "content": "hello"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
        "max_tokens": 5,
        "temperature": 0.5,
        "reasoning_effort": "low",
        "user": "u" * 80,
        "stop": ["x"],
    }
    request = CHAT_CODEC.decode_request(json.dumps(body).encode())

    assert json.loads(answered(sandbox, request))["output"]


def anthropics(base_url: str, sent: EncodedRequest, *, stream: bool) -> Answered:
    return send(base_url, "/v1/messages", json.loads(sent.body), {**headers(), **sent.headers})


def geminis(base_url: str, sent: EncodedRequest, *, stream: bool) -> Answered:
    method, query = ("streamGenerateContent", "?alt=sse") if stream else ("generateContent", "")
    return generate(base_url, "thinker-open", json.loads(sent.body), method, query)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("provider", "asking"), [(MESSAGES_CODEC, anthropics), (GEMINI_CODEC, geminis)])
def test_signatures_of_others_survive_a_round_trip_that_drops_the_ids_of_items(
    sandbox: SandboxProcess, provider: ProviderCodec, asking: Ask, *, stream: bool
) -> None:
    """The sandbox answers 400 to a signature that is missing or changed; Codex sends items back without their ids."""
    target = Target("sandbox", "thinker-open", "sandbox/thinker-open")
    fields: dict[str, Any] = {
        "model": "thinker-open",
        "stream": stream,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "medium", "summary": "auto"},
        "max_output_tokens": 9000,
        "tools": [TOOL],
    }
    items: list[dict[str, Any]] = [{"role": "user", "content": "use tool"}]
    for turn in range(2):
        request = RESPONSES_CODEC.decode_request(json.dumps({**fields, "input": items}).encode())
        sent = translate_request(request, provider, target)
        told = asking(sandbox.base_url, sent, stream=stream)
        assert told.status == 200, told.body
        assert "item.state" not in {loss.feature for loss in sent.losses}
        reply = Reply(request, f"r{turn}", 0)
        if stream:
            decoder = provider.stream_decoder(target)
            events = [*decoder.feed(told.body), *decoder.close()]
            output = events_of(RESPONSES_CODEC.stream_encoder(reply).encode(events))[-1]["response"]["output"]
        else:
            output = json.loads(translate_answer(told.body, provider, target, RESPONSES_CODEC, reply).body)["output"]
        items += [{name: value for name, value in item.items() if name != "id"} for item in output]
        calls = [item["call_id"] for item in output if item["type"] == "function_call"]
        assert len(calls) == (turn == 0)
        items += [{"type": "function_call_output", "call_id": call_id, "output": "21"} for call_id in calls]
