"""The road where client and provider speak different dialects."""

import json
import time

import pytest

from tests.gateway.fakes import KEY, Client, Notes, Provided, Scripted, catalog, gateway
from tokenrouter.dialects.anthropic.messages import COUNT_TOKENS, MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.domain.errors import (
    ContextTooLong,
    InvalidRequest,
    ProviderCut,
    ProviderProtocolError,
    ProviderRefused,
)
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.providers.outbound import UpstreamRequest

JSON, SSE = b"application/json", b"text/event-stream"
ANSWER = json.dumps(
    {
        "choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3},
    }
).encode()
CHUNK = b'data: {"choices":[{"delta":{"content":"hel"}}]}\n\n'
REST = (
    b'data: {"choices":[{"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3}}\n\ndata: [DONE]\n\n'
)


def call(dialect: Dialect = MESSAGES, *, stream: bool = False, model: str = "acme/small", **fields: object) -> Call:
    body: dict[str, object] = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 50, "stream": stream}
    head = CallHead(dialect, key_digest(KEY, b""), forwarded=b"anthropic-beta: x\r\n")
    if dialect is GENERATE_CONTENT:
        body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
        head = CallHead(dialect, key_digest(KEY, b""), model=model, stream=stream, sse=False)
    else:
        body["model"] = model
    return Call(head, json.dumps({**body, **fields}).encode(), "req_1", time.time(), time.monotonic())


def body_of(request: UpstreamRequest) -> dict[str, object]:
    decoded: dict[str, object] = json.loads(b"".join(request.data).partition(b"\r\n\r\n")[2])
    return decoded


def with_kind(kind: str, base_url: str, secret: str) -> Catalog:
    return catalog(providers=(Provider("acme", kind, base_url, secret=secret),))


async def test_a_request_and_its_answer_change_their_dialect() -> None:
    notes, client = Notes(), Client()
    provided = Provided(Scripted(200, JSON, [ANSWER]))
    await gateway(provided, notes).serve(call(system="be brief", top_k=3), client)
    sent, told = body_of(provided.asked[0]), json.loads(client.body)

    assert sent["model"] == "small"
    assert sent["messages"] == [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    assert b"anthropic" not in bytes(provided.asked[0].data[0])
    assert told["content"] == [{"type": "text", "text": "hello"}]
    assert told["usage"]["output_tokens"] == 3
    assert b"request-id: req_1\r\n" in client.headers
    assert b"x-tokenrouter-dropped: sampling.top_k\r\n" in client.headers
    assert (notes.ended[0].operation, notes.ended[0].usage.input_tokens) == ("messages", 9)


async def test_a_stream_changes_its_dialect_as_it_comes() -> None:
    notes, client = Notes(), Client()
    provided = Provided(Scripted(200, SSE, [CHUNK, REST]))
    await gateway(provided, notes).serve(call(stream=True), client)

    assert body_of(provided.asked[0])["stream_options"] == {"include_usage": True}
    assert client.body.startswith(b"event: message_start\n")
    assert b'"text":"hel"' in client.body
    assert client.body.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')
    assert notes.ended[0].usage.output_tokens == 3
    assert notes.ended[0].end_reason == "completed"


async def test_a_stream_that_is_cut_ends_with_the_clients_own_error() -> None:
    notes, client = Notes(), Client()
    cut = Scripted(200, SSE, [CHUNK], ProviderCut("it was cut", provider="acme"))
    with pytest.raises(ProviderCut):
        await gateway(Provided(cut), notes).serve(call(stream=True), client)

    assert b"event: error\ndata: " in client.body
    assert b"it was cut" in client.body
    assert b"message_stop" not in client.body
    assert client.finished
    assert notes.ended[0].end_reason == "provider_cut"
    assert notes.ended[0].usage.output_tokens >= 1


def event(name: str, **fields: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), json.dumps({"type": name, **fields}).encode())


STARTED = event("message_start", message={"id": "m", "usage": {"input_tokens": 50, "output_tokens": 1}}) + event(
    "content_block_start", index=0, content_block={"type": "text", "text": ""}
)
GROWN = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "word " * 100})


@pytest.mark.parametrize("dialect", [MESSAGES, CHAT], ids=lambda dialect: dialect.name)
async def test_what_was_delivered_is_charged_even_if_only_the_input_was_reported(dialect: Dialect) -> None:
    notes = Notes()
    state = with_kind("anthropic", "http://127.0.0.1:9", "k")
    cut = Scripted(200, SSE, [STARTED, GROWN, GROWN], ProviderCut("it was cut", provider="acme"))
    with pytest.raises(ProviderCut):
        await gateway(Provided(cut), notes, state).serve(call(dialect, stream=True), Client())

    (row,) = notes.ended
    assert row.usage.input_tokens == 50
    assert row.usage.output_tokens >= 200
    assert row.estimated


async def test_what_a_cut_stream_had_reported_so_far_is_an_estimate() -> None:
    notes = Notes()
    state = with_kind("google-gemini", "http://127.0.0.1:9", "k")
    told = {"candidates": [{"content": {"parts": [{"text": "hello"}]}}]}
    told["usageMetadata"] = {"promptTokenCount": 9, "candidatesTokenCount": 7}  # type: ignore[assignment]
    cut = Scripted(200, SSE, [b"data: %b\n\n" % json.dumps(told).encode()], ProviderCut("it was cut", provider="acme"))
    with pytest.raises(ProviderCut):
        await gateway(Provided(cut), notes, state).serve(call(stream=True), Client())

    (row,) = notes.ended
    assert (row.usage.input_tokens, row.usage.output_tokens, row.estimated) == (9, 7, True)


