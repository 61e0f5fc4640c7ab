"""The road of one request: authenticate, route, reserve, write down, ask, relay, settle.

`Gateway.serve` is the whole of it. It runs in the task of its request; when the client hangs up, that
task is cancelled, and the road settles. What happens behind the decision is in `roads.py`.
"""

import asyncio
import itertools
import os
import time
from typing import Final

from tokenrouter.domain.catalog import Policy
from tokenrouter.domain.errors import GatewayError, LimitReached
from tokenrouter.domain.ledger import EndReason, LedgerEntry
from tokenrouter.gateway.admission import Admission
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.estimates import EstimateBook
from tokenrouter.gateway.exchange import Call, Exchange, Ports
from tokenrouter.gateway.ports import Flow, Responder, Source, Upstream
from tokenrouter.gateway.refusals import Refusals
from tokenrouter.gateway.roads import EVENT_STREAM, StreamRoad, WholeRoad
from tokenrouter.gateway.routing import Route, resolve

SWEEP_S: Final = 0.5
"""How often silent streams are looked at."""
MAX_SCOPE_SETS: Final = 10_000
"""Most combinations of key and model whose scopes are remembered."""


class Nobody:
    """The client's side after the client has left: takes everything and sends nothing."""

    started = True
    flow: Flow | None = None

    def answer(self, status: int, headers: bytes, body: bytes) -> None: ...

    def start(self, status: int, headers: bytes, length: int | None) -> None: ...

    def write(self, data: bytes) -> None: ...

    def finish(self) -> None: ...


