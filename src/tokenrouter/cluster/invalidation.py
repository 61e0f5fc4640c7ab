"""A change on one node is known on all at once: a word through the server that all nodes share.

The word says only that something has changed; what it is stands in the database. It is not kept for those who are not
there, so a node also looks when its connection is there again, and everybody looks at the database's counter now and
then (`store/catalog_version.py`): nobody depends on the word.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from tokenrouter.redis.address import RedisAddress
from tokenrouter.redis.connection import RedisConnection, RedisError, Reply

CHANNEL: Final = "{tr}:changed"

log = structlog.get_logger(__name__)


class ChangeNews:
    """Tells other nodes of changes, and hears of theirs."""

    def __init__(self, address: RedisAddress, node: str, on_news: Callable[[], None]) -> None:
        """`on_news` is called when another node has changed something, or may have; it must not block."""
        self._node = node.encode()
        self._on_news = on_news
        self._speaking = RedisConnection(address)
        self._listening = RedisConnection(address, on_open=self._listen, on_push=self._hear)
        self.is_listening = asyncio.Event()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._speaking.run(), name="news, spoken")
            tasks.create_task(self._listening.run(), name="news, heard")

    async def tell(self) -> None:
        """Tell all nodes that something has changed; they find out by themselves when the server is away."""
        try:
            await self._speaking.ask("PUBLISH", CHANNEL, self._node)
        except RedisError as error:
            log.info("other nodes will notice the change by themselves", reason=str(error))

    async def _listen(self) -> None:
        await self._listening.ask("SUBSCRIBE", CHANNEL)
        self.is_listening.set()
        self._on_news()

    def _hear(self, message: list[Reply]) -> None:
        if message[2] != self._node:
            self._on_news()
