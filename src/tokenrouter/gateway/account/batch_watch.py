"""Looking after batches that nobody asks for any more, so that they are paid and what they hold comes free.

Most are paid when their owner looks at them. One who never does would owe for ever; so each is looked at now and then
in its owner's name. That is no request of the owner's and leaves no row but the batch's own.
"""

import asyncio
import time
from typing import Final

import msgspec
import structlog

from tokenrouter.dialects.openai.files import BATCHES
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ownership import Debt, OwnedId
from tokenrouter.gateway.account.batch_errands import BatchErrands
from tokenrouter.gateway.account.call import ResourceCall, ResourceTarget
from tokenrouter.gateway.account.errands import Asking
from tokenrouter.gateway.account.roads import ANSWER_BYTES, Json
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.lanes import Books
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import Source, Upstream
from tokenrouter.providers.outbound import UpstreamRequest

EVERY_S: Final = 600.0
"""How often: batches take minutes at least, and a day at most."""

log = structlog.get_logger(__name__)
_object: Final = msgspec.json.Decoder(Json)


class BatchWatch:
    """Looks at every batch that is not paid."""

    def __init__(
        self, source: Source, upstream: Upstream, ownership: Ownership, errands: BatchErrands, books: Books
    ) -> None:
        self._source = source
        self._upstream = upstream
        self._ownership = ownership
        self._errands = errands
        self._books = books

    async def run(self) -> None:
        """Look now and then; runs until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Look at each once."""
        for owned in self._ownership.debts():
            if owned.debt is not None:
                try:
                    await self._look_at(owned, owned.debt)
                except (GatewayError, msgspec.DecodeError) as error:
                    log.warning("a batch could not be looked at", batch=owned.id, reason=str(error))

    async def _look_at(self, owned: OwnedId, debt: Debt) -> None:
        asking = self._in_the_name_of(owned, debt)
        lane = asking.lane_to(owned, BATCHES, "GET")
        head = b"%bcontent-length: 0\r\n\r\n" % lane.endpoint.head
        response = await self._upstream.send(UpstreamRequest(lane.to, (head,), ANSWER_BYTES))
        try:
            if response.status == 200 and response.complete:
                await self._errands.learn(asking, {**_object.decode(response.take()), "id": owned.id})
        finally:
            response.close()

    def _in_the_name_of(self, owned: OwnedId, debt: Debt) -> Asking:
        """Return a request as the owner would make it."""
        subject = debt.subject
        key = Key(subject.key_id, subject.key_name, b"", user=subject.user, team=subject.team)
        principal = Principal(key, subject.chain, debt.scopes, (), "", float("inf"))
        call = Call(CallHead(BATCHES, b""), b"", debt.entry_id, time.time(), time.monotonic())
        target = ResourceTarget(owned.kind, "item", owned.id)
        return Asking(self._source.current(), principal, ResourceCall(call, "GET", target, {}), self._books)
