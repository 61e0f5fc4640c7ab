"""Each adjustment counts once, whether it comes before the figures that contain it, after them, or twice.

Resets come with the catalogue, what was used comes as an answer to a question: nothing says in which order. The
numbers of adjustments do: a counter's figures say up to which of them they go. Counters that several processes share
keep that number themselves; they are told by each process, in order, until they have taken it in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NamedTuple

TELL_AGAIN_S: Final = 1.0
"""How often counters that are away, or being restored, are told again."""


class Adjusted(NamedTuple):
    """One adjustment, as it comes to those who keep counters; numbers rise with each."""

    number: int
    limit_id: str
    scope: str
    amount: int


class Adjusting:
    """Passes adjustments on to a keeper of counters, those that its figures do not contain."""

    def __init__(self, adjust: Callable[[str, str, int], None]) -> None:
        """`adjust` takes limit id, concrete scope and amount."""
        self._adjust = adjust
        self._contained: dict[str, int] = {}
        self._early: dict[int, Adjusted] = {}

    def reload(self, limit_ids: Iterable[str]) -> None:
        """Forget limits that are gone: should they come back, so do their figures."""
        stay = frozenset(limit_ids)
        self._contained = {limit_id: number for limit_id, number in self._contained.items() if limit_id in stay}
        self._early = {number: one for number, one in self._early.items() if one.limit_id in stay}

    def take(self, adjustments: Iterable[Adjusted]) -> None:
        """Take adjustments in, in the order of their numbers; those of limits without figures wait for these."""
        for one in adjustments:
            contained = self._contained.get(one.limit_id)
            if contained is None:
                self._early[one.number] = one
            elif one.number > contained:
                self._contained[one.limit_id] = one.number
                self._adjust(one.limit_id, one.scope, one.amount)

    def restored(self, limit_ids: Iterable[str], number: int) -> None:
        """Note that the figures of `limit_ids` contain everything up to the adjustment `number`."""
        self._contained.update(dict.fromkeys(limit_ids, number))
        early, self._early = self._early, {}
        self.take(early[number] for number in sorted(early))


class AdjustingThere:
    """Tells adjustments to a keeper of counters that is asked over the network."""

    def __init__(self, adjust: Callable[[Adjusted], Awaitable[bool]], *, again_s: float = TELL_AGAIN_S) -> None:
        """`adjust` returns False when it has to be told again."""
        self._adjust = adjust
        self._again_s = again_s
        self._untold: dict[int, Adjusted] = {}
        self._last = 0
        self._has_news = asyncio.Event()

    def take(self, adjustments: Iterable[Adjusted]) -> None:
        """Take adjustments in, in the order of their numbers; those that have been here are passed over."""
        for one in adjustments:
            if one.number > self._last:
                self._last = one.number
                self._untold[one.number] = one
        self._has_news.set()

    @property
    def is_told(self) -> bool:
        """Whether everything was taken in there."""
        return not self._untold

    async def run(self) -> None:
        """Tell them, until cancelled."""
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            if not await self.tell():
                self._has_news.set()
                await asyncio.sleep(self._again_s)

    async def tell(self) -> bool:
        """Tell what was not taken in yet, each limit's in order; False when something is left."""
        waiting: set[str] = set()
        for number, one in list(self._untold.items()):
            if one.limit_id not in waiting and await self._adjust(one):
                del self._untold[number]
            else:
                waiting.add(one.limit_id)
        return not self._untold
