"""Requests that go elsewhere when a provider fails them."""

import asyncio
import contextlib
import time
from dataclasses import replace

import pytest

from tests.gateway.fakes import Client, Held, Notes, Scripted, Tokens, catalog
from tests.gateway.test_engine import ANSWER, CHUNK, DONE, JSON, LAST, SSE, call
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.domain.conduct import Conduct
from tokenrouter.domain.errors import (
    GatewayError,
    ProviderCredentialsRejected,
    ProviderCut,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
    QuotaExceeded,
    RateLimited,
)
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.gateway.attempts import Wisdom
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.retry import RULES
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.outbound import UpstreamRequest

DOWN = ProviderUnreachable("down", provider="acme")
OVERLOADED = (503, b'{"error":{"message":"overloaded","type":"server_error"}}')
BAD = (400, b'{"error":{"message":"bad","type":"invalid_request_error"}}')
FULL = (429, b'{"error":{"message":"full","type":"rate_limit_error"}}')
Outcome = Exception | tuple[int, bytes] | str
"""An error, a provider's refusal, or "whole", "stream", "cut" (before content) and "broken" (in the middle)."""


def scripted(outcome: tuple[int, bytes] | str) -> Scripted:
    if isinstance(outcome, tuple):
        return Scripted(outcome[0], JSON, [outcome[1]])
    cut = ProviderCut("cut", provider="acme")
    return {
        "whole": lambda: Scripted(200, JSON, [ANSWER]),
        "stream": lambda: Scripted(200, SSE, [CHUNK, LAST, DONE]),
        "cut": lambda: Scripted(200, SSE, [], cut),
        "broken": lambda: Scripted(200, SSE, [CHUNK], cut),
    }[outcome]()


class Providers:
    """Providers that answer as they are told, one outcome after the other; the last one stays."""

    def __init__(self, **outcomes: list[Outcome]) -> None:
        self._outcomes = outcomes
        self.asked: list[str] = []

    async def send(self, request: UpstreamRequest) -> Scripted:
        name = request.to.provider
        self.asked.append(name)
        outcomes = self._outcomes[name]
        outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return scripted(outcome)


class House:
    """A gateway with an alias `best` to two providers, the second its fallback."""

    def __init__(self, *limits: Limit, alias: Alias | None = None, **outcomes: list[Outcome]) -> None:
        base = catalog()
        second = Provider("other", "openai-compatible", "http://127.0.0.1:9/v1")
        best = alias or Alias("best", (Target("acme/small"),), fallback="other/large")
        state: Catalog = replace(base, providers=(*base.providers, second), aliases=(best,), limits=limits)
        self.notes, self.providers = Notes(), Providers(**outcomes)
        self.limiter = MemoryLimiter(limits, restored=True)
        ports = Ports(self.notes, self.limiter, Figures(), Tokens())
        self.gateway = Gateway(Held(Directory(state, b"")), self.providers, ports)
        self.gateway._wisdom = Wisdom(chance=lambda: 0.0, sleep=self._sleep)
        self.slept: list[float] = []

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def ask(self, *, stream: bool = False) -> Client:
        client = Client()
        await self.gateway.serve(call(model="best", stream=stream), client)
        return client

    @property
    def rows(self) -> list[tuple[str, str, int, int]]:
        return [(row.id, row.provider, row.status, row.count) for row in self.notes.ended]


