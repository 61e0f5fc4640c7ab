from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.limits.redis_keeper import RedisKeeper, Sums
from tests.limits.redis_nodes import a_node
from tests.limits.suite import ALICE, ONE, a_limit, counted
from tests.redis.test_connection import until
from tokenrouter.domain.limits import Window
from tokenrouter.limits.adjusting import Adjusted
from tokenrouter.limits.redis_counters import CounterTable, RedisCounter, limit_of_key
from tokenrouter.testing.valkey import ValkeyServer


@pytest.fixture(autouse=True)
def empty(valkey: ValkeyServer) -> Iterator[None]:
    valkey.ask("FLUSHALL")
    yield
    valkey.go_on()


async def test_no_counter_that_has_a_window_is_kept_for_ever(valkey: ValkeyServer) -> None:
    windows = [a_limit("key:alice", "tokens", window, 10**6) for window in ("60s", "day", "interval:1h", "month")]
    async with a_node(valkey, *windows, a_limit("global", "concurrency", "lifetime", 9)) as limiter:
        running = await limiter.reserve("r1", ALICE, ONE)
        running.settle(ONE)
        await until(lambda: not limiter.unsettled)
        keys = [key.decode() for key in valkey.ask("KEYS", "*:c:*")]

    assert len(keys) == len(windows)
    assert all(valkey.ask("PTTL", key) > 0 for key in keys)


def test_an_adjustment_counts_once_whichever_nodes_tell_of_it(valkey: ValkeyServer) -> None:
    limit = a_limit("key:alice", "tokens", "60s", 100)
    keepers = [RedisKeeper(valkey, [limit], None) for _ in range(2)]
    keepers[0].reserve(ALICE, ONE).settle(ONE)
    for keeper in keepers:
        for number, amount in ((1, -30), (2, 50)):
            assert keeper.wait_for(keeper.limiter.adjust(Adjusted(number, limit.id, "key:alice", amount)))

    assert counted(keepers[0], ALICE) == [(50, 0)]
    for keeper in keepers:
        keeper.close()


def test_what_the_installed_sums_contain_is_not_adjusted_again(valkey: ValkeyServer) -> None:
    limit = a_limit("key:alice", "tokens", "day", 100)
    sums = Sums(is_away=False)
    sums.used, sums.adjusted = {(limit.id, "key:alice"): 40}, 2
    keeper = RedisKeeper(valkey, [limit], None, sums=sums)

    for number, amount in ((1, -30), (2, 40), (3, -25)):
        assert keeper.wait_for(keeper.limiter.adjust(Adjusted(number, limit.id, "key:alice", amount)))

    assert counted(keeper, ALICE) == [(15, 0)]
    keeper.close()


def test_an_adjustment_waits_while_nobody_knows_whether_the_sums_contain_it(valkey: ValkeyServer) -> None:
    limit = a_limit("key:alice", "tokens", "day", 100)
    keeper = RedisKeeper(valkey, [limit], None, restored=False)
    adjusted = Adjusted(3, limit.id, "key:alice", -25)
    assert not keeper.wait_for(keeper.limiter.adjust(adjusted))
    keeper.sums.adjusted = 2
    keeper.restore({(limit.id, "key:alice"): 40}, [limit.id])
    assert keeper.wait_for(keeper.limiter.adjust(adjusted))

    assert counted(keeper, ALICE) == [(15, 0)]
    keeper.close()


async def test_an_adjustment_waits_for_a_server_that_is_away(valkey: ValkeyServer) -> None:
    limit = a_limit("key:alice", "tokens", "day", 100)
    async with a_node(valkey, limit) as limiter:
        limiter._connection.abort("the test cut it")
        assert not await limiter.adjust(Adjusted(1, limit.id, "key:alice", 25))
        assert await limiter.adjust(Adjusted(1, "gone", "key:alice", 25))


ZONED = replace(a_limit("key:*", "tokens", "day", 100), window=Window("day", tz="America/New_York"))
SUMMER_TIME_ENDS = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()


def test_a_calendar_window_is_sent_with_the_one_after_it() -> None:
    counter = RedisCounter(ZONED, "key:alice", "k")

    begins_ms, ends_ms, after_ms = counter.window(SUMMER_TIME_ENDS)

    assert (ends_ms - begins_ms, after_ms - ends_ms) == (25 * 3_600_000, 24 * 3_600_000)
    assert counter.window(ends_ms / 1000) == (ends_ms, after_ms, after_ms + 24 * 3_600_000)


def test_a_server_whose_clock_is_another_is_followed(valkey: ValkeyServer) -> None:
    keeper = RedisKeeper(valkey, [ZONED], None)
    keeper.limiter._node._skew_s = -3 * 86400.0

    keeper.reserve(ALICE, ONE).settle(ONE)

    (state,) = keeper.states(ALICE)
    assert state.used == 30
    assert state.resets_in_s is not None
    assert 0 < state.resets_in_s <= 25 * 3600
    keeper.close()


def test_the_limit_of_a_counter_is_read_from_its_name() -> None:
    table = CounterTable()
    table.begin_epoch("{tr}:e1:")
    table.reload([ZONED])
    table.learn({ZONED.id: 17})

    (counter,) = table.of(("key:alice",))

    assert counter.key == f"{{tr}}:e1:c:17:{ZONED.id}\nkey:alice"
    assert limit_of_key(counter.key) == ZONED.id


def test_a_counter_has_no_name_before_its_generation_is_known() -> None:
    table = CounterTable()
    table.reload([ZONED])

    assert [counter.key for counter in table.of(("key:alice",))] == [""]
