import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.limits.redis_nodes import HARD, a_node, used_and_held
from tests.limits.suite import ALICE, ONE, a_limit
from tests.redis.test_connection import until
from tokenrouter.domain.limits import Amounts
from tokenrouter.limits.redis import RedisLimiter
from tokenrouter.limits.redis_corrections import Correction, RedisCorrections
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.redis.connection import RedisAway
from tokenrouter.testing.valkey import ValkeyServer

RATE = a_limit("key:alice", "tokens", "60s", 1000)
TOTAL = a_limit("key:alice", "tokens", "lifetime", 1000)
LIMITS = HARD, RATE, TOTAL, a_limit("global", "concurrency", "lifetime", 9)
USED = Amounts(1, 10, 5)


@pytest.fixture
async def corrections(valkey: ValkeyServer) -> AsyncIterator[RedisCorrections]:
    valkey.ask("FLUSHALL")
    told = RedisCorrections(parse_redis_url(valkey.url))
    running = asyncio.create_task(told.run())
    await until(lambda: told._connection.is_open)
    yield told
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def a_correction(limiter: RedisLimiter, request_id: str, *, started_s: float = 0.0) -> Correction:
    started_s = started_s or limiter._node.now_s()
    return Correction(request_id, started_s, USED, [(limit, limit.scope) for limit in LIMITS])


async def test_a_request_is_settled_at_what_its_journal_says_before_its_node_is_missed(
    valkey: ValkeyServer, corrections: RedisCorrections
) -> None:
    async with a_node(valkey, *LIMITS) as limiter:
        await limiter.reserve("r1", ALICE, ONE)
        for _ in range(2):
            await corrections.correct(a_correction(limiter, "r1"))

        assert await used_and_held(limiter, ALICE) == [(15, 0), (15, 0), (15, 0), (0, 0)]


async def test_a_request_that_was_charged_what_it_held_is_charged_what_it_used(
    valkey: ValkeyServer, corrections: RedisCorrections
) -> None:
    async with a_node(valkey, *LIMITS) as limiter:
        await limiter.reserve("r1", ALICE, ONE)
        await limiter.close()
    async with a_node(valkey, *LIMITS, name="next") as limiter:
        assert await used_and_held(limiter, ALICE) == [(30, 0), (30, 0), (30, 0), (0, 0)]
        for _ in range(2):
            await corrections.correct(a_correction(limiter, "r1"))

        assert await used_and_held(limiter, ALICE) == [(15, 0), (15, 0), (15, 0), (0, 0)]


async def test_a_request_of_this_epoch_that_is_not_known_was_settled_by_its_node(
    valkey: ValkeyServer, corrections: RedisCorrections
) -> None:
    async with a_node(valkey, *LIMITS) as limiter:
        (await limiter.reserve("r1", ALICE, ONE)).settle(ONE)
        await until(lambda: not limiter.unsettled)
        await corrections.correct(a_correction(limiter, "r1", started_s=limiter._node.now_s() + 1))

        assert await used_and_held(limiter, ALICE) == [(30, 0), (30, 0), (30, 0), (0, 0)]


async def test_a_request_from_before_the_server_was_emptied_is_added_once(
    valkey: ValkeyServer, corrections: RedisCorrections
) -> None:
    async with a_node(valkey, *LIMITS) as limiter:
        for _ in range(2):
            await corrections.correct(a_correction(limiter, "r1", started_s=limiter._node.now_s() - 20))

        assert await used_and_held(limiter, ALICE) == [(15, 0), (15, 0), (15, 0), (0, 0)]


async def test_a_server_that_is_away_is_told_again_later(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD) as limiter:
        with pytest.raises(RedisAway):
            await RedisCorrections(parse_redis_url(valkey.url)).correct(a_correction(limiter, "r1"))
