import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.redis.test_connection import connected, until
from tokenrouter.cluster.election import Election
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.redis.connection import RedisConnection
from tokenrouter.testing.valkey import ValkeyServer


@pytest.fixture
async def connection(valkey: ValkeyServer) -> AsyncIterator[RedisConnection]:
    valkey.ask("FLUSHALL")
    async with connected(parse_redis_url(valkey.url)) as opened:
        yield opened


async def test_one_of_several_is_elected_and_stays_so(connection: RedisConnection) -> None:
    first, second = Election(connection, "a", "jobs"), Election(connection, "b", "jobs")

    assert await first.stand()
    assert not await second.stand()
    number = first.number
    assert await first.stand()

    assert first.number == number > 0
    assert second.number == 0


async def test_offices_are_filled_apart(connection: RedisConnection) -> None:
    assert await Election(connection, "a", "jobs").stand()
    assert await Election(connection, "b", "reports").stand()


async def test_who_resigns_is_followed_at_once_by_a_higher_number(connection: RedisConnection) -> None:
    first, second = Election(connection, "a", "jobs"), Election(connection, "b", "jobs")
    await first.stand()
    number = first.number

    await first.resign()

    assert not first.is_elected
    assert await second.stand()
    assert second.number > number


async def test_who_is_gone_is_followed_when_the_lease_ends(connection: RedisConnection, valkey: ValkeyServer) -> None:
    first, second = (Election(connection, name, "jobs", lease_s=0.2) for name in "ab")
    await first.stand()
    number = first.number

    await until(lambda: not valkey.ask("EXISTS", "{tr}:office:jobs"))

    assert not first.is_elected
    assert await second.stand()
    assert second.number > number


async def test_a_server_that_lost_everything_gives_higher_numbers(
    connection: RedisConnection, valkey: ValkeyServer
) -> None:
    election = Election(connection, "a", "jobs")
    await election.stand()
    number = election.number
    await asyncio.sleep(0.002)

    valkey.ask("FLUSHALL")
    await election.stand()

    assert election.number > number


async def test_without_the_server_nobody_is_elected(valkey: ValkeyServer) -> None:
    election = Election(RedisConnection(parse_redis_url(valkey.url)), "a", "jobs")

    assert not await election.stand()


async def test_a_candidate_that_is_stopped_leaves_the_office(connection: RedisConnection) -> None:
    first, second = Election(connection, "a", "jobs"), Election(connection, "b", "jobs")
    running = asyncio.create_task(first.run())
    await until(lambda: first.is_elected)

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert await second.stand()