FAILURES: list[Outcome] = [
    DOWN,
    ProviderTimeout("slow", provider="acme", phase="first_byte"),
    ProviderCredentialsRejected("no", provider="acme"),
    ProviderRefused("full", provider="acme", status=429),
    OVERLOADED,
    FULL,
    (404, b'{"error":{"code":"model_not_found","message":"no such model"}}'),
    (200, b"garbage"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=str)
@pytest.mark.parametrize("kind", ["whole", "stream"])
async def test_whatever_fails_before_content_goes_elsewhere_unnoticed(failure: Outcome, kind: str) -> None:
    house = House(acme=[failure], other=[kind])

    client = await house.ask(stream=kind == "stream")

    assert (client.status, client.finished) == (200, True)
    assert client.body == ANSWER if kind == "whole" else client.body.endswith(DONE)
    assert b"error" not in client.body
    assert b"x-tokenrouter-attempts: 2\r\n" in client.headers
    assert b"x-tokenrouter-provider: other\r\n" in client.headers
    first, second = house.rows
    assert (first[1], first[3]) == ("acme", 0), "only the last attempt counts as a request"
    assert second == ("req_1.2", "other", 200, 1)


async def test_a_stream_that_is_cut_before_content_goes_elsewhere() -> None:
    house = House(acme=["cut"], other=["stream"])

    client = await house.ask(stream=True)

    assert client.body == CHUNK + DONE
    assert house.rows[1] == ("req_1.2", "other", 200, 1)


async def test_a_stream_that_breaks_after_content_is_ended_with_an_error() -> None:
    house = House(acme=["broken"], other=["stream"])

    client = Client()
    with pytest.raises(ProviderCut):
        await house.gateway.serve(call(model="best", stream=True), client)

    assert client.body.startswith(CHUNK)
    assert b'"error"' in client.body
    assert house.providers.asked == ["acme"]
    assert house.rows == [("req_1", "acme", 200, 1)]


async def test_what_the_client_has_to_mend_is_told_as_the_provider_said_it() -> None:
    house = House(acme=[BAD], other=["whole"])

    client = await house.ask()

    assert (client.status, client.body) == BAD
    assert house.providers.asked == ["acme"]
    assert house.rows == [("req_1", "acme", 400, 1)]


async def test_where_all_fail_the_last_ones_word_reaches_the_client() -> None:
    house = House(acme=[DOWN], other=[BAD])

    assert (await house.ask()).status == 400
    assert house.providers.asked == ["acme", "other"]


async def test_the_last_place_is_asked_again_as_far_as_the_table_allows() -> None:
    house = House(acme=[DOWN], other=[OVERLOADED, OVERLOADED, "whole"])

    client = await house.ask()

    assert client.status == 200
    assert house.providers.asked == ["acme", "other", "other", "other"]
    assert house.slept == [0.125, 0.25]
    assert [row[0] for row in house.rows] == ["req_1", "req_1.2", "req_1.3", "req_1.4"]
    assert sum(row[3] for row in house.rows) == 1


async def test_a_place_that_goes_on_failing_is_given_up() -> None:
    house = House(acme=[DOWN], other=[OVERLOADED])

    client = await house.ask()

    assert (client.status, client.body) == OVERLOADED
    assert house.providers.asked == ["acme"] + ["other"] * (1 + RULES["overloaded"].again)


async def test_a_place_that_failed_again_and_again_is_asked_last() -> None:
    house = House(acme=[DOWN], other=["whole"])
    for _ in range(3):
        await house.ask()
    house.providers.asked.clear()

    client = await house.ask()

    assert house.providers.asked == ["other"]
    assert b"x-tokenrouter-attempts" not in client.headers


async def test_a_full_limit_of_one_provider_sends_requests_to_the_other() -> None:
    full = Limit("l", "provider:acme", "requests", Window("lifetime"), 0)
    house = House(full, acme=["whole"], other=["whole"])

    assert (await house.ask()).status == 200
    assert house.providers.asked == ["other"]
    assert [row[1] for row in house.rows] == ["other"], "a place that was full leaves no row"


async def test_a_full_limit_of_the_key_is_told_once() -> None:
    house = House(Limit("l", "key:alice", "requests", Window("lifetime"), 0), acme=["whole"], other=["whole"])

    with pytest.raises((QuotaExceeded, RateLimited)):
        await house.ask()

    assert not house.providers.asked
    assert len(house.rows) == 1


async def test_a_request_counts_once_and_what_was_made_in_vain_is_charged() -> None:
    limits = [
        Limit("r", "key:alice", "requests", Window("lifetime"), 100),
        Limit("t", "key:alice", "output_tokens", Window("lifetime"), 10_000),
    ]
    house = House(
        *limits, acme=["whole", ProviderTimeout("slow", provider="acme", phase="first_byte")], other=["whole"]
    )
    await house.ask()
    await house.ask()

    used = {state.limit.metric: (state.used, state.held) for state in house.limiter.states(("key:alice",))}
    rows = house.notes.ended
    assert used["requests"] == (sum(row.count for row in rows), 0) == (2, 0)
    assert used["output_tokens"] == (sum(row.usage.output_tokens for row in rows), 0) == (9, 0)


async def test_a_client_that_leaves_between_attempts_leaves_nothing_open() -> None:
    house = House(Limit("r", "key:alice", "requests", Window("lifetime"), 100), acme=[DOWN], other=[OVERLOADED])
    asleep = asyncio.Event()

    async def sleep(_: float) -> None:
        asleep.set()
        await asyncio.sleep(60)

    house.gateway._wisdom.sleep = sleep
    task = asyncio.create_task(house.gateway.serve(call(model="best"), Client()))
    await asleep.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not house.gateway.in_flight
    assert house.limiter.states(("key:alice",))[0].held == 0


async def test_no_attempt_begins_after_the_deadline() -> None:
    house = House(acme=[DOWN], other=["whole"])
    late = call(model="best")
    late.started_s = time.monotonic() - 1000

    with pytest.raises(GatewayError) as told:
        await house.gateway.serve(late, Client())

    assert told.value is DOWN


@pytest.mark.parametrize(("deadline_s", "asked"), [(29.0, ["acme"]), (3600.0, ["acme", "other"])])
async def test_the_alias_that_is_asked_for_says_how_long_is_tried(deadline_s: float, asked: list[str]) -> None:
    best = Alias("best", (Target("acme/small"),), fallback="other/large", conduct=Conduct(deadline_s=deadline_s))
    house = House(alias=best, acme=[DOWN], other=["whole"])
    late = call(model="best")
    late.started_s = time.monotonic() - 30

    with contextlib.suppress(ProviderUnreachable):
        await house.gateway.serve(late, Client())

    assert house.providers.asked == asked
