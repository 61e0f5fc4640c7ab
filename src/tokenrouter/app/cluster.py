"""What the control process of one node has to do with the others, by way of the Redis or Valkey that they share.

Alone there is nothing to do: every office is its own, and nobody is told anything.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError
from typing import Any, Final, TypeVar

from tokenrouter.cluster.election import Election
from tokenrouter.cluster.invalidation import ChangeNews
from tokenrouter.limits.redis_corrections import Correction, RedisCorrections, Remains
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.redis.connection import RedisConnection, RedisError

A = TypeVar("A")
T = TypeVar("T")
CORRECT_S: Final = 10.0
"""How long the server may take for the requests of one dead process."""
CORRECTED_AT_ONCE: Final = 500
"""Told without waiting for each answer, so that a minute's requests of a busy process take a second or two."""


class Cluster:
    """This node among others. Raises ValueError for a `redis_url` that cannot be read."""

    def __init__(self, redis_url: str, on_news: Callable[[], None]) -> None:
        """`on_news` is called when another node has changed something that stands in the database."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_alone = not redis_url
        if not redis_url:
            return
        address = parse_redis_url(redis_url)
        node = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}-control"
        self._connection = RedisConnection(address)
        self._corrections = RedisCorrections(address)
        self._news = ChangeNews(address, node, on_news)
        self._election = Election(self._connection, node, "jobs")

    @property
    def is_elected(self) -> bool:
        """Whether this node does now what only one may do."""
        return self._is_alone or self._election.is_elected

    async def run(self) -> None:
        """Stay in touch until cancelled."""
        if self._is_alone:
            return
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connection.run(), name="cluster connection")
            tasks.create_task(self._corrections.run(), name="corrections")
            tasks.create_task(self._news.run(), name="news")
            tasks.create_task(self._election.run(), name="election")

    async def tell(self) -> None:
        """Tell the others that something has changed in the database."""
        if not self._is_alone and self._loop is not None:
            await self._news.tell()

    def bury(self, node: str) -> Remains | None:
        """End the lease of a dead data process, from another thread; None when it has to be asked again."""
        return Remains(False, frozenset()) if self._is_alone else self._wait_for(self._bury, node)

    def correct(self, corrections: Sequence[Correction]) -> bool:
        """Charge what requests of a dead process used, from another thread; False when it has to be told again."""
        return self._is_alone or self._wait_for(self._correct, corrections) is not None

    def _wait_for(self, ask: Callable[[A], Coroutine[Any, Any, T]], about: A) -> T | None:
        if self._loop is None:
            return None
        done = asyncio.run_coroutine_threadsafe(ask(about), self._loop)
        try:
            return done.result(CORRECT_S)
        except (RedisError, TimeoutError, CancelledError):  # the last: the process ends
            done.cancel()
            return None

    async def _bury(self, node: str) -> Remains:
        return await self._corrections.bury(node)

    async def _correct(self, corrections: Sequence[Correction]) -> bool:
        for start in range(0, len(corrections), CORRECTED_AT_ONCE):
            await asyncio.gather(*map(self._corrections.correct, corrections[start : start + CORRECTED_AT_ONCE]))
        return True
