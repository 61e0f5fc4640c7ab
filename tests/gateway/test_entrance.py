import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.gateway.fakes import Client, Held, Notes, Provided, Scripted, Tokens, Told, catalog, gateway
from tests.gateway.test_engine import ANSWER, CHUNK, DONE, JSON, LAST, SSE, body_of, call
from tokenrouter.domain.catalog import Catalog, Policy
from tokenrouter.domain.errors import InputUnbounded, LimitReached, ProviderCut, QuotaExceeded, RateLimited
from tokenrouter.domain.limits import Amounts, Limit, LimitState, Metric, Window
from tokenrouter.domain.prices import flat_price
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Exchange, Ports
from tokenrouter.gateway.holding import UNASKED_ANSWER
from tokenrouter.gateway.lanes import lanes_of
from tokenrouter.gateway.recent import ENOUGH
from tokenrouter.limits.memory import MemoryLimiter, MemoryReservation, Unlimited
from tokenrouter.observe.figures import Figures


def limit(metric: Metric, amount: int) -> Limit:
    return Limit(metric, "key:alice", metric, Window("lifetime"), amount)


class Slow(Provided):
    """A provider that answers one request after the other, each when it is let."""

    def __init__(self) -> None:
        super().__init__(ProviderCut("x"))
        self.doors: list[asyncio.Event] = []

    async def send(self, request: object) -> Scripted:
        door = asyncio.Event()
        self.doors.append(door)
        await door.wait()
        return Scripted(200, JSON, [ANSWER])


class Far:
    """The memory's limiter as one that is asked over the network."""

    looks_at_addresses = False

    def __init__(self, limits: tuple[Limit, ...]) -> None:
        self.near = MemoryLimiter(limits, restored=True)
        self.extended = 0

    async def reserve(self, request_id: str, scopes: tuple[str, ...], amounts: Amounts) -> "FarReservation":
        await asyncio.sleep(0)
        return FarReservation(self, self.near.reserve(scopes, amounts))

    async def states(self, scopes: tuple[str, ...]) -> list[LimitState]:
        return self.near.states(scopes)


class FarReservation:
    def __init__(self, far: Far, near: MemoryReservation | Unlimited) -> None:
        self._far, self._near = far, near

    @property
    def held(self) -> Amounts:
        return self._near.held

    def states(self) -> list[LimitState]:
        return list(self._near.states())

    async def extend(self, amounts: Amounts) -> bool:
        self._far.extended += 1
        await asyncio.sleep(0)
        return self._near.extend(amounts)

    def settle(self, used: Amounts) -> None:
        self._near.settle(used)


def far_gateway(provided: Provided, notes: Notes, far: Far, state: Catalog | None = None) -> Gateway:
    ports = Ports(notes, MemoryLimiter(()), Figures(), Tokens(), far)  # type: ignore[arg-type]
    return Gateway(Held(Directory(state or catalog(), b"")), provided, ports)


async def until(count: int, slow: Slow) -> None:
    async with asyncio.timeout(60):
        while len(slow.doors) < count:
            await asyncio.sleep(0)


def patient(seconds: float, limits: tuple[Limit, ...], provided: Provided, notes: Notes) -> Gateway:
    return gateway(provided, notes, replace(catalog(limits=limits), policy=Policy(quota_wait_s=seconds)))


async def test_without_patience_what_others_hold_is_refused_at_once() -> None:
    slow, notes = Slow(), Notes()
    busy = gateway(slow, notes, catalog(limits=(limit("concurrency", 1),)))
    first = asyncio.create_task(busy.serve(call(), Client()))
    await until(1, slow)

    with pytest.raises(RateLimited):
        await busy.serve(replace(call(), request_id="req_2"), Client())
    slow.doors[0].set()
    await first


async def test_with_patience_those_who_come_later_are_served_later() -> None:
    slow, notes = Slow(), Notes()
    busy = patient(30.0, (limit("concurrency", 1),), slow, notes)
    clients = [Client() for _ in range(4)]
    tasks = []
    for number, client in enumerate(clients):
        tasks.append(asyncio.create_task(busy.serve(replace(call(), request_id=f"req_{number}"), client)))
        await asyncio.sleep(0)
    for number in range(4):
        await until(number + 1, slow)
        slow.doors[number].set()
    await asyncio.gather(*tasks)

    assert notes.begun == ["req_0", "req_1", "req_2", "req_3"]
    assert [client.status for client in clients] == [200] * 4
    assert all(row.end_reason == "completed" for row in notes.ended)


