import asyncio
import json
import time

import pytest

from tests.gateway.fakes import KEY, Client, Notes, Provided, Scripted, catalog, gateway
from tests.gateway.test_entrance import Far, far_gateway, limit
from tests.gateway.test_translation import call as conversation
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.domain.errors import LimitReached, ProviderCut, QuotaExceeded
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import Metric
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.providers.outbound import UpstreamRequest

JSON = b"application/json"
TEXT = "word " * 400
"""2,000 bytes, some 400 tokens."""
ANSWERS = {
    "anthropic": {
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 410, "output_tokens": 2},
    },
    "google-gemini": {
        "candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 410, "candidatesTokenCount": 2},
    },
    "openai": {"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": 410, "completion_tokens": 2}},
}


class Counting(Provided):
    """A provider that counts, and notes what it was asked for."""

    def __init__(self, kind: str, count: object, *, status: int = 200) -> None:
        super().__init__(ProviderCut("x"))
        self._answer, self._count, self._status = json.dumps(ANSWERS[kind]).encode(), count, status
        self.lines: list[bytes] = []

    async def send(self, request: UpstreamRequest) -> Scripted:
        line = b"".join(request.data).partition(b"\r\n")[0]
        self.asked.append(request)
        self.lines.append(line)
        if b"ount" in line or b"input_tokens" in line:
            await asyncio.sleep(0)
            if isinstance(self._count, Exception):
                raise self._count
            return Scripted(self._status, JSON, [json.dumps(self._count).encode()])
        return Scripted(200, JSON, [self._answer])

    @property
    def counts(self) -> int:
        return sum(b"ount" in line or b"input_tokens" in line for line in self.lines)


def provided_by(kind: str, metric: Metric = "tokens", amount: int = 1_000, **key: object) -> Catalog:
    provider = Provider("acme", kind, "http://127.0.0.1:9/v1", secret="k")
    return catalog(limits=(limit(metric, amount),), providers=(provider,), **key)


def asking(dialect: Dialect, words: str = TEXT) -> Call:
    if dialect is RESPONSES:
        body = {"model": "acme/small", "input": words, "max_output_tokens": 50}
        return Call(CallHead(dialect, key_digest(KEY, b"")), json.dumps(body).encode(), "req_1", time.time(), 0.0)
    if dialect is GENERATE_CONTENT:
        return conversation(dialect, contents=[{"role": "user", "parts": [{"text": words}]}])
    return conversation(dialect, messages=[{"role": "user", "content": words}])


@pytest.mark.parametrize(
    ("kind", "dialect", "count", "line"),
    [
        ("anthropic", MESSAGES, {"input_tokens": 410}, b"/messages/count_tokens"),
        ("anthropic", CHAT, {"input_tokens": 410}, b"/messages/count_tokens"),
        ("google-gemini", GENERATE_CONTENT, {"totalTokens": 410}, b"/models/small:countTokens"),
        ("google-gemini", MESSAGES, {"totalTokens": 410}, b"/models/small:countTokens"),
        ("openai", CHAT, {"input_tokens": 410}, b"/responses/input_tokens"),
        ("openai", RESPONSES, {"input_tokens": 410}, b"/responses/input_tokens"),
    ],
)
async def test_what_fits_by_its_providers_count_is_answered(
    kind: str, dialect: Dialect, count: object, line: bytes
) -> None:
    notes, client, provided = Notes(), Client(), Counting(kind, count)
    await gateway(provided, notes, provided_by(kind)).serve(asking(dialect), client)

    assert client.status == 200
    assert line in provided.lines[0]
    assert len(provided.lines) == 2
    counted = json.loads(b"".join(provided.asked[0].data).partition(b"\r\n\r\n")[2])
    assert "acme/" not in json.dumps(counted)
    assert TEXT.strip() in json.dumps(counted)
    assert 410 <= notes.held[0].input_tokens < 450
    assert provided.asked[0].to.timeouts.total_s <= 5


async def test_far_from_a_limit_and_hopelessly_over_it_nobody_is_asked() -> None:
    far, hopeless = Counting("anthropic", {"input_tokens": 410}), Counting("anthropic", {"input_tokens": 410})

    await gateway(far, Notes(), provided_by("anthropic", amount=100_000)).serve(asking(MESSAGES), Client())
    with pytest.raises(LimitReached):
        await gateway(hopeless, Notes(), provided_by("anthropic", amount=200)).serve(asking(MESSAGES), Client())

    assert far.counts == hopeless.counts == 0


@pytest.mark.parametrize(("metric", "amount"), [("requests", 0), ("output_tokens", 10), ("concurrency", 0)])
async def test_a_limit_that_does_not_count_input_is_no_reason_to_ask(metric: Metric, amount: int) -> None:
    provided = Counting("anthropic", {"input_tokens": 410})

    with pytest.raises(LimitReached):
        await gateway(provided, Notes(), provided_by("anthropic", metric, amount)).serve(asking(MESSAGES), Client())
    assert provided.lines == []


@pytest.mark.parametrize(
    ("failure", "status"),
    [(ProviderCut("x"), 200), ({"input_tokens": "many"}, 200), ({}, 200), ({"input_tokens": 1}, 429)],
)
async def test_where_the_count_fails_the_bound_counts_and_the_provider_is_left_alone(
    failure: object, status: int
) -> None:
    notes, provided = Notes(), Counting("anthropic", failure, status=status)
    limited = gateway(provided, notes, provided_by("anthropic"))

    for _ in range(3):
        with pytest.raises(QuotaExceeded, match="token limit of key:alice"):
            await limited.serve(asking(MESSAGES), Client())
    assert provided.counts == 1
    assert [row.end_reason for row in notes.ended] == ["limit_reached"] * 3


async def test_a_count_that_does_not_fit_either_is_asked_for_once() -> None:
    provided = Counting("anthropic", {"input_tokens": 1_500})

    with pytest.raises(QuotaExceeded):
        await gateway(provided, Notes(), provided_by("anthropic")).serve(asking(MESSAGES), Client())
    assert provided.counts == 1


async def test_a_provider_that_does_not_count_is_not_asked() -> None:
    provided = Counting("openai", {"input_tokens": 410})

    with pytest.raises(QuotaExceeded):
        await gateway(provided, Notes(), provided_by("openai-compatible")).serve(asking(CHAT), Client())
    assert provided.lines == []


async def test_it_is_the_same_where_the_limiter_is_asked_over_the_network() -> None:
    notes, client, provided = Notes(), Client(), Counting("anthropic", {"input_tokens": 410})
    far = Far((limit("tokens", 1_000),))
    await far_gateway(provided, notes, far, provided_by("anthropic")).serve(asking(MESSAGES), client)

    assert (client.status, provided.counts) == (200, 1)
    assert [(each.used, each.held) for each in await far.states(("key:alice",))] == [(412, 0)]


async def test_a_key_whose_answers_are_not_shortened_gets_room_for_all_of_one() -> None:
    client, provided = Client(), Counting("anthropic", {"input_tokens": 410})
    state = provided_by("anthropic", amount=2_100, clamp=False)
    await gateway(provided, Notes(), state).serve(asking(MESSAGES), client)

    assert (client.status, provided.counts) == (200, 1)
