import asyncio
import json
import time
from dataclasses import replace

import pytest

from tests.gateway.fakes import KEY, Client, Notes, Provided, Scripted, catalog, gateway
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.catalog import Policy, Provider
from tokenrouter.domain.conditions import Condition
from tokenrouter.domain.errors import (
    GatewayError,
    InvalidKey,
    JournalUnavailable,
    ModelNotAllowed,
    ModelUnpriced,
    ProviderCredentialsRejected,
    ProviderCut,
    ProviderProtocolError,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
    QuotaExceeded,
)
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.domain.prices import flat_price
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.providers.outbound import UpstreamRequest

JSON = b"application/json"
SSE = b"text/event-stream"
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
ANSWER = json.dumps({"choices": [{"message": {"content": "hi"}}], "usage": USAGE}).encode()
CHUNK = b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'
LAST = b'data: {"choices":[],"usage":' + json.dumps(USAGE).encode() + b"}\n\n"
DONE = b"data: [DONE]\n\n"


def call(*, stream: bool = False, key: bytes = KEY, model: str = "acme/small", **more: object) -> Call:
    body = json.dumps({"model": model, "messages": [], "stream": stream, **more}).encode()
    return Call(CallHead(CHAT, key_digest(key, b"") if key else b""), body, "req_1", time.time(), time.monotonic())


def body_of(request: UpstreamRequest) -> bytes:
    return b"".join(request.data).partition(b"\r\n\r\n")[2]


async def test_a_whole_answer_is_passed_on_and_written_down_before() -> None:
    notes, client = Notes(), Client()
    provided = Provided(Scripted(200, JSON, [ANSWER]))
    await gateway(provided, notes).serve(call(), client)

    assert (client.status, client.body, client.finished) == (200, ANSWER, True)
    assert notes.begun == ["req_1"]
    (row,) = notes.ended
    assert (row.end_reason, row.usage.input_tokens, row.usage.output_tokens) == ("completed", 9, 3)
    assert (row.key_name, row.provider, row.model, row.status) == ("alice", "acme", "small", 200)


async def test_what_a_whole_answer_cost_is_in_a_header_and_a_stream_has_none() -> None:
    state = catalog()
    state.prices["acme/small"] = flat_price(1_000_000, 2_000_000)
    whole, stream, notes = Client(), Client(), Notes()
    await gateway(Provided(Scripted(200, JSON, [ANSWER])), notes, state).serve(call(), whole)
    await gateway(Provided(Scripted(200, SSE, [CHUNK, LAST, DONE])), notes, state).serve(call(stream=True), stream)

    spent = notes.ended[0].cost_nano_usd
    assert spent
    assert b"x-tokenrouter-cost-usd: 0.%09d\r\n" % spent in whole.headers
    assert b"x-tokenrouter-cost-usd:" not in stream.headers
    assert notes.ended[1].cost_nano_usd


async def test_a_model_without_a_price_has_no_cost_at_all_or_is_refused_before_its_provider_is_asked() -> None:
    notes, client, provided = Notes(), Client(), Provided(Scripted(200, JSON, [ANSWER]))
    await gateway(provided, notes).serve(call(), client)
    with pytest.raises(ModelUnpriced, match="'acme/small'"):
        await gateway(provided, notes, replace(catalog(), policy=Policy(unpriced="deny"))).serve(call(), Client())

    assert b"x-tokenrouter-cost-usd:" not in client.headers
    assert [row.cost_nano_usd for row in notes.ended] == [None, None]
    assert [row.error_code for row in notes.ended] == ["", "model_unpriced"]
    assert len(provided.asked) == 1


async def test_only_the_model_name_is_changed_on_the_way() -> None:
    provided = Provided(Scripted(200, JSON, [ANSWER]))
    await gateway(provided, Notes()).serve(call(unknown={"kept": [1, 2]}), Client())

    (asked,) = provided.asked
    sent = json.loads(body_of(asked))
    assert sent == {"model": "small", "messages": [], "stream": False, "unknown": {"kept": [1, 2]}}
    assert b"authorization: Bearer sk-acme\r\n" in bytes(asked.data[0])
    assert KEY not in bytes(asked.data[0])


async def test_a_stream_asks_for_usage_and_hides_it_again() -> None:
    notes, client = Notes(), Client()
    provided = Provided(Scripted(200, SSE, [CHUNK, LAST, DONE]))
    await gateway(provided, notes).serve(call(stream=True), client)

    sent = json.loads(body_of(provided.asked[0]))
    assert sent["stream_options"] == {"include_usage": True}
    assert client.body == CHUNK + DONE
    assert notes.ended[0].usage.output_tokens == 3


