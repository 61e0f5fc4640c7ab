"""Two targets asked at once: one client, one answer, two rows in the books."""

import asyncio
import contextlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.fakes import Client, Fed, Held, Notes, Scripted, Tokens, catalog
from tests.gateway.test_engine import ANSWER, CHUNK, DONE, JSON, LAST, SSE, call
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import OnDisconnect, Provider
from tokenrouter.domain.conduct import Conduct
from tokenrouter.domain.errors import GatewayError, ProviderCut, ProviderUnreachable
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.gateway.attempts import Wisdom
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Exchange, Ports
from tokenrouter.gateway.hedging import MOST, HedgeBudget
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.outbound import UpstreamRequest

SOON_S = 0.01
DOWN = ProviderUnreachable("down", provider="acme")
BAD = (400, b'{"error":{"message":"bad","type":"invalid_request_error"}}')
ONE = Limit("r", "key:alice", "requests", Window("lifetime"), 1)
MANY = Limit("r", "key:alice", "requests", Window("lifetime"), 100)


class Slow:
    """A provider that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer: asyncio.Future[Scripted] = asyncio.get_running_loop().create_future()
        self.cancelled = False

    async def send(self) -> Scripted:
        self.asked.set()
        try:
            return await asyncio.shield(self.answer)
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    def give(self, outcome: Scripted | Exception) -> None:
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


def whole(body: bytes = ANSWER, status: int = 200) -> Scripted:
    return Scripted(status, JSON, [body])


def stream(*, ending: Exception | None = None) -> Scripted:
    return Scripted(200, SSE, [CHUNK] if ending else [CHUNK, LAST, DONE], ending)


class House:
    """A gateway whose alias `best` leads to `acme`, then `other`, then `third`, each of which answers when told."""

    def __init__(
        self, *limits: Limit, conduct: Conduct | None = None, on_disconnect: OnDisconnect = "cancel", places: int = 2
    ) -> None:
        names = ("acme", "other", "third")[:places]
        self.providers = {name: Slow() for name in names}
        base = catalog()
        providers = tuple(
            Provider(name, "openai-compatible", "http://127.0.0.1:9/v1", on_disconnect=on_disconnect) for name in names
        )
        conduct = conduct or Conduct(hedge=True, hedge_after_s=SOON_S, hedge_percent=100)
        best = Alias("best", tuple(Target(f"{name}/m") for name in names), conduct=conduct)
        state = replace(base, providers=providers, aliases=(best,), limits=limits)
        self.notes, self.figures = Notes(), Figures()
        self.limiter = MemoryLimiter(limits, restored=True)
        ports = Ports(self.notes, self.limiter, self.figures, Tokens())
        self.gateway = Gateway(Held(Directory(state, b"")), self, ports)
        self.gateway._wisdom = Wisdom(chance=lambda: 0.0, count=self.figures.count)
        self.asked: list[str] = []

    async def send(self, request: UpstreamRequest) -> Scripted:
        self.asked.append(request.to.provider)
        return await self.providers[request.to.provider].send()

    def ask(self, client: Client, *, stream: bool = False) -> asyncio.Task[None]:
        return asyncio.create_task(self.gateway.serve(call(model="best", stream=stream), client))

    async def both_asked(self) -> tuple[Slow, Slow]:
        first, second = self.providers["acme"], self.providers["other"]
        await first.asked.wait()
        await second.asked.wait()
        return first, second

    @property
    def rows(self) -> list[tuple[str, str, str, int]]:
        return [(row.id, row.provider, row.end_reason, row.count) for row in self.notes.ended]

    @property
    def hedges(self) -> dict[tuple[str, str], int]:
        events = self.figures.snapshot()["events"]
        return {(provider, outcome): count for event, provider, outcome, count in events if event == "hedges"}

    async def settled(self, *, counted: tuple[int, ...] = (1,)) -> None:
        """What every ending leaves: nothing running, no place taken, nothing held, one request counted."""
        await asyncio.sleep(0)
        assert not self.gateway.in_flight
        assert self.gateway.admission.running == 0
        assert all(state.held == 0 for state in self.limiter.states(("key:alice",)))
        assert sum(row.count for row in self.notes.ended) in counted
        assert not self.notes._open
        used = sum(row.usage.output_tokens for row in self.notes.ended)
        assert [state.used for state in self.limiter.states(("key:alice",)) if state.limit.id == "t"] in ([], [used])


TOKENS = Limit("t", "key:alice", "output_tokens", Window("lifetime"), 10_000_000)


@pytest.fixture
async def house() -> House:
    return House(MANY, TOKENS)


@pytest.mark.parametrize("kind", ["whole", "stream"])
async def test_the_second_wins_where_the_first_lets_its_client_wait(house: House, kind: str) -> None:
    client = Client()
    asking = house.ask(client, stream=kind == "stream")
    first, second = await house.both_asked()
    second.give(whole() if kind == "whole" else stream())
    await asking

    assert client.finished
    assert client.body == ANSWER if kind == "whole" else client.body == CHUNK + DONE
    assert b"x-tokenrouter-provider: other\r\n" in client.headers
    assert b"x-tokenrouter-attempts: 2\r\n" in client.headers
    assert first.cancelled
    assert sorted(house.rows) == [("req_1", "acme", "hedge_lost", 0), ("req_1.2", "other", "completed", 1)]
    assert house.hedges == {("other", "won"): 1}
    await house.settled()


async def test_the_first_wins_where_it_is_faster_in_the_end(house: House) -> None:
    client = Client()
    asking = house.ask(client)
    first, second = await house.both_asked()
    first.give(whole())
    await asking

    assert b"x-tokenrouter-provider: acme\r\n" in client.headers
    assert second.cancelled
    assert sorted(house.rows) == [("req_1", "acme", "completed", 1), ("req_1.2", "other", "hedge_lost", 0)]
    assert house.hedges == {("other", "lost"): 1}
    await house.settled()


async def test_what_was_lost_is_charged_as_it_may_be_billed(house: House) -> None:
    asking = house.ask(Client())
    _, second = await house.both_asked()
    second.give(whole())
    await asking

    lost = next(row for row in house.notes.ended if row.end_reason == "hedge_lost")
    assert lost.estimated
    assert (lost.usage.input_tokens > 0, lost.usage.output_tokens > 0) == (True, True)


async def test_nobody_else_is_asked_where_the_first_is_fast(house: House) -> None:
    house.providers["acme"].give(whole())
    await house.ask(Client())

    assert house.asked == ["acme"]
    assert house.hedges == {}
    await house.settled()


async def test_the_loser_never_writes_and_the_winners_bytes_stay_alone(house: House) -> None:
    client = Client()
    asking = house.ask(client, stream=True)
    first, second = await house.both_asked()
    streams = Fed(), Fed()
    first.give(streams[0])
    second.give(streams[1])
    await streams[0].pumped.wait()
    await streams[1].pumped.wait()
    streams[1].push(CHUNK)
    streams[0].push(CHUNK, CHUNK, LAST, DONE)  # before its cancellation has reached it
    streams[1].push(LAST, DONE)
    streams[1].finish()
    await asking

    assert client.body == CHUNK + DONE
    assert sorted(row[2:] for row in house.rows) == [("completed", 1), ("hedge_lost", 0)]
    await house.settled()


async def test_where_the_first_fails_the_second_goes_on(house: House) -> None:
    client = Client()
    asking = house.ask(client)
    first, second = await house.both_asked()
    first.give(DOWN)
    await asyncio.sleep(0)
    second.give(whole())
    await asking

    assert client.body == ANSWER
    assert sorted(house.rows) == [("req_1", "acme", "provider_unreachable", 0), ("req_1.2", "other", "completed", 1)]
    await house.settled()


async def test_where_the_second_fails_the_first_goes_on(house: House) -> None:
    client = Client()
    asking = house.ask(client)
    first, second = await house.both_asked()
    second.give(whole(b"garbage"))
    await asyncio.sleep(0)
    first.give(whole())
    await asking

    assert client.body == ANSWER
    assert sorted(row[3] for row in house.rows) == [0, 1]
    assert house.hedges == {("other", "lost"): 1}
    await house.settled()


async def test_where_both_fail_the_next_place_is_asked() -> None:
    house, client = House(MANY, places=3), Client()
    asking = house.ask(client)
    first, second = await house.both_asked()
    house.providers["third"].give(whole())
    first.give(DOWN)
    second.give(DOWN)
    await asking

    assert house.asked == ["acme", "other", "third"]
    assert client.body == ANSWER
    assert house.hedges == {("other", "failed"): 1}
    await house.settled()


@pytest.mark.parametrize("order", ["first", "second"])
async def test_where_all_fail_the_last_ones_error_is_told(house: House, order: str) -> None:
    client = Client()
    asking = house.ask(client, stream=True)
    first, second = await house.both_asked()
    last = ProviderCut("cut", provider="last")
    early, late = (first, second) if order == "second" else (second, first)
    early.give(DOWN)
    await asyncio.sleep(0)
    late.give(last)
    with pytest.raises(GatewayError) as told:
        await asking

    assert told.value is last
    assert not client.started
    await house.settled()


async def test_what_the_client_has_to_mend_is_told_at_once(house: House) -> None:
    client = Client()
    asking = house.ask(client)
    first, second = await house.both_asked()
    first.give(whole(BAD[1], 400))
    await asking

    assert (client.status, client.body) == BAD
    assert second.cancelled
    await house.settled()


async def test_a_stream_that_breaks_after_it_has_won_ends_with_its_error(house: House) -> None:
    client = Client()
    asking = house.ask(client, stream=True)
    first, second = await house.both_asked()
    second.give(stream(ending=ProviderCut("cut", provider="other")))
    with pytest.raises(ProviderCut):
        await asking

    assert client.body.startswith(CHUNK)
    assert b'"error"' in client.body
    assert first.cancelled
    await house.settled()


@pytest.mark.parametrize("turns", range(1, 12))
async def test_a_client_that_leaves_takes_both_along_whenever_it_leaves(house: House, turns: int) -> None:
    asking = house.ask(Client())
    for _ in range(turns):
        await asyncio.sleep(SOON_S / 5)
    asking.cancel("client_disconnect")
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert all(house.providers[name].cancelled for name in house.asked)
    assert {row[2] for row in house.rows} == {"client_disconnect"}
    await house.settled()


async def test_a_client_that_leaves_at_once_leaves_nothing_open(house: House) -> None:
    asking = house.ask(Client())
    await asyncio.sleep(0)
    asking.cancel("client_disconnect")
    with pytest.raises(asyncio.CancelledError):
        await asking

    await house.settled()


async def test_no_second_is_asked_where_a_limit_leaves_no_room() -> None:
    house = House(ONE)
    client = Client()
    asking = house.ask(client)
    await house.providers["acme"].asked.wait()
    await asyncio.sleep(SOON_S * 3)
    house.providers["acme"].give(whole())
    await asking

    assert house.asked == ["acme"]
    assert house.rows == [("req_1", "acme", "completed", 1)]
    await house.settled()


async def test_a_provider_that_is_to_be_drained_is_read_to_its_end() -> None:
    house = House(MANY, TOKENS, on_disconnect="drain")
    asking = house.ask(Client())
    first, second = await house.both_asked()
    second.give(whole())
    await asking
    assert [row[2] for row in house.rows] == ["completed"]

    first.give(whole())
    await house.gateway.close(5.0)

    lost = house.notes.ended[1]
    assert (lost.end_reason, lost.count, lost.estimated) == ("hedge_lost", 0, False)
    assert lost.usage.output_tokens == house.notes.ended[0].usage.output_tokens
    await house.settled()


async def test_without_a_time_said_nobody_is_asked_before_the_usual_time_is_known() -> None:
    house = House(MANY, conduct=Conduct(hedge=True, hedge_percent=100))
    asking = house.ask(Client())
    await house.providers["acme"].asked.wait()
    await asyncio.sleep(SOON_S * 3)
    house.providers["acme"].give(whole())
    await asking
    assert house.asked == ["acme"]

    for _ in range(16):
        house.providers["acme"] = Slow()
        house.providers["acme"].give(whole())
        await house.ask(Client())
    house.asked.clear()
    house.providers["acme"] = Slow()
    asking = house.ask(Client())
    _, second = await house.both_asked()
    second.give(whole())
    await asking

    assert house.asked == ["acme", "other"]


async def test_a_target_that_is_left_alone_is_no_second() -> None:
    house = House(MANY)
    for _ in range(3):
        house.gateway._wisdom.health.failed("other/m", DOWN)
    asking = house.ask(Client())
    await house.providers["acme"].asked.wait()
    await asyncio.sleep(SOON_S * 3)
    house.providers["acme"].give(whole())
    await asking

    assert house.asked == ["acme"]


async def test_a_second_place_whose_limits_are_asked_for_too_long_is_let_go_of(house: House) -> None:
    client, entered, go_on = Client(), asyncio.Event(), asyncio.Event()
    enter = house.gateway._entrance.enter_if_free

    async def enter_slowly(exchange: Exchange) -> bool:  # as with limits that are asked over the network
        is_in = await enter(exchange)
        entered.set()
        await go_on.wait()
        return is_in

    house.gateway._entrance.enter_if_free = enter_slowly  # type: ignore[method-assign]
    asking = house.ask(client)
    await entered.wait()
    house.providers["acme"].give(whole())
    while not client.finished:
        await asyncio.sleep(0)
    go_on.set()
    await asking

    assert house.asked == ["acme"]
    lost = next(row for row in house.notes.ended if row.end_reason == "hedge_lost")
    assert (lost.provider, lost.count, lost.usage.input_tokens, lost.usage.output_tokens) == ("other", 0, 0, 0)
    await house.settled()


async def test_a_place_that_was_let_go_of_is_asked_in_its_turn(house: House) -> None:
    client, entered, go_on = Client(), asyncio.Event(), asyncio.Event()
    enter = house.gateway._entrance.enter_if_free

    async def enter_slowly(exchange: Exchange) -> bool:
        is_in = await enter(exchange)
        entered.set()
        await go_on.wait()
        return is_in

    house.gateway._entrance.enter_if_free = enter_slowly  # type: ignore[method-assign]
    asking = house.ask(client)
    await entered.wait()
    house.providers["acme"].give(DOWN)
    while len(house.gateway.in_flight) > 0:
        await asyncio.sleep(0)
    house.providers["other"].give(whole())
    go_on.set()
    await asking

    assert house.asked == ["acme", "other"]
    assert client.body == ANSWER
    await house.settled()


async def test_a_target_that_lost_is_known_to_be_slow(house: House) -> None:
    asking = house.ask(Client(), stream=True)
    _, second = await house.both_asked()
    second.give(stream())
    await asking

    load = house.gateway.books.loads.of("acme/m")
    assert load.wait(stream=True) >= SOON_S
    assert load.in_flight == 0


def test_a_budget_is_a_share_of_the_requests() -> None:
    budget, spent = HedgeBudget(), 0
    for _ in range(1000):
        budget.asked("best", 5.0)
        if budget.allows("best"):
            budget.spent("best")
            spent += 1

    assert 50 <= spent <= 51


def test_a_budget_is_not_saved_up_and_none_is_none() -> None:
    budget = HedgeBudget()
    for _ in range(10_000):
        budget.asked("best", 5.0)
        budget.asked("never", 0.0)
    saved = 0
    while budget.allows("best"):
        budget.spent("best")
        saved += 1

    assert saved == MOST
    assert not budget.allows("never")


# Whatever happens, in any order.

Step = tuple[str, str]
PLACES = ["acme", "other", "third"]
STEPS = st.tuples(
    st.sampled_from([*PLACES, "wait", "leave"]), st.sampled_from(["good", "down", "garbage", "bad", "busy", "broken"])
)


def outcome_of(kind: str, *, streams: bool) -> Scripted | Exception:
    outcomes: dict[str, Scripted | Exception] = {
        "good": stream() if streams else whole(),
        "down": DOWN,
        "garbage": whole(b"garbage"),
        "bad": whole(BAD[1], 400),
        "busy": whole(b'{"error":{"message":"busy","type":"server_error"}}', 503),
        "broken": stream(ending=ProviderCut("cut", provider="p")) if streams else ProviderCut("cut", provider="p"),
    }
    return outcomes[kind]


async def play(steps: list[Step], *, streams: bool, drains: bool) -> tuple[Client, bool]:
    """Let a request meet `steps`, and return what its client got, and whether it left."""
    house = House(MANY, TOKENS, places=3, on_disconnect="drain" if drains else "cancel")
    client, has_left = Client(), False
    house.gateway._wisdom.sleep = asyncio.sleep
    asking = house.ask(client, stream=streams)
    await asyncio.sleep(0)
    for who, kind in steps:
        if who == "leave" and not asking.done():
            has_left = True
            asking.cancel("client_disconnect")
        elif who == "wait":
            await asyncio.sleep(SOON_S * 1.5)
        elif who in house.providers and not house.providers[who].answer.done():
            house.providers[who].give(outcome_of(kind, streams=streams))
        await asyncio.sleep(0)
    for name in PLACES:
        if not house.providers[name].answer.done():
            house.providers[name].give(outcome_of("good", streams=streams))
    with contextlib.suppress(GatewayError, asyncio.CancelledError):
        await asyncio.wait_for(asking, 60)
    await house.gateway.close(5)
    await house.settled(counted=(0, 1) if has_left else (1,))  # nobody may have been asked just when it left
    return client, has_left


@settings(max_examples=30, deadline=None)
@given(st.lists(STEPS, max_size=8), st.booleans(), st.booleans())
def test_no_request_is_lost_counted_twice_or_shortened(steps: list[Step], streams: bool, drains: bool) -> None:
    client, has_left = asyncio.run(play(steps, streams=streams, drains=drains))

    good = CHUNK + DONE if streams else ANSWER
    if client.finished and client.status == 200 and not has_left:
        assert client.body == good or (client.body.startswith(CHUNK) and b'"error"' in client.body)
    assert client.body.count(CHUNK) <= 1
