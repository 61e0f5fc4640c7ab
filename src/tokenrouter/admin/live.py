"""What has changed, for everybody who has a page open: one look a second, however many they are.

Nothing is queued. How often each scope has changed is counted, and a listener compares the counts of now with those
that it has told: one that reads slowly is told later, and once, of all that happened meanwhile. While nobody listens
nobody looks.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

LOOK_S: Final = 1.0
"""How often it is looked."""

Look = Callable[[], Mapping[str, object]]
"""Returns by scope what is another when something there has changed; blocks."""


class LiveChanges:
    """Looks while somebody listens.

    Attributes:
        listeners: how many there are.
        counts: how often each scope was seen to have changed.
    """

    def __init__(self, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._seen: dict[str, object] = {}
        self._looked = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self.listeners = 0
        self.counts: dict[str, int] = {}

    @asynccontextmanager
    async def listening(self, look: Look) -> AsyncIterator[None]:
        """Have it looked every second, until the block ends; who listens already has it looked in their way."""
        self.listeners += 1
        try:
            if self._looking is None:
                self._seen, self._looked = {}, asyncio.Event()
                self._looking = asyncio.create_task(self._look_on(look))
            yield
        finally:
            self.listeners -= 1
            if not self.listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def next_look(self) -> bool:
        """Wait until it has been looked once more; False when nobody looks any more."""
        if self._looking is not None:
            await self._looked.wait()
        return self._looking is not None

    async def look_once(self, look: Look) -> None:
        """Look, count what has changed, and wake those who wait. A database that is away has not changed."""
        try:
            found = await asyncio.to_thread(look)
        except SQLAlchemyError:
            found = {}
        for scope, mark in found.items():
            if scope in self._seen and self._seen[scope] != mark:
                self.counts[scope] = self.counts.get(scope, 0) + 1
            self._seen[scope] = mark
        self._wake()

    async def _look_on(self, look: Look) -> None:
        try:
            while True:
                await self.look_once(look)
                await self._sleep(LOOK_S)
        finally:
            if self._looking is asyncio.current_task():  # and not the one that follows it
                self._looking = None
                self._wake()

    def _wake(self) -> None:
        waiting, self._looked = self._looked, asyncio.Event()
        waiting.set()
