"""What the limiter does while its server is away or slow."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.limits.redis_nodes import BRIEF_S, HARD, a_node, provoke, used_and_held
from tests.limits.suite import ALICE, BOB, ONE, a_limit
from tests.redis.test_connection import until
from tokenrouter.domain.errors import CountersNotReady, RateLimited
from tokenrouter.domain.limits import Amounts
from tokenrouter.testing.valkey import ValkeyServer

RATE = a_limit("key:alice", "requests", "60s", 4)
SOFT = a_limit("key:bob", "tokens", "day", 1000, "soft")


@pytest.fixture(autouse=True)
def empty(valkey: ValkeyServer) -> Iterator[None]:
    valkey.ask("FLUSHALL")
    yield
    valkey.go_on()


async def test_a_server_that_stops_answering_costs_a_hard_limit_503_and_a_soft_one_nothing(
    valkey: ValkeyServer,
) -> None:
    async with a_node(valkey, HARD, SOFT, deadline_s=BRIEF_S) as limiter:
        valkey.pause()
        with pytest.raises(CountersNotReady) as refusal:
            await limiter.reserve("r1", ALICE, ONE)
        soft = await limiter.reserve("r2", BOB, ONE)
        assert await soft.extend(Amounts(1, 10, 90))
        soft.settle(Amounts(1, 10, 90))
        valkey.go_on()
        await until(lambda: limiter.is_connected and not limiter.unsettled)

        assert refusal.value.retry_after_s is not None
        assert await used_and_held(limiter, ALICE) == [(0, 0)]
        assert await used_and_held(limiter, BOB) == [(100, 0)]


async def test_a_server_that_has_just_gone_is_waited_for(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD) as limiter:
        valkey.ask("CLIENT", "KILL", "TYPE", "normal")
        await until(lambda: not limiter.is_connected)

        reservation = await limiter.reserve("r1", ALICE, ONE)

        assert await used_and_held(limiter, ALICE) == [(0, 30)]
        assert [(state.used, state.held) for state in reservation.states()] == [(0, 30)]


async def test_a_server_that_is_gone_for_long_is_not_waited_for(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD, deadline_s=BRIEF_S) as limiter:
        valkey.kill()
        try:
            await until(lambda: not limiter.is_connected)
            await asyncio.sleep(BRIEF_S * 1.2)
            with pytest.raises(CountersNotReady):
                await asyncio.wait_for(limiter.reserve("r1", ALICE, ONE), 0.1)
        finally:
            valkey.start()


async def test_a_stream_under_a_hard_limit_does_not_grow_while_nobody_can_say(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD, deadline_s=BRIEF_S) as limiter:
        reservation = await limiter.reserve("r1", ALICE, ONE)
        valkey.pause()

        assert not await reservation.extend(Amounts(1, 10, 90))
        assert reservation.held == ONE


async def test_rates_may_be_kept_here_for_this_nodes_share(valkey: ValkeyServer) -> None:
    async with (
        a_node(
            valkey, RATE, a_limit("global", "concurrency", "lifetime", 9), redis_loss="local", deadline_s=BRIEF_S
        ) as limiter,
        a_node(valkey, RATE, name="other"),
    ):
        await limiter.renew()
        valkey.pause()
        await provoke(limiter)
        assert not limiter.is_connected

        running = [await limiter.reserve(f"r{number}", ALICE, ONE) for number in range(2)]
        with pytest.raises(RateLimited):
            await limiter.reserve("r3", ALICE, ONE)
        for reservation in running:
            reservation.settle(ONE)
        valkey.go_on()
        await until(lambda: limiter.is_connected and not limiter.unsettled and not limiter.unrestored)

        assert await used_and_held(limiter, ALICE) == [(2, 0), (0, 0)]


async def test_a_boost_is_shared_among_the_nodes_too(valkey: ValkeyServer) -> None:
    boosted = replace(RATE, amount=3, boost=3, boost_until_s=time.time() + 3600)
    async with (
        a_node(valkey, boosted, redis_loss="local", deadline_s=BRIEF_S) as limiter,
        a_node(valkey, boosted, name="other"),
    ):
        await limiter.renew()
        valkey.pause()
        await provoke(limiter)

        for number in range(3):
            await limiter.reserve(f"r{number}", ALICE, ONE)
        with pytest.raises(RateLimited):
            await limiter.reserve("r3", ALICE, ONE)


async def test_quotas_are_never_kept_here(valkey: ValkeyServer) -> None:
    async with a_node(valkey, RATE, HARD, redis_loss="local", deadline_s=BRIEF_S) as limiter:
        valkey.pause()
        await provoke(limiter)
        assert not limiter.is_connected

        with pytest.raises(CountersNotReady):
            await limiter.reserve("r1", ALICE, ONE)


async def test_without_a_limit_nobody_is_asked(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD) as limiter:
        valkey.pause()
        reservation = await asyncio.wait_for(limiter.reserve("r1", BOB, ONE), 0.1)

        assert await reservation.extend(Amounts(1, 10**9))
        reservation.settle(ONE)
        assert not limiter.unsettled
