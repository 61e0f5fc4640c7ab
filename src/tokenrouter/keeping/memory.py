"""Answers in the memory of one process: bounded, the ones that nobody has asked for longest go first."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

ENTRY_BYTES: Final = 300
"""What an entry takes besides its bytes: its name, its place in the table, its end (CPython 3.11, measured)."""
_FOREVER: Final = float("inf")


class MemoryAnswers:
    """The store of one process; see `gateway.kept_answers.AnswerStore`.

    Attributes:
        max_entry_bytes: longest entry that it takes.
        used_bytes: of all entries, with what they take besides.
        evicted: entries that had to go before their time.
    """

    def __init__(self, max_bytes: int, max_entry_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds, of any origin."""
        self.max_entry_bytes = max_entry_bytes
        self.used_bytes = 0
        self.evicted = 0
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[bytes, tuple[bytes, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, name: bytes) -> bytes | None:
        """Return the entry if it is there and has not ended."""
        found = self._entries.get(name)
        if found is None:
            return None
        entry, ends_s = found
        if ends_s <= self._clock():
            self._remove(name)
            return None
        self._entries.move_to_end(name)
        return entry

    async def claim(self, name: bytes, mark: bytes) -> bytes | None:
        """Return the entry, or put `mark` in its place and return None."""
        found = await self.get(name)
        if found is None:
            self._keep(name, mark, _FOREVER)
        return found

    async def put(self, name: bytes, entry: bytes, ttl_s: float) -> None:
        """Keep `entry` for so long; one that is too long is not kept."""
        self._remove(name)
        if len(entry) <= self.max_entry_bytes:
            self._keep(name, entry, self._clock() + ttl_s)

    async def drop(self, name: bytes) -> None:
        """Forget the entry."""
        self._remove(name)

    def _keep(self, name: bytes, entry: bytes, ends_s: float) -> None:
        self._entries[name] = entry, ends_s
        self.used_bytes += len(entry) + ENTRY_BYTES
        while self.used_bytes > self._max_bytes and self._entries:
            self._remove(next(iter(self._entries)))
            self.evicted += 1

    def _remove(self, name: bytes) -> None:
        found = self._entries.pop(name, None)
        if found is not None:
            self.used_bytes -= len(found[0]) + ENTRY_BYTES
