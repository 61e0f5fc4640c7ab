import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tokenrouter.app.cluster import Cluster
from tokenrouter.domain.limits import Amounts, Limit, Window
from tokenrouter.limits.redis_corrections import Correction, Remains
from tokenrouter.testing.valkey import ValkeyServer

LIMIT = Limit("l", "key:a", "tokens", Window("lifetime"), 100)
CORRECTION = Correction("req_1", 1.0, Amounts(1, 2, 3, 4), ((LIMIT, "key:a"),))


@asynccontextmanager
async def running(cluster: Cluster) -> AsyncIterator[Cluster]:
    task = asyncio.create_task(cluster.run())
    try:
        yield cluster
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_is_alone_has_every_office_and_nobody_to_tell() -> None:
    async with running(Cluster("", lambda: None)) as alone:
        await alone.tell()

        assert alone.is_elected
        assert alone.correct([CORRECTION])
        assert alone.bury("node") == Remains(was_here=False, request_ids=frozenset())


async def test_of_two_nodes_one_is_elected_and_each_hears_of_the_others_changes(valkey: ValkeyServer) -> None:
    valkey.ask("FLUSHALL")
    heard = [asyncio.Event(), asyncio.Event()]
    first, second = Cluster(valkey.url, heard[0].set), Cluster(valkey.url, heard[1].set)
    async with running(first), running(second), asyncio.timeout(60):
        while not (first.is_elected or second.is_elected):
            await asyncio.sleep(0.01)
        for event in heard:
            await event.wait()
            event.clear()
        await first.tell()
        await heard[1].wait()

        assert first.is_elected != second.is_elected
        assert not heard[0].is_set()


async def test_what_a_dead_process_used_is_told_from_another_thread(valkey: ValkeyServer) -> None:
    valkey.ask("FLUSHALL")
    async with running(Cluster(valkey.url, lambda: None)) as cluster, asyncio.timeout(60):
        while not await asyncio.to_thread(cluster.correct, [CORRECTION]):
            await asyncio.sleep(0.05)

        assert await asyncio.to_thread(cluster.bury, "node") == Remains(was_here=False, request_ids=frozenset())


async def test_before_the_server_is_there_it_has_to_be_told_again() -> None:
    cluster = Cluster("redis://127.0.0.1:1/0", lambda: None)

    assert not await asyncio.to_thread(cluster.correct, [CORRECTION])
    assert await asyncio.to_thread(cluster.bury, "node") is None


def test_an_address_that_cannot_be_read_is_told() -> None:
    with pytest.raises(ValueError, match="redis_url"):
        Cluster("redis://host:port:x", lambda: None)
