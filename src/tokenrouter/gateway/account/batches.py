"""What running batches hold, and what they are charged when they end.

A batch runs for hours after the request that made it, so its reservation is kept here, and its debt in the register of
owners, from which it is held again after a start. It is paid once: the ledger row has an id that was chosen before
the batch began, so a row written twice by a crash in between is one row.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import structlog

from tokenrouter.domain.errors import GatewayError, NotFound, ProviderError
from tokenrouter.domain.ledger import Begun, Ended, NanoUsd, Usage
from tokenrouter.domain.limits import Amounts
from tokenrouter.domain.ownership import Debt, OwnedId
from tokenrouter.domain.prices import Price, cost
from tokenrouter.gateway.account.batch_results import ResultCounter
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.lanes import Lane
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import RemoteReservation, Reservation, Upstream
from tokenrouter.providers.outbound import UpstreamRequest

ENDED: Final = frozenset({"completed", "failed", "expired", "cancelled"})
"""States in which a batch uses nothing more."""

log = structlog.get_logger(__name__)

Json = Mapping[str, Any]


class _Bill(NamedTuple):
    """What a batch used and costs; `estimated`: that is only our guess."""

    usage: Usage
    spent: NanoUsd | None
    estimated: bool = False


class Batches:
    """The debts of running batches."""

    def __init__(self, ports: Ports, ownership: Ownership, upstream: Upstream) -> None:
        self._ports = ports
        self._ownership = ownership
        self._upstream = upstream
        self._held: dict[str, Reservation | RemoteReservation] = {}
        self._paying: dict[str, asyncio.Lock] = {}

    def keep(self, debt: Debt, reservation: Reservation | RemoteReservation | None) -> None:
        """Hold `reservation` until the debt is paid."""
        if reservation is not None:
            self._held[debt.entry_id] = reservation

    async def hold_again(self) -> bool:
        """Hold what the debts of an earlier process need; False where limits could not be asked or had no room."""
        is_whole = True
        for owned in self._ownership.debts():
            debt = owned.debt
            if debt is not None and debt.entry_id not in self._held:
                try:
                    self._held[debt.entry_id] = await self._reserve(debt, debt.held)
                except GatewayError as error:
                    is_whole = False
                    log.warning("a batch cannot hold what it may use", batch=owned.id, reason=error.code)
        return is_whole

    def let_go_of_paid(self) -> None:
        """Give back what is held here for debts that another process has charged meanwhile."""
        owed = {owned.debt.entry_id for owned in self._ownership.debts() if owned.debt is not None}
        for entry_id in self._held.keys() - owed:
            self._held.pop(entry_id).settle(Amounts())

    async def pay(self, owned: OwnedId, batch: Json, results: Lane | None, price: Price | None) -> None:
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
                bill = await self._bill(current.debt, results, price)
                await self._write(current.debt, batch, bill)
                await self._ownership.record(current._replace(debt=None))
        self._paying.pop(owned.id, None)

    async def _bill(self, debt: Debt, results: Lane | None, price: Price | None) -> _Bill:
        if results is None:
            return _Bill(Usage(provider_requests=0), None if price is None else 0)
        counter = ResultCounter(results.provider, price)
        try:
            await self._read(results, counter)
        except NotFound:
            usage = Usage(debt.held.input_tokens, debt.held.output_tokens)
            return _Bill(usage, None if price is None else cost(usage, price), estimated=True)
        return _Bill(counter.usage, None if price is None else counter.spent, estimated=counter.silent > 0)

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

    async def _write(self, debt: Debt, batch: Json, bill: _Bill) -> None:
        usage, spent, estimated = bill
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
        await self._settle(debt, Amounts(1, usage.input_tokens, usage.output_tokens, spent or 0))

    async def _settle(self, debt: Debt, used: Amounts) -> None:
        reservation = self._held.pop(debt.entry_id, None)
        if reservation is None:
            try:
                reservation = await self._reserve(debt, Amounts())
            except GatewayError:
                return  # the limits are used up or not restored yet; the ledger has it
        reservation.settle(used)

    async def _reserve(self, debt: Debt, held: Amounts) -> Reservation | RemoteReservation:
        """Hold `held` for the request that began the batch.

        Raises:
            LimitReached, CountersNotReady
        """
        remote = self._ports.remote
        if remote is None:
            return self._ports.limiter.reserve(debt.scopes, held)
        return await remote.reserve(f"{debt.entry_id}/{secrets.token_hex(4)}", debt.scopes, held)