async def test_a_stream_without_usage_is_estimated_and_says_so() -> None:
    notes = Notes()
    await gateway(Provided(Scripted(200, SSE, [CHUNK, DONE])), notes).serve(call(stream=True), Client())

    assert notes.ended[0].estimated
    assert notes.ended[0].usage.output_tokens >= 1


async def test_what_is_held_always_covers_what_was_delivered() -> None:
    notes = Notes()
    pieces = [b'data: {"choices":[{"delta":{"content":"' + b"x" * 900 + b'"}}]}\n\n'] * 20
    await gateway(Provided(Scripted(200, SSE, [*pieces, DONE])), notes).serve(call(stream=True), Client())

    assert notes.held[-1].output_tokens >= 20 * 900
    assert len(notes.held) < 20


@pytest.mark.parametrize(
    ("outcome", "error", "reason"),
    [
        (ProviderUnreachable("gone"), ProviderUnreachable, "provider_unreachable"),
        (ProviderTimeout("slow", provider="acme", phase="first_byte"), ProviderTimeout, "provider_timeout"),
        (Scripted(200, JSON, [b"{broken"]), ProviderProtocolError, "provider_error"),
        (Scripted(200, JSON, [b'{ "error": {"message":"m"}}']), ProviderRefused, "provider_error"),
        (Scripted(200, JSON, [b'{"type":"error","error":{"type":"x"}}']), ProviderRefused, "provider_error"),
        (Scripted(200, b"text/html", [b"<p>"]), ProviderProtocolError, "provider_error"),
        (Scripted(401, JSON, [b'{"error":{}}']), ProviderCredentialsRejected, "provider_error"),
        (Scripted(302, JSON, [b"{}"]), ProviderProtocolError, "provider_error"),
    ],
)
async def test_a_providers_failure_is_told_and_leaves_one_row(
    outcome: Scripted | Exception, error: type[GatewayError], reason: str
) -> None:
    notes, client = Notes(), Client()
    with pytest.raises(error) as caught:
        await gateway(Provided(outcome), notes).serve(call(), client)

    assert 500 <= caught.value.status < 600
    assert isinstance(outcome, Exception) or "'acme'" in caught.value.message
    assert [row.end_reason for row in notes.ended] == [reason]
    assert not client.started


async def test_an_answer_that_says_there_was_no_error_is_one() -> None:
    client = Client()
    body = b'{"error":null,' + ANSWER[1:]
    await gateway(Provided(Scripted(200, JSON, [body])), Notes()).serve(call(), client)

    assert (client.status, client.body) == (200, body)


async def test_a_providers_own_error_passes_as_it_is_and_costs_nothing() -> None:
    notes, client = Notes(), Client()
    body = b'{"error":{"message":"too long","code":"context_length_exceeded"}}'
    await gateway(Provided(Scripted(400, JSON, [body])), notes).serve(call(), client)

    assert (client.status, client.body) == (400, body)
    assert notes.ended[0].end_reason == "client_error"
    assert notes.ended[0].usage.input_tokens == 0


async def test_a_providers_error_that_repeats_the_key_passes_without_it() -> None:
    notes, client = Notes(), Client()
    body = b'{"error":{"message":"Incorrect API key provided: sk-acme","code":"sk-acme"}}'
    await gateway(Provided(Scripted(400, JSON, [body])), notes).serve(call(), client)

    assert client.body == body.replace(b"sk-acme", "…".encode())
    assert "sk-acme" not in str(notes.ended)


async def test_a_stream_that_is_cut_is_charged_for_what_was_delivered() -> None:
    notes, client = Notes(), Client()
    cut = ProviderCut("cut", provider="acme")
    with pytest.raises(ProviderCut):
        await gateway(Provided(Scripted(200, SSE, [CHUNK], cut)), notes).serve(call(stream=True), client)

    assert client.body.startswith(CHUNK + b'data: {"error":{"message":"cut"')
    assert client.finished
    assert notes.ended[0].end_reason == "provider_cut"
    assert notes.ended[0].usage.output_tokens >= 1


