import asyncio
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.limits.redis_keeper import RedisKeeper, Sums
from tests.limits.redis_nodes import HARD, a_node, provoke, running, used_and_held
from tests.limits.suite import ALICE, ONE, a_limit
from tests.redis.test_connection import until
from tokenrouter.domain.errors import CountersNotReady
from tokenrouter.limits.redis import RedisLimiter
from tokenrouter.limits.redis_restore import TELL_AGAIN_S
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.redis.connection import Reply, Word
from tokenrouter.testing.valkey import ValkeyServer

WAITING = "limits wait for the ledger"


@pytest.fixture(autouse=True)
def empty(valkey: ValkeyServer) -> Iterator[None]:
    valkey.ask("FLUSHALL")
    yield
    valkey.go_on()


@pytest.mark.parametrize("loss", ["emptied", "started again"])
async def test_lost_counters_come_back_from_the_ledger_and_from_what_runs(valkey: ValkeyServer, loss: str) -> None:
    sums = Sums(is_away=False)
    async with a_node(valkey, HARD, sums=sums) as limiter:
        await until(lambda: not limiter.unrestored)
        running = await limiter.reserve("r1", ALICE, ONE)
        (await limiter.reserve("r2", ALICE, ONE)).settle(ONE)
        await until(lambda: not limiter.unsettled)
        sums.used, sums.is_away = {(HARD.id, "key:alice"): 30}, True

        if loss == "emptied":
            valkey.ask("FLUSHALL")
        else:
            valkey.kill()
            valkey.start()
        await provoke(limiter)
        await until(lambda: limiter.is_connected and limiter.is_up_to_date)
        with pytest.raises(CountersNotReady):
            await limiter.reserve("r3", ALICE, ONE)
        sums.is_away = False
        await until(lambda: not limiter.unrestored)

        assert await used_and_held(limiter, ALICE) == [(30, 30)]
        running.settle(ONE)
        await until(lambda: not limiter.unsettled)
        assert await used_and_held(limiter, ALICE) == [(60, 0)]


async def test_that_the_ledger_is_waited_for_is_told_once_and_again_when_it_lasts(valkey: ValkeyServer) -> None:
    sums = Sums(is_away=True)
    with capture_logs() as told:
        async with a_node(valkey, HARD, sums=sums) as limiter:
            await until(lambda: sums.asked >= 5)
            assert [line["event"] for line in told].count(WAITING) == 1
            asked = sums.asked
            limiter._restorer.wait(TELL_AGAIN_S)
            await until(lambda: sums.asked >= asked + 5)
            assert [line["event"] for line in told].count(WAITING) == 2
            sums.is_away = False
            await until(lambda: not limiter.unrestored)

            sums.is_away = True
            valkey.ask("FLUSHALL")
            await provoke(limiter)
            await until(lambda: [line["event"] for line in told].count(WAITING) == 3)


async def test_after_a_loss_the_other_nodes_are_waited_for(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD, name="a") as first:
        second = RedisLimiter(
            parse_redis_url(valkey.url), [HARD], Sums(is_away=False), node="b", patience_s=0.0, first_s=0.0
        )
        async with running(second):
            await until(lambda: not second.unrestored)
            await second.reserve("of-b", ALICE, ONE)
        await first.renew()
        first._restorer._patience_s = 30.0

        valkey.ask("FLUSHALL")
        await provoke(first)
        await until(lambda: first.is_up_to_date)
        await asyncio.sleep(0.3)
        with pytest.raises(CountersNotReady):
            await first.reserve("r1", ALICE, ONE)
        async with running(second):
            await until(lambda: not first.unrestored)

            assert await used_and_held(first, ALICE) == [(0, 30)]


async def test_an_epoch_that_has_just_begun_waits_for_nodes_that_nobody_has_seen(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD) as limiter:
        limiter._restorer._patience_s, limiter._restorer._first_s = 30.0, 0.5
        valkey.ask("FLUSHALL")
        await provoke(limiter)
        await until(lambda: limiter.is_up_to_date)

        with pytest.raises(CountersNotReady):
            await limiter.reserve("r1", ALICE, ONE)
        await until(lambda: not limiter.unrestored)
        await limiter.reserve("r2", ALICE, ONE)


def test_counters_of_a_limit_that_went_are_removed(valkey: ValkeyServer) -> None:
    keeper = RedisKeeper(valkey, [a_limit("key:*", "tokens", "lifetime", 1000)], None)
    keeper.reserve(ALICE, ONE).settle(ONE)
    assert valkey.ask("KEYS", "*:c:*")

    keeper.reload([])

    assert not valkey.ask("KEYS", "*:c:*")
    keeper.close()


async def test_a_server_that_comes_back_with_an_old_copy_is_not_believed() -> None:
    sums = Sums(is_away=False)
    total = a_limit("key:alice", "tokens", "lifetime", 1000)
    with ValkeyServer() as server:
        async with a_node(server, total, sums=sums) as limiter:
            await until(lambda: not limiter.unrestored)
            (await limiter.reserve("r1", ALICE, ONE)).settle(ONE)
            await until(lambda: not limiter.unsettled)
            server.ask("SAVE")
            (await limiter.reserve("r2", ALICE, ONE)).settle(ONE)
            await until(lambda: not limiter.unsettled)
            before, sums.used = limiter._node.base, {(total.id, "key:alice"): 60}

            server.kill()
            server.start()
            assert server.ask("KEYS", f"{before}*")
            await until(lambda: limiter._node.base != before and limiter.is_up_to_date and not limiter.unrestored)

            assert await used_and_held(limiter, ALICE) == [(60, 0)]
            await until(lambda: not server.ask("KEYS", f"{before}*"))


async def test_an_old_copy_is_removed_also_where_the_connection_ends_meanwhile(
    valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_node(valkey, HARD) as limiter:
        before, ask = limiter._node.base, limiter._connection.ask
        cut: list[str] = []

        def ask_and_be_cut(*words: Word) -> asyncio.Future[Reply]:
            if words[0] == "SCAN" and not cut:
                cut.append(limiter._node.base)
                limiter._connection.abort("the test cut it")
            return ask(*words)

        monkeypatch.setattr(limiter._connection, "ask", ask_and_be_cut)
        valkey.ask("DEL", "{tr}:meta")
        assert valkey.ask("KEYS", f"{before}*")
        limiter._connection.abort("the server is another one")

        await until(lambda: cut and limiter.is_up_to_date and not limiter.unrestored)
        await until(lambda: not valkey.ask("KEYS", f"{before}*"))
