import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.redis.test_connection import until
from tokenrouter.cluster.invalidation import ChangeNews
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.testing.valkey import ValkeyServer


@asynccontextmanager
async def a_node(valkey: ValkeyServer, name: str, heard: list[str]) -> AsyncIterator[ChangeNews]:
    news = ChangeNews(parse_redis_url(valkey.url), name, lambda: heard.append(name))
    running = asyncio.create_task(news.run())
    try:
        async with asyncio.timeout(60):
            await news.is_listening.wait()
        yield news
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_change_on_one_node_is_heard_by_the_others_and_not_by_itself(valkey: ValkeyServer) -> None:
    heard: list[str] = []
    async with a_node(valkey, "a", heard) as speaker, a_node(valkey, "b", heard), a_node(valkey, "c", heard):
        heard.clear()

        await speaker.tell()
        await until(lambda: len(heard) == 2)

    assert sorted(heard) == ["b", "c"]


async def test_a_node_that_was_cut_off_looks_when_it_is_back(valkey: ValkeyServer) -> None:
    heard: list[str] = []
    async with a_node(valkey, "a", heard):
        assert heard == ["a"]

        valkey.ask("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: len(heard) == 2)


async def test_a_word_that_cannot_be_sent_is_no_error(valkey: ValkeyServer) -> None:
    await ChangeNews(parse_redis_url(valkey.url), "a", lambda: None).tell()
