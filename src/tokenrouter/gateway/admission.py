"""How many requests run at once, in the whole gateway.

Above the bound a request waits, first come first served, for a bounded time and in a bounded queue;
then it is told when to come back. (The predecessor waited without any bound.)
"""

import asyncio
from collections import deque

from tokenrouter.domain.errors import RateLimited


class Admission:
    """A counted door. Synchronous as long as there is room."""

    def __init__(self, places: int = 0, *, max_wait_s: float = 10.0, max_waiting: int = 1000) -> None:
        """`places` = 0 means no bound."""
        self._running = 0
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self.configure(places, max_wait_s=max_wait_s, max_waiting=max_waiting)

    def configure(self, places: int, *, max_wait_s: float, max_waiting: int) -> None:
        """Change the bounds; requests that wait are let in if there is room now."""
        self._places = places
        self._max_wait_s = max_wait_s
        self._max_waiting = max_waiting
        self._let_in()

    @property
    def running(self) -> int:
        """Requests inside."""
        return self._running

    @property
    def waiting(self) -> int:
        """Requests at the door."""
        return len(self._waiting)

    def try_enter(self) -> bool:
        """Take a place if one is free and nobody waits for it."""
        if self._places and (self._running >= self._places or self._waiting):
            return False
        self._running += 1
        return True

    async def enter(self) -> None:
        """Wait for a place and take it.

        Raises:
            RateLimited: too many wait already, or none came free in time.
        """
        if len(self._waiting) >= self._max_waiting:
            raise self._refusal()
        loop = asyncio.get_running_loop()
        place: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(place)
        timer = loop.call_later(self._max_wait_s, _give, place, False)
        try:
            got_in = await place
        except asyncio.CancelledError:
            self._give_up(place)
            raise
        finally:
            timer.cancel()
        if not got_in:
            self._give_up(place)
            raise self._refusal()

    def _give_up(self, place: asyncio.Future[bool]) -> None:
        if place.done() and not place.cancelled() and place.result():
            self.leave()
        elif place in self._waiting:
            self._waiting.remove(place)

    def _refusal(self) -> RateLimited:
        return RateLimited(
            f"{self._places} requests are running, which is all that this gateway allows at once; try again shortly.",
            retry_after_s=1.0,
        )

    def leave(self) -> None:
        """Give a place back."""
        self._running -= 1
        if self._waiting:
            self._let_in()

    def _let_in(self) -> None:
        while self._waiting and (not self._places or self._running < self._places):
            place = self._waiting.popleft()
            if not place.done():
                self._running += 1
                place.set_result(True)


def _give(place: asyncio.Future[bool], got_in: bool) -> None:
    """Tell one who waits."""
    if not place.done():
        place.set_result(got_in)