async def test_who_waited_too_long_is_told_of_the_limit_and_leaves_one_row() -> None:
    slow, notes = Slow(), Notes()
    busy = patient(1.05, (limit("concurrency", 1),), slow, notes)
    first = asyncio.create_task(busy.serve(call(), Client()))
    await until(1, slow)

    with pytest.raises(RateLimited, match="key:alice"):
        await busy.serve(replace(call(), request_id="req_2"), Client())
    assert [(row.id, row.end_reason) for row in notes.ended] == [("req_2", "limit_reached")]
    slow.doors[0].set()
    await first


async def test_what_is_used_up_is_not_waited_for() -> None:
    notes = Notes()
    busy = patient(3600.0, (limit("requests", 1),), Provided(Scripted(200, JSON, [ANSWER])), notes)
    await busy.serve(call(), Client())

    with pytest.raises(QuotaExceeded) as refused:
        await busy.serve(call(), Client())
    assert b"x-ratelimit-remaining-requests: 0" in refused.value.headers


async def test_who_leaves_the_queue_lets_the_next_one_through() -> None:
    slow, notes = Slow(), Notes()
    busy = patient(30.0, (limit("concurrency", 1),), slow, notes)
    tasks = [asyncio.create_task(busy.serve(call(), Client())) for _ in range(3)]
    await until(1, slow)
    await asyncio.sleep(0.01)
    tasks[1].cancel()
    slow.doors[0].set()
    await until(2, slow)
    slow.doors[1].set()

    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in done] == [type(None), asyncio.CancelledError, type(None)]


async def test_an_answer_in_one_piece_is_bound_to_what_its_limit_leaves_and_says_so() -> None:
    provided, client = Provided(Scripted(200, JSON, [ANSWER])), Client()
    limited = gateway(provided, Notes(), catalog(limits=(limit("tokens", 2_000),)))
    await limited.serve(call(max_tokens=50_000), client)

    bound = int(client.headers.partition(b"x-tokenrouter-output-limit: ")[2].partition(b"\r\n")[0])
    assert bound < 2_000
    assert b'"max_tokens":%d' % bound in body_of(provided.asked[0])
    assert b"x-tokenrouter-changed: max_tokens" in client.headers
    assert b"x-ratelimit-remaining-tokens: 1988" in client.headers


async def test_too_little_for_any_answer_is_refused_before_the_provider_is_asked() -> None:
    provided, notes = Provided(Scripted(200, JSON, [ANSWER])), Notes()
    limited = gateway(provided, notes, catalog(limits=(limit("tokens", 80),)))

    with pytest.raises(LimitReached):
        await limited.serve(call(messages=[{"role": "user", "content": "x" * 70}]), Client())
    assert provided.asked == []
    assert notes.begun == []


async def make_known(limited: Gateway, provided: Provided) -> None:
    """Let the gateway see as many answers of a model as it needs to go by them."""
    for _ in range(ENOUGH):
        provided.outcome = Scripted(200, SSE, [CHUNK, LAST, DONE])
        await limited.serve(call(stream=True), Client())


async def test_a_stream_of_a_model_that_is_not_known_well_is_bounded_and_so_never_cut() -> None:
    notes, provided = Notes(), Provided(Scripted(200, JSON, [ANSWER]))
    limited = gateway(provided, notes, catalog(limits=(limit("tokens", 400_000),)))
    await limited.serve(call(), Client())
    provided.outcome = Scripted(200, SSE, [CHUNK, LAST, DONE])

    await limited.serve(call(stream=True), Client())
    bound = json.loads(body_of(provided.asked[-1]))["max_completion_tokens"]
    assert notes.held[-1].output_tokens == bound == UNASKED_ANSWER

    await make_known(limited, provided)
    assert "max_completion_tokens" not in json.loads(body_of(provided.asked[-1]))
    assert notes.held[-1].output_tokens < UNASKED_ANSWER