class Gateway:
    """Serves calls. One per data process.

    Attributes:
        in_flight: exchanges that a provider is working on.
    """

    def __init__(self, source: Source, upstream: Upstream, ports: Ports) -> None:
        self._source = source
        self._upstream = upstream
        self._ports = ports
        self._estimates = EstimateBook()
        self._refusals = Refusals(ports.journal, time.monotonic)
        self._numbers = itertools.count(1)
        self._process = os.urandom(4).hex()
        self._scopes: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._drains: set[asyncio.Task[None]] = set()
        self._policy = Policy()
        self.admission = Admission()
        self.in_flight: set[Exchange] = set()

    def apply(self, policy: Policy) -> None:
        """Follow a changed catalogue."""
        self._policy = policy
        self._scopes.clear()
        self.admission.configure(
            policy.max_concurrent_requests,
            max_wait_s=policy.max_concurrent_wait_s,
            max_waiting=policy.max_waiting_requests,
        )

    def new_request_id(self) -> str:
        """Return an id that sorts by time: milliseconds, this process, a count."""
        return f"req_{time.time_ns() // 1_000_000:012x}{self._process}{next(self._numbers):06x}"

    async def serve(self, call: Call, responder: Responder) -> None:
        """Answer `call` through `responder`.

        Raises:
            GatewayError: what the client is to be told; as an HTTP error if `responder` has not started,
                else as the dialect's error event.
        """
        directory = self._source.current()
        principal = directory.authenticate(call.key, time.time())
        entry = self._new_entry(call, principal)
        try:
            exchange = self._prepare(call, entry, directory, principal, responder)
            if not self.admission.try_enter():
                await self.admission.enter()
        except GatewayError as error:
            self._refuse(entry, error)
            raise
        exchange.goes_unrecorded = self._policy.on_journal_failure == "serve"
        try:
            exchange.reserve(self._scopes_of(principal, exchange.route, call))
            exchange.begin()
        except GatewayError as error:
            self.admission.leave()
            self._refuse(entry, error)
            raise
        if exchange.route.entry.provider.on_disconnect == "drain":
            await self._finish_whatever_happens(exchange)
        else:
            await self._run(exchange)

    def _new_entry(self, call: Call, principal: Principal) -> LedgerEntry:
        key = principal.key
        return LedgerEntry(
            id=call.request_id,
            started_us=time.time_ns() // 1000,
            operation=call.dialect.operation,
            key_id=key.id,
            key_name=key.name,
            user=key.user,
            team=key.team,
            chain=principal.chain,
            client_ip=call.client_ip,
            client_tool=call.client_tool,
            client_request_id=call.client_request_id,
            bytes_in=len(call.body),
        )

    def _prepare(
        self, call: Call, entry: LedgerEntry, directory: Directory, principal: Principal, responder: Responder
    ) -> Exchange:
        head = call.dialect.peek(call.body)
        entry.requested_model = head.model
        entry.stream = head.stream
        route = resolve(directory, principal, head.model)
        provider = route.entry.provider.name
        entry.alias, entry.provider, entry.model = route.alias, provider, route.model
        return Exchange(
            call,
            entry,
            head,
            route,
            responder,
            price=directory.price(provider, route.model),
            estimates=self._estimates.of(provider, route.model),
            ports=self._ports,
        )

    def _refuse(self, entry: LedgerEntry, error: GatewayError) -> None:
        entry.status = error.status
        entry.error_code = error.code
        entry.end_reason = _reason_of_refusal(error)
        self._ports.observer.record(entry)
        if self._ports.journal.writable:
            self._refusals.record(entry)

    def _scopes_of(self, principal: Principal, route: Route, call: Call) -> tuple[str, ...]:
        key = (principal.key.id, route.full_name, route.alias)
        scopes = self._scopes.get(key)
        if scopes is None:
            if len(self._scopes) >= MAX_SCOPE_SETS:
                self._scopes.clear()
            own = [f"provider:{route.entry.provider.name}", f"model:{route.full_name}"]
            if route.alias:
                own.append(f"alias:{route.alias}")
            scopes = self._scopes[key] = (*principal.scopes, *own)
        return (*scopes, f"ip:{call.client_ip}") if self._ports.limiter.looks_at_addresses else scopes

    async def _finish_whatever_happens(self, exchange: Exchange) -> None:
        """Run to the provider's end even if the client leaves: this provider bills what it began."""
        task = asyncio.get_running_loop().create_task(self._run(exchange))
        self._drains.add(task)
        task.add_done_callback(self._drained)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            exchange.hung_up = True
            if exchange.responder.flow is not None:
                exchange.responder.flow.resume()
            exchange.responder = Nobody()
            raise

    def _drained(self, task: asyncio.Task[None]) -> None:
        """Let go of a finished task; what it raised was told to the client, or concerns nobody any more."""
        self._drains.discard(task)
        if not task.cancelled():
            task.exception()

    async def _run(self, exchange: Exchange) -> None:
        self.in_flight.add(exchange)
        road = StreamRoad(exchange) if exchange.head.stream else WholeRoad(exchange)
        try:
            await road.travel(self._upstream)
        except GatewayError as error:
            road.fail(error)
            raise
        except asyncio.CancelledError as error:
            road.abandon("shutdown" if error.args == ("shutdown",) else "client_disconnect")
            raise
        except BaseException:
            road.abandon("gateway_error")
            raise
        finally:
            self.in_flight.discard(exchange)
            self.admission.leave()

    async def sweep(self) -> None:
        """Keep silent streams alive; runs until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = time.monotonic()
            for exchange in list(self.in_flight):
                if exchange.head.stream:
                    self._keep_alive(exchange, now_s)
            self._refusals.flush_before()

    def _keep_alive(self, exchange: Exchange, now_s: float) -> None:
        if exchange.touched:
            exchange.touched = False
            exchange.quiet_since_s = now_s
            return
        started = exchange.responder.started
        patience_s = self._policy.keep_alive_s if started else self._policy.hold_first_byte_s
        if now_s - exchange.quiet_since_s < patience_s:
            return
        exchange.quiet_since_s = now_s
        if not started:
            exchange.responder.start(200, _held_headers(exchange), None)
        exchange.responder.write(exchange.call.dialect.keep_alive)

    async def close(self, patience_s: float) -> None:
        """Wait for drained answers, at most `patience_s`, and write what is still counted."""
        if self._drains:
            _, late = await asyncio.wait(self._drains, timeout=patience_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._ports.journal.writable:
            self._refusals.flush()


def _held_headers(exchange: Exchange) -> bytes:
    """The head of a stream that goes out before the provider has said anything."""
    return b"content-type: %b\r\nx-request-id: %b\r\n" % (EVENT_STREAM, exchange.call.request_id.encode())


def _reason_of_refusal(error: GatewayError) -> EndReason:
    if isinstance(error, LimitReached):
        return "limit_reached"
    return "client_error" if error.fault == "client" else "gateway_error"
