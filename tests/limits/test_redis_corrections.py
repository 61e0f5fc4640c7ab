import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.limits.redis_nodes import HARD, a_node, used_and_held
from tests.limits.suite import ALICE, ONE, a_limit
from tests.redis.test_connection import until
from tokenrouter.domain.limits import Amounts
from tokenrouter.limits.redis import RedisLimiter
from tokenrouter.limits.redis_corrections import Correction, RedisCorrections, Remains
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.redis.connection import RedisAway, RedisRefused
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


async def test_an_interval_of_which_only_a_request_from_before_is_known_begins_with_that(
    valkey: ValkeyServer, corrections: RedisCorrections
) -> None:
    interval = a_limit("key:alice", "tokens", "interval:100s", 1000)
    async with a_node(valkey, interval) as limiter:
        started_s = limiter._node.now_s() - 40
        await corrections.correct(Correction("r1", started_s, USED, [(interval, interval.scope)]))

        (state,) = await limiter.states(ALICE)
        assert state.used == 15
        assert state.resets_in_s is not None
        assert state.resets_in_s <= 60, "a hundred seconds after its first use, not after our hearing of it"


async def test_a_server_that_is_away_is_told_again_later(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD) as limiter:
        with pytest.raises(RedisAway):
            await RedisCorrections(parse_redis_url(valkey.url)).correct(a_correction(limiter, "r1"))


@pytest.mark.parametrize("is_missed", [False, True])
async def test_of_a_dead_node_is_left_what_it_never_settled(
    valkey: ValkeyServer, corrections: RedisCorrections, is_missed: bool
) -> None:
    async with a_node(valkey, *LIMITS, name="other") as other:
        async with a_node(valkey, *LIMITS, name="dead") as limiter:
            await limiter.reserve("r1", ALICE, ONE)
            (await limiter.reserve("r2", ALICE, ONE)).settle(USED)
            await until(lambda: not limiter.unsettled)
        if is_missed:
            valkey.ask("ZADD", f"{other._node.base}leases", "0", "dead")
            await other.renew()

        assert await corrections.bury("dead") == Remains(was_here=True, request_ids=frozenset({"r1"}))
        assert await used_and_held(other, ALICE) == [(45, 0), (45, 0), (45, 0), (0, 0)]
        await corrections.correct(Correction("r1", other._node.now_s(), Amounts(), ()))
        assert await used_and_held(other, ALICE) == [(15, 0), (15, 0), (15, 0), (0, 0)]
        assert (await other.renew()).live == {"other"}


async def test_nothing_is_left_of_a_node_that_nobody_knows(valkey: ValkeyServer, corrections: RedisCorrections) -> None:
    assert await corrections.bury("nobody") == Remains(was_here=False, request_ids=frozenset())
    async with a_node(valkey, HARD):
        assert await corrections.bury("nobody") == Remains(was_here=False, request_ids=frozenset())


async def test_what_a_dead_node_sent_last_comes_too_late(valkey: ValkeyServer, corrections: RedisCorrections) -> None:
    async with a_node(valkey, HARD) as limiter:
        await corrections.bury("node")
        with pytest.raises(RedisRefused):
            await limiter._node.renew("")


async def test_of_several_who_hold_a_debt_one_pays_it(valkey: ValkeyServer, corrections: RedisCorrections) -> None:
    async with a_node(valkey, *LIMITS, name="other") as other:
        async with a_node(valkey, *LIMITS, name="dead") as limiter:
            await limiter.reserve("debt/1", ALICE, ONE)
        (await other.reserve("debt/2", ALICE, ONE)).settle(USED)
        (await other.reserve("debt/3", ALICE, ONE)).settle(Amounts())
        await until(lambda: not other.unsettled)

        await corrections.bury("dead")
        for _ in range(2):
            await corrections.correct(a_correction(other, "debt/1"))

        assert await used_and_held(other, ALICE) == [(15, 0), (15, 0), (15, 0), (0, 0)]


async def test_a_debt_whose_payer_died_is_paid_once(valkey: ValkeyServer, corrections: RedisCorrections) -> None:
    async with a_node(valkey, *LIMITS, name="other") as other:
        async with a_node(valkey, *LIMITS, name="dead") as limiter:
            await limiter.reserve("debt/1", ALICE, ONE)
        await corrections.bury("dead")
        for _ in range(2):
            await corrections.correct(a_correction(other, "debt/1"))
        (await other.reserve("debt/2", ALICE, ONE)).settle(USED)
        await until(lambda: not other.unsettled)

        assert await used_and_held(other, ALICE) == [(15, 0), (15, 0), (15, 0), (0, 0)]
