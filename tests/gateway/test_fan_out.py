"""Several alternatives from providers that give one at a time."""

import json
import time

import pytest

from tests.gateway.fakes import KEY, Client, Notes, Provided, Scripted, catalog, gateway
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import InvalidRequest, ProviderCut, ProviderRefused
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.prices import flat_price
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.providers.outbound import UpstreamRequest

JSON, SSE = b"application/json", b"text/event-stream"


def answer(text: str) -> bytes:
    content = [{"type": "text", "text": text}]
    usage = {"input_tokens": 10, "output_tokens": 3}
    return json.dumps({"id": "m", "content": content, "stop_reason": "end_turn", "usage": usage}).encode()


def stream(text: str) -> list[bytes]:
    start: dict[str, object] = {"message": {"id": "m", "usage": {"input_tokens": 10, "output_tokens": 1}}}
    events: list[tuple[str, dict[str, object]]] = [
        ("message_start", start),
        ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
        ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}}),
        ("content_block_stop", {"index": 0}),
        ("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}),
        ("message_stop", {}),
    ]
    return [
        b"event: %b\ndata: %b\n\n" % (name.encode(), json.dumps({"type": name, **more}).encode())
        for name, more in events
    ]


class InTurn(Provided):
    """A provider that gives one scripted answer after the other."""

    def __init__(self, *outcomes: Scripted | Exception) -> None:
        super().__init__(outcomes[0])
        self.outcomes = list(outcomes)

    async def send(self, request: UpstreamRequest) -> Scripted:
        self.asked.append(request)
        outcome = self.outcomes[len(self.asked) - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def call(n: int, *, stream: bool = False) -> Call:
    messages = [{"role": "user", "content": "hi"}]
    asked = {"model": "acme/m", "messages": messages, "n": n, "stream": stream}
    if stream:
        asked["stream_options"] = {"include_usage": True}
    return Call(
        CallHead(CHAT, key_digest(KEY, b"")), json.dumps(asked).encode(), "req_1", time.time(), time.monotonic()
    )


STATE = catalog(providers=(Provider("acme", "anthropic", "http://127.0.0.1:9", secret="k"),))


async def test_whole_answers_become_alternatives_and_all_of_them_are_paid_for() -> None:
    STATE.prices["acme/m"] = flat_price(1, 2)
    notes, client = Notes(), Client()
    provided = InTurn(*[Scripted(200, JSON, [answer(text)]) for text in ("one", "two", "three")])
    await gateway(provided, notes, STATE).serve(call(3), client)
    told = json.loads(client.body)

    assert len(provided.asked) == 3
    assert all(b'"n":' not in b"".join(request.data) for request in provided.asked)
    assert [(choice["index"], choice["message"]["content"]) for choice in told["choices"]] == [
        (0, "one"),
        (1, "two"),
        (2, "three"),
    ]
    assert told["usage"]["completion_tokens"] == 9
    assert b"x-tokenrouter-emulated: sampling.answers\r\n" in client.headers
    assert (notes.ended[0].usage.input_tokens, notes.ended[0].cost_nano_usd) == (30, 30 + 18)
    assert len(notes.ended) == 1


async def test_streams_become_one_whose_chunks_say_which_alternative_they_are_of() -> None:
    notes, client = Notes(), Client()
    provided = InTurn(*[Scripted(200, SSE, stream(text)) for text in ("one", "two")])
    await gateway(provided, notes, STATE).serve(call(2, stream=True), client)
    chunks = [json.loads(line[6:]) for line in client.body.split(b"\n\n") if line.startswith(b"data: {")]
    texts: dict[int, str] = {}
    finishes: dict[int, str] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            texts[choice["index"]] = texts.get(choice["index"], "") + (choice["delta"].get("content") or "")
            if choice["finish_reason"]:
                finishes[choice["index"]] = choice["finish_reason"]

    assert texts == {0: "one", 1: "two"}
    assert finishes == {0: "stop", 1: "stop"}
    assert client.body.endswith(b"data: [DONE]\n\n")
    assert client.body.count(b"[DONE]") == 1
    assert chunks[-1]["usage"]["total_tokens"] == 26
    assert (notes.ended[0].usage.input_tokens, notes.ended[0].usage.output_tokens) == (20, 6)


async def test_one_that_is_refused_fails_the_request_and_the_others_are_paid_for() -> None:
    notes = Notes()
    busy = Scripted(429, JSON, [b'{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}'])
    with pytest.raises(ProviderRefused, match="slow down"):
        await gateway(InTurn(Scripted(200, JSON, [answer("one")]), busy), notes, STATE).serve(call(2), Client())

    (row,) = notes.ended
    assert (row.end_reason, row.usage.input_tokens, row.usage.output_tokens) == ("provider_error", 10, 3)


async def test_one_that_is_cut_cuts_the_stream() -> None:
    notes, client = Notes(), Client()
    whole, cut = Scripted(200, SSE, stream("one")), Scripted(200, SSE, stream("two")[:3], ProviderCut("cut"))
    with pytest.raises(ProviderCut):
        await gateway(InTurn(whole, cut), notes, STATE).serve(call(2, stream=True), client)

    assert b"[DONE]" not in client.body
    assert b'"error"' in client.body
    assert notes.ended[0].end_reason == "provider_cut"
    assert whole.closed
    assert cut.closed


async def test_one_that_cannot_be_reached_fails_the_request_and_the_others_are_let_go() -> None:
    notes, first = Notes(), Scripted(200, JSON, [answer("one")])
    with pytest.raises(ProviderCut):
        await gateway(InTurn(first, ProviderCut("away")), notes, STATE).serve(call(2), Client())

    assert first.closed
    assert len(notes.ended) == 1


async def test_more_than_a_few_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="At most 8"):
        await gateway(InTurn(Scripted(200, JSON, [])), Notes(), STATE).serve(call(9), Client())