async def test_a_stream_without_events_is_one_json_array() -> None:
    client = Client()
    provided = Provided(Scripted(200, SSE, [CHUNK, REST]))
    await gateway(provided, Notes()).serve(call(GENERATE_CONTENT, stream=True), client)
    texts = [part["text"] for chunk in json.loads(client.body) for part in chunk["candidates"][0]["content"]["parts"]]

    assert "".join(texts) == "hello"
    assert b"content-type: application/json\r\n" in client.headers


async def test_the_providers_error_is_told_in_the_clients_dialect_and_costs_nothing() -> None:
    notes, client = Notes(), Client()
    refused = Scripted(429, JSON, [b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}'])
    with pytest.raises(ProviderRefused, match="slow down") as caught:
        await gateway(Provided(refused), notes).serve(call(), client)

    assert caught.value.status == 429
    assert not client.started
    assert notes.ended[0].usage.input_tokens == 0


async def test_a_conversation_that_is_too_long_is_told_as_such() -> None:
    words = b"This model's maximum context length is 100 tokens. However, your messages resulted in 120 tokens."
    refused = Scripted(400, JSON, [b'{"error":{"message":"%b"}}' % words])
    notes = Notes()
    with pytest.raises(ContextTooLong) as caught:
        await gateway(Provided(refused), notes).serve(call(), Client())

    assert (caught.value.tokens, caught.value.maximum) == (120, 100)
    assert notes.ended[0].end_reason == "client_error", "as where the dialects are equal"


@pytest.mark.parametrize("body", [b'{"choices":[{"message":{"content":7}}]}', b'{"choices":[', b'{"choices":[]}'])
async def test_an_answer_that_cannot_be_read_names_the_provider(body: bytes) -> None:
    notes = Notes()
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        await gateway(Provided(Scripted(200, JSON, [body])), notes).serve(call(), Client())

    assert notes.ended[0].end_reason == "provider_error"


async def test_a_request_that_cannot_be_read_reaches_nobody_and_leaves_a_row() -> None:
    notes, provided = Notes(), Provided(Scripted(200, JSON, [ANSWER]))
    with pytest.raises(InvalidRequest, match="role"):
        await gateway(provided, notes).serve(call(messages=[{"role": "robot", "content": "hi"}]), Client())

    assert not provided.asked
    assert [row.end_reason for row in notes.ended] == ["client_error"]


async def test_signatures_that_the_client_cannot_carry_are_put_back() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "sig-1"}
    called = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    answer = {"role": "assistant", "content": [thought, called], "stop_reason": "tool_use", "usage": {}}
    state = with_kind("anthropic", "http://127.0.0.1:9", "k")
    provided = Provided(Scripted(200, JSON, [json.dumps(answer).encode()]))
    serving, client = gateway(provided, Notes(), state), Client()
    tools = [{"type": "function", "function": {"name": "look"}}]
    asked = {"role": "user", "content": "look"}
    await serving.serve(call(CHAT, messages=[asked], tools=tools), client)
    said = json.loads(client.body)["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "fine"}
    provided.outcome = Scripted(200, JSON, [json.dumps(answer).encode()])
    said.pop("reasoning_content", None)
    await serving.serve(call(CHAT, messages=[asked, said, result], tools=tools, reasoning_effort="low"), Client())
    messages = body_of(provided.asked[1])["messages"]

    assert isinstance(messages, list)
    assert messages[1]["content"][0] == thought


async def test_tokens_are_counted_here_where_the_provider_cannot() -> None:
    notes, client = Notes(), Client()
    provided = Provided(Scripted(200, JSON, [ANSWER]))
    await gateway(provided, notes).serve(call(COUNT_TOKENS), client)

    assert not provided.asked
    assert json.loads(client.body)["input_tokens"] > 5
    assert b"x-tokenrouter-estimated: true\r\n" in client.headers
    assert [(row.operation, row.estimated, row.cost_nano_usd) for row in notes.ended] == [("count_tokens", True, 0)]


async def test_a_cloud_that_wants_signatures_gets_one_for_each_body() -> None:
    pair = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    state = with_kind("amazon-bedrock", "http://127.0.0.1:9", pair)
    provided = Provided(ProviderCut("enough", provider="acme"))
    with pytest.raises(ProviderCut):
        await gateway(provided, Notes(), state).serve(call(), Client())
    head = b"".join(provided.asked[0].data).partition(b"\r\n\r\n")[0]

    assert b"\r\nauthorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/" in head
    assert b"\r\nx-amz-date: " in head


async def test_a_body_on_vertex_has_no_model_and_the_clouds_version() -> None:
    state = with_kind("google-vertex-ai", "http://127.0.0.1:9/v1/projects/p/locations/l", "ya29.x")
    provided = Provided(ProviderCut("enough", provider="acme"))
    for dialect in (MESSAGES, CHAT):
        with pytest.raises(ProviderCut):
            await gateway(provided, Notes(), state).serve(call(dialect, model="acme/claude-opus-5"), Client())

    for asked in provided.asked:
        sent = body_of(asked)
        assert "model" not in sent
        assert sent["anthropic_version"] == "vertex-2023-10-16"
        assert b"/publishers/anthropic/models/claude-opus-5:rawPredict " in bytes(asked.data[0])
