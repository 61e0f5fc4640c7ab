"""The ledger as far as shared counters need it, for a process that has no database: asked over the channel."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Final

from tokenrouter.app.channel import SumsMessage, SumsWanted
from tokenrouter.limits.redis_restore import LedgerAway, LedgerUse

PATIENCE_S: Final = 10.0
"""How long an answer is waited for; the control process may be restarting."""


class ChannelSums:
    """Asks the control process, and takes its answers in."""

    def __init__(self, send: Callable[[SumsWanted], bool]) -> None:
        """`send` tells whether anybody is there to listen."""
        self._send = send
        self._asked = 0
        self._waiting: dict[int, asyncio.Future[SumsMessage]] = {}

    def take(self, message: SumsMessage) -> None:
        """Give an answer to whoever waits for it."""
        waiting = self._waiting.pop(message.asked, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def drain(self) -> None:
        """Return when everything that ended on this machine before the call is in the ledger.

        Raises:
            LedgerAway
        """
        await self._ask([], {})

    async def load_used(self, limit_ids: Collection[str], counted: Mapping[str, Collection[str]]) -> LedgerUse:
        """Return what was used of `limit_ids`, but for the rows of the requests `counted`, and the counters' past.

        Raises:
            LedgerAway
        """
        told = await self._ask(sorted(limit_ids), {name: sorted(ids) for name, ids in counted.items()})
        used = {(limit_id, scope): amount for limit_id, scope, amount in told.used}
        return LedgerUse(used, {(limit_id, scope): past for limit_id, scope, past in told.past}, told.adjusted)

    async def _ask(self, limit_ids: list[str], counted: dict[str, list[str]]) -> SumsMessage:
        self._asked += 1
        number = self._asked
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            if not self._send(SumsWanted(number, limit_ids, counted)):
                raise LedgerAway("the control process is not there")
            async with asyncio.timeout(PATIENCE_S):
                answer: SumsMessage = await waiting
        except TimeoutError:
            raise LedgerAway("the control process does not answer") from None
        finally:
            self._waiting.pop(number, None)
        if answer.problem:
            raise LedgerAway(answer.problem)
        return answer
