"""Nodes with a `RedisLimiter` each, on a real Valkey, as long as a test wants them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from tests.limits.redis_keeper import Sums
from tests.limits.suite import ALICE, a_limit
from tests.redis.test_connection import until
from tokenrouter.domain.limits import Limit
from tokenrouter.limits.redis import RedisLimiter
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.testing.valkey import ValkeyServer

HARD: Final = a_limit("key:alice", "tokens", "day", 1000)
BRIEF_S: Final = 0.3
"""How long a server is waited for in tests where it does not answer; in all others it has all the time of the world."""


@asynccontextmanager
async def a_node(
    valkey: ValkeyServer, *limits: Limit, sums: Sums | None = None, name: str = "node", **options: Any
) -> AsyncIterator[RedisLimiter]:
    options = {"patience_s": 0.0, "first_s": 0.0, "deadline_s": 60.0} | options
    address = parse_redis_url(valkey.url)
    limiter = RedisLimiter(address, limits, sums or Sums(is_away=False), node=name, **options)
    async with running(limiter):
        if sums is None:
            await until(lambda: not limiter.unrestored)
        yield limiter


async def used_and_held(limiter: RedisLimiter, scopes: Sequence[str]) -> list[tuple[int, int]]:
    return [(state.used, state.held) for state in await limiter.states(scopes)]


@asynccontextmanager
async def running(limiter: RedisLimiter) -> AsyncIterator[None]:
    """Let a node run for a while; what it holds it holds on."""
    running = asyncio.create_task(limiter.run())
    try:
        await until(lambda: limiter.is_connected)
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def provoke(limiter: RedisLimiter) -> None:
    """Ask something, so that a lost server is noticed before the lease is renewed."""
    await limiter.states(ALICE)
