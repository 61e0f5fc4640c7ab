"""Requests that go elsewhere when a provider fails them."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.gateway.fakes import Client, Fed, Held, Notes, Scripted, Tokens, catalog
from tests.gateway.test_engine import ANSWER, CHUNK, DONE, JSON, LAST, SSE, call
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.domain.conduct import USUAL, Conduct
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
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.gateway.attempts import Wisdom
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.loads import FAILED_S
from tokenrouter.gateway.retry import MAX_WAIT_S, RULES
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.outbound import UpstreamRequest

DOWN = ProviderUnreachable("down", provider="acme")
OVERLOADED = (503, b'{"error":{"message":"overloaded","type":"server_error"}}')
BAD = (400, b'{"error":{"message":"bad","type":"invalid_request_error"}}')
FULL = (429, b'{"error":{"message":"full","type":"rate_limit_error"}}')
Outcome = Exception | tuple[int, bytes] | str | Scripted
"""An error, a provider's refusal, its answer; "whole", "stream", "cut" (before content), "broken" (in the middle)."""


def scripted(outcome: tuple[int, bytes] | str | Scripted) -> Scripted:
    if isinstance(outcome, Scripted):
        return outcome
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
        self.within: list[float] = []
        self.on_ask: Callable[[], None] | None = None

    def answer(self, name: str, outcomes: list[Outcome]) -> None:
        self._outcomes[name] = outcomes

    async def send(self, request: UpstreamRequest) -> Scripted:
        name = request.to.provider
        self.within.append(request.within_s)
        self.asked.append(name)
        if self.on_ask is not None:
            self.on_ask()
        outcomes = self._outcomes[name]
        outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return scripted(outcome)


class House:
    """A gateway with an alias `best` to two providers, the second its fallback."""

    def __init__(
        self,
        *limits: Limit,
        alias: Alias | None = None,
        conduct: Conduct = USUAL,
        facts: dict[str, ModelFacts] | None = None,
        second_kind: str = "openai-compatible",
        **outcomes: list[Outcome],
    ) -> None:
        base = catalog()
        second = Provider("other", second_kind, "http://127.0.0.1:9/v1")
        best = alias or Alias("best", (Target("acme/small"),), fallback="other/large", conduct=conduct)
        state: Catalog = replace(
            base, providers=(*base.providers, second), aliases=(best,), limits=limits, facts=facts or {}
        )
        self.notes, self.providers = Notes(), Providers(**outcomes)
        self.limiter = MemoryLimiter(limits, restored=True)
        self.figures = Figures()
        ports = Ports(self.notes, self.limiter, self.figures, Tokens())
        self.gateway = Gateway(Held(Directory(state, b"")), self.providers, ports)
        self.gateway._wisdom = Wisdom(chance=lambda: 0.0, sleep=self._sleep, count=self.figures.count)
        self.slept: list[float] = []

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def ask(self, *, stream: bool = False, **more: Any) -> Client:
        client = Client()
        await self.gateway.serve(call(model="best", stream=stream, **more), client)
        return client

    def events(self, event: str) -> dict[tuple[str, str], int]:
        counted = self.figures.snapshot()["events"]
        return {(provider, outcome): count for name, provider, outcome, count in counted if name == event}

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


ONLY = Alias("best", (Target("acme/small"),))


async def test_the_only_place_of_an_alias_is_asked_again_when_it_says_so() -> None:
    full = ProviderRefused("full", provider="acme", status=429, retry_after_s=2.0)
    house = House(alias=ONLY, acme=[full, "whole"])

    client = await house.ask()

    assert client.status == 200
    assert house.slept == [pytest.approx(2.0, abs=0.1)]
    assert house.rows == [("req_1", "acme", 429, 0), ("req_1.2", "acme", 200, 1)]


async def test_a_client_is_told_of_a_wait_that_is_too_long_to_be_waited_here() -> None:
    full = ProviderRefused("full", provider="acme", status=429, retry_after_s=MAX_WAIT_S + 1)
    house = House(alias=ONLY, acme=[full, "whole"])

    with pytest.raises(ProviderRefused) as told:
        await house.ask()

    assert told.value is full
    assert house.rows == [("req_1", "acme", 429, 1)]
    assert not house.slept


