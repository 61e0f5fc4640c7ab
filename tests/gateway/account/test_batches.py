"""What running batches hold, where the process that began them is not the one that pays them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.account.test_resources import House, lines, results, tokens_limit
from tests.limits.redis_nodes import a_node, used_and_held
from tests.redis.test_connection import until
from tokenrouter.domain.limits import Amounts
from tokenrouter.limits.redis_corrections import Correction, RedisCorrections
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.testing.valkey import ValkeyServer

TEAM = ("team:physics",)
PLENTY = tokens_limit(10_000)


async def test_a_process_that_begins_says_whether_it_holds_what_is_owed(tmp_path: Path) -> None:
    house = House(tmp_path, PLENTY)
    assert await house.resources.batches.hold_again()
    await house.batch(await house.upload(lines(), "batch"))
    small, large = House(tmp_path, tokens_limit(10)), House(tmp_path, PLENTY)

    assert not await small.resources.batches.hold_again()
    assert await large.resources.batches.hold_again()
    assert await large.resources.batches.hold_again()

    assert small.limiter.states(TEAM)[0].held == 0
    assert large.limiter.states(TEAM)[0].held == house.limiter.states(TEAM)[0].held > 0


async def test_what_another_process_has_paid_is_let_go_of(tmp_path: Path) -> None:
    first = House(tmp_path, PLENTY, is_shared=True)
    second = House(tmp_path, PLENTY, account=first.account, is_shared=True)
    paid = await first.batch(await first.upload(lines(), "batch"))
    await first.batch(await first.upload(lines(), "batch"))
    one = first.limiter.states(TEAM)[0].held // 2
    first.resources.batches.let_go_of_paid()
    assert first.limiter.states(TEAM)[0].held == 2 * one

    first.account.finish(paid, results=results())
    await second.look(paid)
    first.resources.batches.let_go_of_paid()

    (state,) = first.limiter.states(TEAM)
    assert (state.used, state.held) == (0, one)


@pytest.fixture
async def corrections(valkey: ValkeyServer) -> AsyncIterator[RedisCorrections]:
    valkey.ask("FLUSHALL")
    told = RedisCorrections(parse_redis_url(valkey.url))
    running = asyncio.create_task(told.run())
    await until(lambda: told._connection.is_open)
    yield told
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_batch_whose_processes_die_one_after_the_other_is_charged_once(
    tmp_path: Path, valkey: ValkeyServer, corrections: RedisCorrections
) -> None:
    async with a_node(valkey, *PLENTY, name="third") as third:
        async with a_node(valkey, *PLENTY, name="first") as limiter:
            house = House(tmp_path, is_shared=True, remote=limiter)
            batch = await house.batch(await house.upload(lines(), "batch"))
            await until(lambda: not limiter.unsettled)
            ((_, held),) = await used_and_held(limiter, TEAM)
        async with a_node(valkey, *PLENTY, name="second") as limiter:
            second = House(tmp_path, account=house.account, is_shared=True, remote=limiter)
            assert await second.resources.batches.hold_again()
        last = House(tmp_path, account=house.account, is_shared=True, remote=third)
        assert await last.resources.batches.hold_again()
        assert await used_and_held(third, TEAM) == [(0, 3 * held)]

        for name in ("first", "second"):
            (left,) = (await corrections.bury(name)).request_ids
            await corrections.correct(Correction(left, third._node.now_s(), Amounts(), ()))
        assert await used_and_held(third, TEAM) == [(0, held)]
        house.account.finish(batch, results=results())
        await last.look(batch)
        await until(lambda: not third.unsettled)

        assert await used_and_held(third, TEAM) == [(240, 0)]