async def test_the_length_of_an_answer_is_that_of_each_of_its_alternatives() -> None:
    provided = Provided(Scripted(200, JSON, [ANSWER]))
    limited = gateway(provided, Notes())
    told = {"prompt_tokens": 9, "completion_tokens": 4_000}
    provided.outcome = Scripted(200, JSON, [json.dumps({"choices": [], "usage": told}).encode()])

    await limited.serve(call(n=4), Client())

    assert limited.books.estimates.of("acme", "small").answers.most == 1_000


async def test_a_stream_that_comes_to_its_limit_ends_by_length_and_is_charged_what_it_held() -> None:
    many = [CHUNK * 400 for _ in range(60)]
    notes, client = Notes(), Client()
    provided = Provided(Scripted(200, SSE, [CHUNK, LAST, DONE]))
    state = catalog(limits=(limit("tokens", 12_000),))
    limited = gateway(provided, notes, state)
    await make_known(limited, provided)
    provided.outcome = Scripted(200, SSE, [*many, LAST, DONE])

    with pytest.raises(QuotaExceeded):
        await limited.serve(call(stream=True), client)

    assert client.body.endswith(b'"finish_reason":"length"}]}\n\ndata: [DONE]\n\n')
    assert client.finished
    row = notes.ended[-1]
    assert (row.end_reason, row.estimated) == ("limit_reached", True)
    used = sum(row.usage.input_tokens + row.usage.output_tokens for row in notes.ended)
    assert used <= 12_000
    assert row.usage.output_tokens == notes.held[-1].output_tokens


@pytest.mark.parametrize("stream", [False, True])
async def test_a_limiter_over_the_network_is_awaited(stream: bool) -> None:
    pieces = [CHUNK * 400 for _ in range(30)] + [LAST, DONE] if stream else [ANSWER]
    far, notes, client = Far((limit("tokens", 10**7),)), Notes(), Client()
    provided = Provided(Scripted(200, SSE if stream else JSON, pieces))
    shared = far_gateway(provided, notes, far)
    await shared.serve(call(stream=stream), client)

    (state,) = far.near.states(("key:alice",))
    assert (state.used, state.held) == (12, 0)
    assert client.finished
    assert b"x-ratelimit-limit-tokens: 10000000" in client.headers


async def test_what_a_limiter_over_the_network_refuses_leaves_a_row() -> None:
    far, notes = Far((limit("requests", 0),)), Notes()

    with pytest.raises(LimitReached):
        await far_gateway(Provided(ProviderCut("x")), notes, far).serve(call(), Client())
    assert [row.end_reason for row in notes.ended] == ["limit_reached"]


async def test_a_client_that_leaves_while_the_limiter_is_asked_holds_nothing() -> None:
    far, notes = Far((limit("tokens", 10**6),)), Notes()
    task = asyncio.create_task(far_gateway(Slow(), notes, far).serve(call(), Client()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert all(state.held == 0 for state in far.near.states(("key:alice",)))


async def test_limits_are_told_as_the_predecessor_did_where_the_operator_wants_it() -> None:
    limits, client = (limit("requests", 1),), Client()
    state = replace(catalog(limits=limits), policy=Policy(quota_in_answers=True))
    limited = gateway(Provided(Scripted(200, JSON, [ANSWER])), Notes(), state)
    await limited.serve(call(), client)
    with pytest.raises(QuotaExceeded) as refused:
        await limited.serve(call(), Client())

    assert json.loads(client.body) == {**json.loads(ANSWER), "quota": {"requests": {"limit": 1, "remaining": 0}}}
    assert b"ratelimit-remaining: 0\r\n" in client.headers
    assert json.loads(refused.value.quota) == {"requests": {"limit": 1, "remaining": 0}}


async def test_addresses_count_for_a_limiter_over_the_network_too() -> None:
    by_address = Limit("net", "ip:10.0.0.0/8", "requests", Window("lifetime"), 1)
    far = Far((by_address,))
    far.looks_at_addresses = True
    shared = far_gateway(Provided(Scripted(200, JSON, [ANSWER])), Notes(), far)
    asked = call()
    asked = replace(asked, head=replace(asked.head, client_ip="10.1.2.3"))
    await shared.serve(asked, Client())

    with pytest.raises(QuotaExceeded, match=r"ip:10\.0\.0\.0/8"):
        await shared.serve(asked, Client())


IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]}]