async def test_a_name_that_is_no_alias_is_asked_once() -> None:
    house = House(acme=[OVERLOADED, "whole"])
    client = Client()
    await house.gateway.serve(call(model="acme/small"), client)

    assert (client.status, client.body) == OVERLOADED


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


# Errors in streams.

ERROR = b'data: {"error":{"message":"overloaded","type":"server_error","code":null}}\n\n'


async def test_an_error_before_any_content_goes_elsewhere_though_keep_alives_went_out() -> None:
    begun, client = Fed(), Client()
    house = House(acme=[begun], other=["stream"])
    asking = asyncio.create_task(house.gateway.serve(call(model="best", stream=True), client))
    await begun.pumped.wait()
    for exchange in house.gateway.in_flight:
        house.gateway._keep_alive(exchange, time.monotonic() + 60)
    assert client.started
    begun.push(ERROR)
    await asking

    assert client.body.endswith(CHUNK + DONE)
    assert b"overloaded" not in client.body
    assert [row[3] for row in house.rows] == [0, 1]


async def test_an_error_in_the_middle_of_a_stream_counts_against_the_target() -> None:
    house = House(acme=[Scripted(200, SSE, [CHUNK, ERROR]) for _ in range(3)], other=["stream"])
    for _ in range(3):
        client = await house.ask(stream=True)
        assert b"overloaded" in client.body

    assert not house.gateway._wisdom.health.is_open("acme/small")
    assert house.events("attempts") == {("acme", "overloaded"): 3}
    assert house.events("fallbacks") == {}


async def test_a_stream_that_is_cut_in_the_middle_counts_against_the_target() -> None:
    house = House(acme=["broken"], other=["stream"])
    for _ in range(3):
        with pytest.raises(ProviderCut):
            await house.ask(stream=True)

    assert not house.gateway._wisdom.health.is_open("acme/small")


# Streams that begin slowly.

GUARDED = Conduct(min_tokens_per_s=100.0, probe_s=0.05)


async def test_a_stream_that_begins_too_slowly_is_taken_elsewhere() -> None:
    slow = Fed()
    house = House(conduct=GUARDED, acme=[slow], other=["stream"])
    asking = asyncio.create_task(house.ask(stream=True))
    await slow.pumped.wait()
    slow.push(CHUNK)
    client = await asking

    assert client.body == CHUNK + DONE
    assert b"x-tokenrouter-provider: other\r\n" in client.headers
    first, second = house.notes.ended
    assert (first.end_reason, first.error_code, first.count) == ("provider_slow", "provider_slow", 0)
    assert (first.estimated, first.usage.output_tokens > 0) == (True, True), "it may be billed"
    assert (second.end_reason, second.count) == ("completed", 1)
    assert house.events("fallbacks") == {("acme", "slow"): 1}
    assert slow.closed == 1


async def test_a_stream_that_is_fast_enough_goes_out_before_the_time_is_over() -> None:
    fast, client = Fed(), Client()
    house = House(conduct=replace(GUARDED, probe_s=30.0, min_tokens_per_s=0.5), acme=[fast], other=["stream"])
    asking = asyncio.create_task(house.gateway.serve(call(model="best", stream=True), client))
    await fast.pumped.wait()
    fast.push(CHUNK)
    assert client.body == b""
    fast.push(*[CHUNK] * 20)
    assert client.body == CHUNK * 21
    fast.push(LAST, DONE)
    fast.finish()
    await asking

    assert client.body == CHUNK * 21 + DONE
    assert house.providers.asked == ["acme"]


async def test_a_short_answer_is_not_slow() -> None:
    house = House(conduct=replace(GUARDED, probe_s=30.0), acme=["stream"], other=["stream"])

    assert (await house.ask(stream=True)).body == CHUNK + DONE
    assert house.providers.asked == ["acme"]


async def test_a_model_that_thinks_is_not_slow() -> None:
    thinking, client = Fed(), Client()
    role = b'data: {"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[]}}]}\n\n'
    house = House(conduct=GUARDED, acme=[thinking], other=["stream"])
    asking = asyncio.create_task(house.gateway.serve(call(model="best", stream=True), client))
    await thinking.pumped.wait()
    thinking.push(role)
    await asyncio.sleep(GUARDED.probe_s * 2)
    thinking.push(CHUNK, LAST, DONE)
    thinking.finish()
    await asking

    assert house.providers.asked == ["acme"]
    assert client.body.endswith(CHUNK + DONE)


