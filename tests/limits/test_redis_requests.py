import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from tests.limits.redis_keeper import Sums
from tests.limits.redis_nodes import BRIEF_S, HARD, a_node, used_and_held
from tests.limits.suite import ALICE, ONE, a_limit
from tests.redis.test_connection import until
from tokenrouter.limits import redis_requests
from tokenrouter.testing.valkey import ValkeyServer


@pytest.fixture(autouse=True)
def empty(valkey: ValkeyServer) -> Iterator[None]:
    valkey.ask("FLUSHALL")
    yield
    valkey.go_on()


SOFT = a_limit("key:alice", "tokens", "day", 1000, "soft")


async def test_what_ends_while_the_server_is_away_is_counted_once_when_it_is_back(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD, deadline_s=BRIEF_S) as limiter:
        reservation = await limiter.reserve("r1", ALICE, ONE)
        valkey.pause()
        reservation.settle(ONE)
        reservation.settle(ONE)
        await until(lambda: not limiter.is_connected)
        valkey.go_on()
        await until(lambda: limiter.is_connected and not limiter.unsettled)

        assert await used_and_held(limiter, ALICE) == [(30, 0)]


async def test_a_request_that_is_cancelled_while_it_asks_holds_nothing(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD) as limiter:
        valkey.pause()
        asking = asyncio.create_task(limiter.reserve("r1", ALICE, ONE))
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        valkey.go_on()
        await until(lambda: not limiter.unsettled)

        assert await used_and_held(limiter, ALICE) == [(0, 0)]


async def test_endings_beyond_the_bound_are_read_from_the_ledger_again(
    valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_requests, "MAX_UNSETTLED", 2)
    sums = Sums(is_away=False)
    async with a_node(valkey, HARD, sums=sums, deadline_s=BRIEF_S) as limiter:
        await until(lambda: not limiter.unrestored)
        running = [await limiter.reserve(f"r{number}", ALICE, ONE) for number in range(5)]
        valkey.pause()
        for reservation in running:
            reservation.settle(ONE)
        sums.used = {(HARD.id, "key:alice"): 150}
        await until(lambda: not limiter.is_connected)
        valkey.go_on()
        await until(lambda: limiter.is_connected and not limiter.unrestored and not limiter.unsettled)

        assert await used_and_held(limiter, ALICE) == [(150, 0)]


async def test_requests_that_begin_and_end_while_connections_come_and_go_are_each_counted_once(
    valkey: ValkeyServer,
) -> None:
    numbers = count(1)
    async with a_node(valkey, SOFT) as limiter:

        async def client() -> None:
            for _ in range(50):
                reservation = await limiter.reserve(f"r{next(numbers)}", ALICE, ONE)
                await asyncio.sleep(0.001)
                reservation.settle(ONE)

        async def cut() -> None:
            for _ in range(20):
                await asyncio.sleep(0.01)
                limiter._connection.abort("the test cut it")

        await asyncio.gather(cut(), *(client() for _ in range(8)))
        found: list[tuple[int, int]] = []
        while not found:  # the last cut may not have been noticed yet; there is nothing to be read then
            await asyncio.sleep(0.01)
            await until(lambda: limiter.is_up_to_date and not limiter.unsettled)
            found = await used_and_held(limiter, ALICE)

        assert found == [(8 * 50 * 30, 0)]
