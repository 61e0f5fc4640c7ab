"""Who reads streams of events: so many of one caller's, so that nobody's tabs or programs take everybody's places."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from tokenrouter.admin.problems import Problem

MAX_OF_ONE: Final = 30
"""A page has two streams at most, and only where it is looked at."""


class Readers:
    """The streams that are open, by caller."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def counted(self, caller_id: str, events: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """Return `events`, counted while they are read and closed with who reads them.

        Raises:
            Problem: 429, the caller reads as many as one may.
        """
        if self._open[caller_id] >= MAX_OF_ONE:
            raise Problem(429, "too_many_streams", f"You follow {MAX_OF_ONE} streams already; close one first.")
        return self._counted(caller_id, events)

    async def _counted(self, caller_id: str, events: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        self._open[caller_id] += 1
        try:
            async with aclosing(events):
                async for one in events:
                    yield one
        finally:
            self._open[caller_id] -= 1
            if not self._open[caller_id]:
                del self._open[caller_id]