async def test_the_last_place_is_not_guarded() -> None:
    slow, client = Fed(), Client()
    house = House(conduct=GUARDED, acme=[DOWN], other=[slow])
    asking = asyncio.create_task(house.gateway.serve(call(model="best", stream=True), client))
    await slow.pumped.wait()
    slow.push(CHUNK)
    assert client.body == CHUNK
    slow.push(LAST, DONE)
    slow.finish()
    await asking


async def test_keep_alives_flow_while_a_beginning_is_held_back() -> None:
    slow, client = Fed(), Client()
    house = House(conduct=replace(GUARDED, probe_s=30.0), acme=[slow], other=["stream"])
    asking = asyncio.create_task(house.gateway.serve(call(model="best", stream=True), client))
    await slow.pumped.wait()
    slow.push(CHUNK)
    for exchange in house.gateway.in_flight:
        house.gateway._keep_alive(exchange, time.monotonic() + 60)
    kept = client.body
    assert kept.startswith(b":")
    slow.fail(ProviderCut("cut", provider="acme"))
    await asking

    assert client.body == kept + CHUNK + DONE


# The deadline of an alias.


async def test_every_provider_is_told_how_much_time_is_left() -> None:
    house = House(conduct=Conduct(deadline_s=40.0), acme=[DOWN], other=["whole"])
    late = call(model="best")
    late.started_s = time.monotonic() - 30
    await house.gateway.serve(late, Client())

    assert len(house.providers.within) == 2
    assert all(0 < seconds <= 10 for seconds in house.providers.within)


async def test_without_a_deadline_a_provider_has_its_own_time() -> None:
    house = House(acme=["whole"], other=["whole"])
    await house.ask()

    assert house.providers.within == [0.0]


async def test_what_is_late_is_told_and_says_nothing_of_the_target() -> None:
    late = ProviderTimeout("late", provider="acme", phase="deadline")
    house = House(conduct=Conduct(deadline_s=40.0), acme=[late], other=["whole"])

    with pytest.raises(ProviderTimeout) as told:
        await house.ask()

    assert told.value is late
    assert (told.value.status, house.providers.asked) == (504, ["acme"])
    assert house.notes.ended[0].end_reason == "provider_timeout"
    assert house.gateway._wisdom.health.of("acme/small") is None


# Content that is refused, conversations that are too long.

REFUSED = (400, b'{"error":{"message":"no","code":"content_filter"}}')
TOO_LONG = (400, b'{"error":{"message":"no","code":"context_length_exceeded"}}')


@pytest.mark.parametrize(("allowed", "asked"), [(False, ["acme"]), (True, ["acme", "other"])])
async def test_what_is_refused_for_its_content_goes_elsewhere_only_where_the_alias_says_so(
    allowed: bool, asked: list[str]
) -> None:
    house = House(conduct=Conduct(refused_elsewhere=allowed), acme=[REFUSED], other=["whole"])

    client = await house.ask()

    assert house.providers.asked == asked
    assert client.status == (200 if allowed else 400)
    assert house.gateway._wisdom.health.of("acme/small") is None


@pytest.mark.parametrize(("window", "asked"), [(0, 2), (8_192, 1), (16_384, 1), (32_768, 2)])
async def test_what_is_too_long_for_one_window_is_not_asked_where_the_window_is_no_longer(
    window: int, asked: int
) -> None:
    facts = {"acme/small": ModelFacts(16_384), "other/large": ModelFacts(window)}
    house = House(facts=facts, acme=[TOO_LONG], other=["whole"])

    client = await house.ask()

    assert len(house.providers.asked) == asked
    assert client.status == (200 if asked == 2 else 400)


SPLIT = (Target("acme/small"), Target("other/large"))


async def test_a_target_is_busy_while_it_works_and_its_speed_is_known_then() -> None:
    house = House(acme=["whole"], other=["whole"])
    load = house.gateway.books.loads.of("acme/small")

    busy = []
    house.providers.on_ask = lambda: busy.append(load.in_flight)
    await house.ask()
    await house.ask(stream=False)

    assert (busy, load.in_flight) == ([1, 1], 0)
    assert 0 < load.wait(stream=False) < 1
    assert load.wait(stream=True) == 0