@pytest.mark.parametrize("metric", ["tokens", "input_tokens", "cost_usd"])
async def test_input_without_a_bound_is_refused_under_a_hard_limit_where_it_is_to_be(metric: Metric) -> None:
    notes, provided = Notes(), Provided(Scripted(200, JSON, [ANSWER]))
    limits = (limit(metric, 10**9),)
    strict = catalog(limits=limits, unbounded_input="deny", allow_unpriced=True)
    strict.prices["acme/small"] = flat_price(1_000_000, 2_000_000)
    limited = gateway(provided, notes, strict)

    with pytest.raises(InputUnbounded, match=r"'messages' holds an image .* \(unbounded_input = deny\)") as refused:
        await limited.serve(call(messages=IMAGE), Client())
    assert (refused.value.status, refused.value.param) == (400, "messages")
    assert (provided.asked, notes.begun) == ([], [])
    await limited.serve(call(), Client())
    assert notes.held[-1].requests == 1


@pytest.mark.parametrize(
    ("limits", "key", "policy"),
    [
        ((limit("tokens", 10**9),), {}, Policy()),
        ((limit("tokens", 10**9),), {"unbounded_input": "allow"}, Policy(unbounded_input="deny")),
        ((limit("requests", 10),), {"unbounded_input": "deny"}, Policy()),
        ((limit("output_tokens", 10**9),), {"unbounded_input": "deny"}, Policy()),
        ((replace(limit("tokens", 10**9), mode="soft"),), {"unbounded_input": "deny"}, Policy()),
        ((), {"unbounded_input": "deny"}, Policy()),
    ],
)
async def test_else_it_is_sent(limits: tuple[Limit, ...], key: dict[str, Any], policy: Policy) -> None:
    provided = Provided(Scripted(200, JSON, [ANSWER]))
    state = replace(catalog(limits=limits, **key), policy=policy)

    await gateway(provided, Notes(), state).serve(call(messages=IMAGE), Client())

    assert len(provided.asked) == 1


async def test_a_refused_input_holds_nothing_where_the_limiter_is_far_away() -> None:
    far = Far((limit("tokens", 10**6),))
    limited = far_gateway(Provided(ProviderCut("x")), Notes(), far, catalog(unbounded_input="deny"))

    with pytest.raises(InputUnbounded):
        await limited.serve(call(messages=IMAGE), Client())
    assert [(each.used, each.held) for each in await far.states(("key:alice",))] == [(0, 0)]


# Without waiting.


async def test_what_is_free_is_taken_and_what_is_not_leaves_no_trace() -> None:
    notes = Notes()
    state = catalog(limits=(limit("requests", 1),))
    asked = gateway(Provided(Scripted(200, JSON, [ANSWER])), notes, state)
    entrance = asked._entrance
    first, second = (exchange_of(asked, f"req_{number}") for number in (1, 2))

    assert await entrance.enter_if_free(first)
    assert not await entrance.enter_if_free(second)
    assert (entrance.admission.running, notes.begun, notes.ended) == (1, ["req_1"], [])


async def test_nobody_is_overtaken_who_waits_for_a_place() -> None:
    asked = gateway(Provided(Scripted(200, JSON, [ANSWER])), Notes(), catalog())
    asked.apply(Policy(max_concurrent_requests=1))
    assert asked.admission.try_enter()

    assert not await asked._entrance.enter_if_free(exchange_of(asked, "req_1"))


def exchange_of(asked: Gateway, request_id: str) -> Exchange:
    """An exchange that has taken nothing yet."""
    made = replace(call(), request_id=request_id)
    directory = asked._source.current()
    principal = directory.principal(made.head.digest, made.now_s)
    peeked = made.head.dialect.peek(made.body)
    plan = lanes_of(directory, principal, made.head.dialect, peeked.model, Told(), books=asked.books)
    return Exchange(made, plan.lanes[0], peeked, Client(), asked._ports)
