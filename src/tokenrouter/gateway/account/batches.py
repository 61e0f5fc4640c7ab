"""What running batches hold, and what they are charged when they end.

A batch runs for hours after the request that made it, so its reservation is kept here, and its debt in the register of
owners, from which it is held again after a start. It is paid once: the ledger row has an id that was chosen before
the batch began, so a row written twice by a crash in between is one row.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from tokenrouter.domain.errors import GatewayError, NotFound, ProviderError
from tokenrouter.domain.ledger import Begun, Ended, NanoUsd, Usage
from tokenrouter.domain.limits import Amounts
from tokenrouter.domain.ownership import Debt, OwnedId
from tokenrouter.gateway.account.batch_results import ResultCounter
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.lanes import Lane
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import Reservation, Upstream
from tokenrouter.providers.outbound import UpstreamRequest

ENDED: Final = frozenset({"completed", "failed", "expired", "cancelled"})
"""States in which a batch uses nothing more."""

log = structlog.get_logger(__name__)

Json = Mapping[str, Any]
Charge = Callable[[Usage], NanoUsd | None]
"""Returns what usage costs, or None where nobody said."""


class Batches:
    """The debts of running batches."""

    def __init__(self, ports: Ports, ownership: Ownership, upstream: Upstream) -> None:
        self._ports = ports
        self._ownership = ownership
        self._upstream = upstream
        self._held: dict[str, Reservation] = {}
        self._paying: dict[str, asyncio.Lock] = {}

    def keep(self, debt: Debt, reservation: Reservation | None) -> None:
        """Hold `reservation` until the debt is paid."""
        if reservation is not None:
            self._held[debt.entry_id] = reservation

    def hold_again(self) -> None:
        """Hold what the debts of an earlier process need, as far as the limits can be asked and have room."""
        for owned in self._ownership.debts():
            debt = owned.debt
            if debt is not None and debt.entry_id not in self._held:
                try:
                    self._held[debt.entry_id] = self._ports.limiter.reserve(debt.scopes, debt.held)
                except GatewayError as error:
                    log.warning("a batch cannot hold what it may use", batch=owned.id, reason=error.code)

    async def pay(self, owned: OwnedId, batch: Json, results: Lane | None, charge: Charge) -> None:
        """Charge what the batch used if it has ended; `results` leads to its output file, if it has one.

        Raises:
            ProviderError: the results could not be read; the debt stays.
            JournalUnavailable: it could not be written down.
        """
        if owned.debt is None or batch.get("status") not in ENDED:
            return
        async with self._paying.setdefault(owned.id, asyncio.Lock()):
            current = self._ownership.known(owned.owner, "batch", owned.id)
            if current is not None and current.debt is not None:
                usage, estimated = await self._usage(current.debt, batch, results)
                self._write(current.debt, batch, usage, charge, estimated=estimated)
                await self._ownership.record(current._replace(debt=None))
        self._paying.pop(owned.id, None)

    async def _usage(self, debt: Debt, batch: Json, results: Lane | None) -> tuple[Usage, bool]:
        """Return what the batch used, and whether that is only our estimate."""
        if results is None:
            return Usage(), False
        counter = ResultCounter(results.provider)
        try:
            await self._read(results, counter)
        except NotFound:
            return Usage(debt.held.input_tokens, debt.held.output_tokens), True
        return counter.usage, counter.silent > 0

    async def _read(self, results: Lane, counter: ResultCounter) -> None:
        head = b"%bcontent-length: 0\r\n\r\n" % results.endpoint.head
        response = await self._upstream.send(UpstreamRequest(results.to, (head,)))
        try:
            if response.status in (404, 410):
                raise NotFound("The results are gone.")
            if response.status >= 300:
                raise ProviderError(
                    f"Provider {results.provider!r} does not give out the batch's results "
                    f"(status {response.status}), so it cannot be settled yet; try again.",
                    provider=results.provider,
                )
            counter.feed(response.take())
            if not response.complete:
                await response.pump(counter.feed)
            counter.close()
        finally:
            response.close()

    def _write(self, debt: Debt, batch: Json, usage: Usage, charge: Charge, *, estimated: bool) -> None:
        spent = charge(usage)
        failed = batch.get("status") == "failed"
        ended = Ended(
            debt.entry_id,
            debt.started_us,
            usage,
            200,
            "provider_error" if failed else "completed",
            "batch_failed" if failed else "",
            estimated,
            cost_nano_usd=spent,
            latency_us=max(0, int(time.time() * 1e6) - debt.started_us),
        )
        self._ports.journal.whole(debt.subject, Begun(debt.entry_id, debt.started_us), ended)
        self._ports.observer.record(debt.subject, ended)
        self._settle(debt, Amounts(1, usage.input_tokens, usage.output_tokens, spent or 0))

    def _settle(self, debt: Debt, used: Amounts) -> None:
        reservation = self._held.pop(debt.entry_id, None)
        if reservation is None:
            try:
                reservation = self._ports.limiter.reserve(debt.scopes, Amounts())
            except GatewayError:
                return  # the limits are used up or not restored yet; the ledger has it
        reservation.settle(used)
