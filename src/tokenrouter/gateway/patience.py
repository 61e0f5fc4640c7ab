"""Waiting for what running requests hold of a limit, instead of being sent away.

First come, first served, for each key apart: who comes later waits behind those who wait already. Whoever is first is
woken when a request of the same key is settled, and looks by itself now and then, because what is held by others'
requests, or counted elsewhere, wakes nobody here.
"""

import asyncio
import time
from collections import deque
from typing import Final

LOOK_S: Final = 0.25
"""How long the first waits at most before it looks again."""


class Place:
    """Where one waits. Its times are timers of the loop, because requests run without a task (`edge/eager.py`)."""

    __slots__ = ("_is_woken", "_waiter")

    def __init__(self) -> None:
        self._is_woken = False
        self._waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """End the wait, or the next one if nobody waits now."""
        self._is_woken = True
        self._end()

    async def wait(self, seconds: float) -> None:
        """Return when woken, or after `seconds`."""
        if not self._is_woken and seconds > 0:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(seconds, self._end)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        self._is_woken = False

    def _end(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Queue:
    """Those of one key who wait."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: deque[Place] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    async def line_up(self, patience_s: float) -> Place | None:
        """Wait at the end of the queue until nobody is before; return the place, or None when that took too long."""
        until_s = time.monotonic() + patience_s
        place = Place()
        self._waiting.append(place)
        try:
            while self._waiting[0] is not place:
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    self.leave(place)
                    return None
                await place.wait(left_s)
        except BaseException:
            self.leave(place)
            raise
        return place

    def leave(self, place: Place) -> None:
        """Give the place up; the next is woken."""
        if place in self._waiting:
            self._waiting.remove(place)
            self.wake()

    def wake(self) -> None:
        """Let the first look whether there is room."""
        if self._waiting:
            self._waiting[0].wake()


class Patience:
    """The queues of all keys; those in which nobody waits are forgotten."""

    def __init__(self) -> None:
        self._queues: dict[str, Queue] = {}

    @property
    def waiting(self) -> int:
        """How many wait in all."""
        return sum(map(len, self._queues.values()))

    def is_waited_for(self, key_id: str) -> bool:
        """Whether anybody of this key waits."""
        return key_id in self._queues

    async def line_up(self, key_id: str, patience_s: float) -> Place | None:
        """Wait behind those of this key who wait; return the place, or None when that took too long."""
        return await self._queues.setdefault(key_id, Queue()).line_up(patience_s)

    def leave(self, key_id: str, place: Place | None) -> None:
        """Give a place up; a queue in which nobody waits any more is forgotten."""
        queue = self._queues.get(key_id)
        if queue is None:
            return
        if place is not None:
            queue.leave(place)
        if not len(queue):
            del self._queues[key_id]

    def settled(self, key_id: str) -> None:
        """Tell that a request of this key has given back what it did not use."""
        if self._queues and (queue := self._queues.get(key_id)) is not None:
            queue.wake()