async def test_a_client_that_leaves_settles_its_request() -> None:
    class Silent(Provided):
        async def send(self, request: object) -> Scripted:
            await asyncio.sleep(60)
            raise AssertionError

    notes = Notes()
    task = asyncio.create_task(gateway(Silent(ProviderCut("x")), notes).serve(call(), Client()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [row.end_reason for row in notes.ended] == ["client_disconnect"]


async def test_an_answer_that_nobody_saw_is_charged_as_one_of_the_usual_length() -> None:
    """Its provider may have made it: who hangs up in time would else pay for nothing."""
    notes = Notes()
    served = gateway(Provided(Scripted(200, JSON, [ANSWER])), notes)
    await served.serve(call(), Client())
    usual = notes.ended[0].usage.output_tokens
    assert usual > 0

    silence = ProviderTimeout("slow", provider="acme", phase="first_byte")
    served._upstream = Provided(silence)
    with pytest.raises(ProviderTimeout):
        await served.serve(call(), Client())

    assert (notes.ended[1].estimated, notes.ended[1].usage.output_tokens) == (True, usual)


async def test_a_provider_that_was_never_reached_has_made_nothing() -> None:
    notes = Notes()
    late = ProviderTimeout("slow", provider="acme", phase="connect")
    with pytest.raises(ProviderTimeout):
        await gateway(Provided(late), notes).serve(call(), Client())

    assert (notes.ended[0].end_reason, notes.ended[0].usage.provider_requests) == ("provider_unreachable", 0)


async def test_without_a_journal_no_provider_is_asked() -> None:
    provided = Provided(Scripted(200, JSON, [ANSWER]))
    with pytest.raises(JournalUnavailable):
        await gateway(provided, Notes(writable=False)).serve(call(), Client())

    assert not provided.asked


async def test_a_gateway_that_is_told_to_serves_unrecorded() -> None:
    client = Client()
    state = replace(catalog(), policy=Policy(on_journal_failure="serve"))
    await gateway(Provided(Scripted(200, JSON, [ANSWER])), Notes(writable=False), state).serve(call(), client)

    assert client.status == 200


async def test_a_refusal_after_authentication_leaves_a_row_and_one_before_it_none() -> None:
    notes = Notes()
    narrow = gateway(Provided(ProviderCut("x")), notes, catalog(allowed_models=("acme/other",)))
    with pytest.raises(ModelNotAllowed):
        await narrow.serve(call(), Client())
    with pytest.raises(InvalidKey):
        await narrow.serve(call(key=b"tr_nobody-knows-this-key-00"), Client())

    assert [(row.end_reason, row.status) for row in notes.ended] == [("client_error", 403)]


async def test_a_limit_that_is_used_up_refuses_and_says_which() -> None:
    limit = Limit("l", "key:alice", "requests", Window("lifetime"), 1)
    notes = Notes()
    limited = gateway(Provided(Scripted(200, JSON, [ANSWER])), notes, catalog(limits=(limit,)))
    await limited.serve(call(), Client())
    with pytest.raises(QuotaExceeded, match="key:alice"):
        await limited.serve(call(), Client())

    assert notes.ended[-1].end_reason == "limit_reached"


async def test_a_provider_that_is_drained_is_read_on_after_the_client_left() -> None:
    release = asyncio.Event()

    class Later(Provided):
        async def send(self, request: object) -> Scripted:
            await release.wait()
            return Scripted(200, JSON, [ANSWER])

    acme = Provider("acme", "openai-compatible", "http://127.0.0.1:9/v1", on_disconnect="drain")
    notes, client = Notes(), Client()
    drained = gateway(Later(ProviderCut("x")), notes, catalog(providers=(acme,)))
    task = asyncio.create_task(drained.serve(call(), client))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes.ended == []

    release.set()
    await drained.close(5.0)
    assert (notes.ended[0].end_reason, notes.ended[0].usage.output_tokens) == ("client_disconnect", 3)
    assert not client.started


def test_request_ids_sort_by_time_and_never_repeat() -> None:
    made = gateway(Provided(ProviderCut("x")), Notes())
    ids = [made.new_request_id() for _ in range(1000)]

    assert len(set(ids)) == 1000
    assert ids == sorted(ids)


def test_what_is_told_of_providers_replaces_all_that_was_known() -> None:
    asked = gateway(Provided(Scripted(200, JSON, [ANSWER])), Notes())
    asked.learn({"a": Condition("online"), "b": Condition("offline")})
    asked.learn({"b": Condition("online", 0.5)})

    assert asked.wisdom.conditions == {"b": Condition("online", 0.5)}
    assert asked.wisdom.health.ordered(["b/x", "c/x"]) == ["b/x", "c/x"]
    asked.learn({"b": Condition("offline", checked_at_s=1.0)})
    assert asked.wisdom.health.ordered(["b/x", "c/x"]) == ["c/x", "b/x"]
