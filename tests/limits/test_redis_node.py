import asyncio
import re
from collections.abc import Iterator

import pytest

from tests.limits.redis_keeper import RedisKeeper
from tests.limits.redis_nodes import HARD, a_node, used_and_held
from tests.limits.suite import ALICE, ONE, a_limit, counted
from tests.redis.test_connection import until
from tests.repo.files import ROOT
from tokenrouter.cluster.election import Election
from tokenrouter.cluster.invalidation import CHANNEL
from tokenrouter.domain.errors import QuotaExceeded
from tokenrouter.redis.connection import RedisRefused
from tokenrouter.testing.valkey import ValkeyServer


@pytest.fixture(autouse=True)
def empty(valkey: ValkeyServer) -> Iterator[None]:
    valkey.ask("FLUSHALL")
    yield
    valkey.go_on()


async def test_a_node_that_died_is_charged_what_it_held(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD, name="a") as limiter:
        async with a_node(valkey, HARD, name="b", lease_s=0.05) as other:
            await other.reserve("r1", ALICE, ONE)
        await until(lambda: valkey.ask("ZSCORE", f"{limiter._node.base}leases", "b") is not None)
        await asyncio.sleep(0.06)

        renewed = await limiter.renew()

        assert renewed.dead == 1
        assert await used_and_held(limiter, ALICE) == [(30, 0)]


async def test_a_node_that_leaves_is_not_waited_for(valkey: ValkeyServer) -> None:
    async with a_node(valkey, HARD, name="a") as limiter:
        async with a_node(valkey, HARD, name="b") as other:
            await other.close()

        assert (await limiter.renew()).live == {"a"}


def test_two_nodes_share_every_limit(valkey: ValkeyServer) -> None:
    limit = a_limit("key:alice", "tokens", "day", 70)
    first, second = RedisKeeper(valkey, [limit], None), RedisKeeper(valkey, [limit], None)
    first.reserve(ALICE, ONE).settle(ONE)
    second.reserve(ALICE, ONE).settle(ONE)

    with pytest.raises(QuotaExceeded):
        first.reserve(ALICE, ONE)

    assert counted(first, ALICE) == counted(second, ALICE) == [(60, 0)]
    first.close()
    second.close()


async def test_a_user_of_the_server_needs_no_more_than_the_documents_say() -> None:
    rights = re.search(r"`ACL (SETUSER torod on >PASSWORD [^`]*)`", (ROOT / "docs/cluster.md").read_text())
    assert rights is not None
    with ValkeyServer(user="torod", password="PASSWORD") as server:
        server.ask("ACL", *rights.group(1).split())
        async with a_node(server, HARD) as limiter:
            (await limiter.reserve("r1", ALICE, ONE)).settle(ONE)
            await until(lambda: not limiter.unsettled)
            limiter.reload([])
            await until(lambda: limiter.is_up_to_date and not server.ask("KEYS", "*:c:*"))

            with pytest.raises(RedisRefused, match="User torod has no permissions"):
                await limiter._connection.ask("ACL", "WHOAMI")
            assert await Election(limiter._connection, "a", "jobs").stand()
            assert await limiter._connection.ask("PUBLISH", CHANNEL, "a") == 0
            assert (await limiter._connection.ask("SUBSCRIBE", CHANNEL))[0] == b"subscribe"