async def test_of_a_stream_it_is_known_how_soon_it_began() -> None:
    house = House(acme=["stream"], other=["stream"])

    await house.ask(stream=True)

    load = house.gateway.books.loads.of("acme/small")
    assert 0 < load.wait(stream=True) < 1
    assert (load.wait(stream=False), load.in_flight) == (0, 0)


@pytest.mark.parametrize("outcome", ["cut", DOWN, OVERLOADED], ids=str)
async def test_what_fails_is_slow_and_not_busy(outcome: Outcome) -> None:
    house = House(acme=[outcome], other=["stream"])

    await house.ask(stream=True)

    load = house.gateway.books.loads.of("acme/small")
    assert (load.wait(stream=True), load.in_flight) == (FAILED_S, 0)


async def test_what_the_client_has_to_mend_says_nothing_of_the_target() -> None:
    house = House(acme=[BAD], other=["whole"])

    await house.ask()

    load = house.gateway.books.loads.of("acme/small")
    assert (load.wait(stream=False), load.in_flight) == (0, 0)


async def test_the_fastest_target_gets_the_requests() -> None:
    alias = Alias("best", SPLIT, selection="fastest", conduct=Conduct(sticky=False))
    house = House(alias=alias, acme=["whole"], other=["whole"])
    for name, wait_s in (("acme/small", 9.0), ("other/large", 0.001)):
        house.gateway.books.loads.of(name).answered(16, time.monotonic() - wait_s, time.monotonic())

    for _ in range(5):
        await house.ask()

    assert house.providers.asked == ["other"] * 5


async def test_a_conversation_stays_at_one_target_unless_that_fails() -> None:
    house = House(alias=Alias("best", SPLIT, selection="weighted"), acme=["whole"], other=["whole"])
    for _ in range(4):
        await house.ask(prompt_cache_key="s")
    (home,) = set(house.providers.asked)

    house.providers.answer(home, [DOWN, "whole"])
    await house.ask(prompt_cache_key="s")
    await house.ask(prompt_cache_key="s")

    away = "other" if home == "acme" else "acme"
    assert house.providers.asked[4:] == [home, away, home]


RESUMING = Conduct(continue_streams=True)
TALK = [{"role": "user", "content": "hi"}]


async def test_a_stream_that_broke_goes_on_where_a_model_takes_its_beginning() -> None:
    house = House(conduct=RESUMING, second_kind="llama-cpp", acme=["broken"], other=["stream"])

    client = await house.ask(stream=True, messages=TALK)

    assert client.body.startswith(CHUNK)
    assert client.body.count(b'"content":"hello"') == 2
    assert client.body.count(DONE) == 1
    assert b"error" not in client.body
    assert house.rows == [("req_1", "acme", 200, 0), ("req_1.2", "other", 200, 1)]
    assert [row.changed for row in house.notes.ended] == ["", "continued req_1"]
    assert house.events("fallbacks") == {("acme", "cut"): 1}


@pytest.mark.parametrize(
    ("conduct", "second_kind"), [(RESUMING, "openai-compatible"), (USUAL, "llama-cpp")], ids=["no model", "not wanted"]
)
async def test_it_ends_with_its_error_where_none_does(conduct: Conduct, second_kind: str) -> None:
    house = House(conduct=conduct, second_kind=second_kind, acme=["broken"], other=["stream"])

    with pytest.raises(ProviderCut):
        await house.ask(stream=True, messages=TALK)

    assert house.rows == [("req_1", "acme", 200, 1)]


async def test_the_last_one_that_breaks_too_tells_its_error() -> None:
    house = House(conduct=RESUMING, second_kind="llama-cpp", acme=["broken"], other=["broken"])

    with pytest.raises(ProviderCut):
        await house.ask(stream=True, messages=TALK)

    assert house.rows == [("req_1", "acme", 200, 0), ("req_1.2", "other", 200, 1)]


async def test_the_time_for_the_first_content_does_not_end_what_goes_on() -> None:
    conduct = Conduct(continue_streams=True, deadline_s=0.001, min_tokens_per_s=9.0)
    house = House(conduct=conduct, second_kind="llama-cpp", acme=["broken"], other=["stream"])

    client = await house.ask(stream=True, messages=TALK)

    assert client.body.endswith(DONE)
    assert house.providers.within[1] == 0.0
