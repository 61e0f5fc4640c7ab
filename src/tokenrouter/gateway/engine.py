"""The road of one request: authenticate, route, reserve, write down, ask, relay, settle.

`Gateway.serve` is the whole of it. It runs in the task of its request; when the client hangs up, that
task is cancelled, and the road settles. What happens behind the decision is in `roads.py`.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.preferences import has_preferences
from tokenrouter.dialects.token_counts import count_body
from tokenrouter.domain.catalog import Policy
from tokenrouter.domain.conditions import Condition
from tokenrouter.domain.errors import GatewayError, LimitReached
from tokenrouter.domain.ledger import Begun, Ended, EndReason, Subject, Usage
from tokenrouter.domain.preferences import Preferences
from tokenrouter.gateway.account.references import require_own_references
from tokenrouter.gateway.admission import Admission
from tokenrouter.gateway.attempts import Attempts, Wisdom, in_order, record_of
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.entrance import Entrance, asked_by
from tokenrouter.gateway.exchange import NO_USAGE, Exchange, Ports
from tokenrouter.gateway.first_attempt import FirstAttempt
from tokenrouter.gateway.input_counts import InputCounts
from tokenrouter.gateway.lanes import UNCHARGED, Books, Lane, Plan, subject_of
from tokenrouter.gateway.layers import Layer, Passage
from tokenrouter.gateway.loads import LoadBook
from tokenrouter.gateway.nobody import Nobody
from tokenrouter.gateway.ownership import Ownership, owner_of
from tokenrouter.gateway.ports import Responder, Source, Upstream
from tokenrouter.gateway.preferred import plan_of
from tokenrouter.gateway.refusals import Refusals
from tokenrouter.gateway.resuming import resuming_lane
from tokenrouter.gateway.roads import abandon, fail, travel
from tokenrouter.gateway.stored_responses import CONTINUING, StoredResponses
from tokenrouter.gateway.wishes import heeded

FIRST_NUMBER: Final = 10**9
"""Requests of a process are counted from here, so that all numbers are of one length."""
SWEEP_S: Final = 0.5
"""How often silent streams are looked at."""


Road = Callable[[Exchange, Upstream], Awaitable[None]]
"""Asks a provider and passes its answer on; `roads.travel` is the one of questions to a model."""


class Gateway:
    """Serves calls. One per data process.

    Attributes:
        in_flight: exchanges that a provider is working on.
    """

    def __init__(
        self,
        source: Source,
        upstream: Upstream,
        ports: Ports,
        ownership: Ownership | None = None,
        stored: StoredResponses | None = None,
        layers: Sequence[Layer] = (),
        wisdom: Wisdom | None = None,
    ) -> None:
        """Join the road to its ports.

        `ownership`: whose the files are that lie in providers' accounts. `stored` keeps responses that can be gone on
        from; without it none can. `layers` are passed in their order. `wisdom` is what it knows at first.
        """
        self._layers = tuple(layers)
        self._source = source
        self._ownership = ownership
        self._upstream = upstream
        self._ports = ports
        self._wisdom = wisdom or Wisdom(count=ports.observer.count, clock=ports.clock)
        self._books = Books(ports.journal, chance=self._wisdom.chance, loads=LoadBook(ports.clock))
        self._stored = stored
        self._refusals = Refusals(ports.journal, ports.clock)
        self._numbers = itertools.count(FIRST_NUMBER)
        self._process = os.urandom(4).hex()
        self._renew_id_prefix()
        self._drains: set[asyncio.Task[None]] = set()
        self._policy = Policy()
        self._goes_unrecorded = False
        self._entrance = Entrance(ports, self._refuse_exchange, InputCounts(upstream))
        self.in_flight: set[Exchange] = set()

    @property
    def admission(self) -> Admission:
        """How many requests run and wait."""
        return self._entrance.admission

    @property
    def wisdom(self) -> Wisdom:
        """What earlier requests and looks beside them have taught."""
        return self._wisdom

    @property
    def books(self) -> Books:
        """What lanes of this process share."""
        return self._books

    def apply(self, policy: Policy) -> None:
        """Follow a changed catalogue."""
        self._policy = policy
        self._goes_unrecorded = policy.on_journal_failure == "serve"
        self._entrance.apply(policy)

    def learn(self, conditions: dict[str, Condition]) -> None:
        """Take over how providers are, by name; it replaces all that was known."""
        self._wisdom.conditions = conditions
        self._wisdom.health.tell(conditions)

    def new_request_id(self) -> str:
        """Return an id that sorts by time: milliseconds since the epoch at the last sweep, this process, a count."""
        return f"{self._id_prefix}{next(self._numbers)}"

    def _renew_id_prefix(self) -> None:
        self._id_prefix = f"req_{time.time_ns() // 1_000_000:012x}{self._process}"

    def serve(self, call: Call, responder: Responder) -> Coroutine[Any, Any, None]:
        """Decide about `call`, and return the rest of its road, which answers through `responder` when awaited.

        Raises:
            GatewayError: what the client is to be told, here and when awaited; as an HTTP error if `responder` has
                not started, else as the dialect's error event.
        """
        directory = self._source.current()
        principal = directory.principal(call.head.digest, call.now_s, call.head.client_ip)
        for layer in self._layers:
            if layer.concerns(call, principal):
                return self._pass_layers(directory, principal, call, responder)
        return self._decide(directory, principal, call, responder)

    def _pass_layers(
        self, directory: Directory, principal: Principal, call: Call, responder: Responder
    ) -> Coroutine[Any, Any, None]:
        def go_on(onward: Call, answering: Responder) -> Coroutine[Any, Any, None]:
            return self._decide(directory, principal, onward, answering)

        def refuse(refused: Call, error: GatewayError) -> None:
            self._refuse(refused, subject_of(principal, refused.head.dialect, ""), False, error)

        try:
            call, responder = self._whole(principal, call, responder)
        except GatewayError as error:
            refuse(call, error)
            raise
        concerned = [layer for layer in self._layers if layer.concerns(call, principal)]
        return Passage(concerned, principal, go_on, refuse).run(call, responder)

    def _whole(self, principal: Principal, call: Call, responder: Responder) -> tuple[Call, Responder]:
        """Return a request that goes on from a stored response with all of it, so that layers see everything.

        What is kept of its answer is what its client gets, behind all layers. Done twice, it changes nothing more.
        """
        if self._stored is None or call.head.dialect.operation not in CONTINUING:
            return call, responder
        default = self._policy.responses_store_default
        return self._stored.prepare(call, owner_of(principal), responder, by_default=default)

    def _decide(
        self, directory: Directory, principal: Principal, call: Call, responder: Responder
    ) -> Coroutine[Any, Any, None]:
        head = call.head
        dialect = head.dialect
        peeked: Head | None = None
        try:
            if dialect.operation in CONTINUING:
                call, responder = self._whole(principal, call, responder)
            peeked = dialect.peek(call.body) if head.model is None else dialect.peek(call.body, head.model, head.stream)
            wishes: Preferences | None = None
            if head.model is None and has_preferences(peeked.body.fields):
                call, peeked, wishes = heeded(directory, call, peeked)
            lane = principal.lanes.get((dialect, peeked.model)) if wishes is None else None
            plan: Plan | None = None
            if lane is None:
                plan = plan_of(directory, principal, call, peeked, wishes, self._books, self._wisdom.conditions)
                if plan.is_carried and dialect.operation not in UNCHARGED:
                    return self._carry(call, principal, plan, peeked, responder)
                lane = in_order(plan, self._wisdom)[0]
            if lane.is_estimate and lane.bridge is None:
                return self._count_here(call, lane, responder)
            exchange = self._exchange(call, principal, lane, peeked, responder)
            if plan is not None and plan.facts is not None:
                exchange.record = record_of(call.request_id, plan, (lane,), self._wisdom)
        except GatewayError as error:
            model = "" if peeked is None else peeked.model
            stream = peeked is not None and peeked.stream
            self._refuse(call, subject_of(principal, dialect, model), stream, error)
            raise
        if not self._entrance.enter_now(exchange):
            return self._wait_and_run(exchange)
        return self._finish_whatever_happens(exchange) if lane.drains else self._run(exchange)

    def _carry(
        self, call: Call, principal: Principal, plan: Plan, peeked: Head, responder: Responder
    ) -> Coroutine[Any, Any, None]:
        """Return the attempts of a request: as a rule the short way, on which only one is made ready."""
        if plan.is_simple and self._wisdom.health.is_quiet(plan.order):
            try:
                exchange = self._exchange(call, principal, plan.lanes[0], peeked, responder)
            except GatewayError:  # another place may take it
                pass
            else:
                return self._ask_first(exchange, plan, principal)
        way = _Way(self, principal, peeked, responder)
        return Attempts(call, plan, way, self._wisdom).run()

    def _ask_first(self, exchange: Exchange, plan: Plan, principal: Principal) -> Coroutine[Any, Any, None]:
        first = FirstAttempt(exchange, plan, principal, self._wisdom, self)
        drive = self._finish_whatever_happens if exchange.lane.drains else self._run
        try:
            if not self._entrance.enter_now(exchange):
                return first.enter_and_run(self._entrance.enter, drive)
        except GatewayError as error:
            return first.resume(error)
        return first.run(drive, exchange.call.started_s)

    def after(self, first: Exchange, plan: Plan, principal: Principal) -> Attempts:
        """Return the attempts that may follow the `first` one."""
        way = _Way(self, principal, first.peeked, first.responder)
        return Attempts(first.call, plan, way, self._wisdom, first.lane)

    def with_history(self, call: Call, principal: Principal) -> Call:
        """Return `call` with the stored conversation that it goes on from.

        Raises:
            PreviousResponseNotFound, InvalidRequest: as `serve`.
        """
        return self._whole(principal, call, Nobody())[0]

    def _exchange(self, call: Call, principal: Principal, lane: Lane, peeked: Head, responder: Responder) -> Exchange:
        """Return the exchange of `call` on `lane`, translated where that is needed.

        Raises:
            NotFound: the request names something at the provider that is not the caller's.
            InvalidRequest: the provider's dialect cannot say it.
        """
        if self._ownership is not None and self._ownership.may_hold(lane.provider):
            require_own_references(call.body, owner_of(principal), lane.provider, self._ownership)
        exchange = Exchange(call, lane, peeked, responder, self._ports)
        if lane.bridge is not None:
            exchange.crossing = lane.bridge.cross(call.body, asked_by(call, peeked))
        exchange.goes_unrecorded = self._goes_unrecorded
        exchange.tells_quota = self._policy.quota_in_answers
        return exchange

    async def _count_here(self, call: Call, lane: Lane, responder: Responder) -> None:
        """Answer a count of tokens by estimate; nobody is asked and nothing is charged."""
        tokens = lane.estimates.fair(body_bytes=len(call.body), content_bytes=0).input_tokens
        headers = b"content-type: application/json\r\n%b: %b\r\nx-tokenrouter-estimated: true\r\n%b"
        head = headers % (lane.dialect.id_header, call.request_id.encode(), lane.answer_headers)
        started_us = int(call.now_s * 1e6)
        ended = Ended(call.request_id, started_us, Usage(), 200, "completed", cost_nano_usd=0, estimated=True)
        self._ports.observer.record(lane.subject, ended)
        self._ports.journal.whole(lane.subject, _begun(call, stream=False), ended)
        responder.answer(200, head, count_body(lane.dialect.operation, tokens))

    async def serve_on(self, exchange: Exchange, road: Road, *, to_its_end: bool) -> None:
        """Take `exchange` down a `road` other than that of questions to a model, with the same books.

        `to_its_end`: go on when the client leaves, because the provider keeps what it has begun.

        Raises:
            GatewayError: what the client is to be told; it is written down.
        """
        exchange.goes_unrecorded = self._goes_unrecorded
        exchange.tells_quota = self._policy.quota_in_answers
        await self._entrance.enter(exchange)
        await (self._finish_whatever_happens(exchange, road) if to_its_end else self._run(exchange, road))

    def _refuse_exchange(self, exchange: Exchange, error: GatewayError) -> None:
        self._refuse(exchange.call, exchange.lane.subject, exchange.peeked.stream, error)

    def refuse(self, call: Call, subject: Subject, error: GatewayError) -> None:
        """Leave a row for a request that got no further and was no stream."""
        self._refuse(call, subject, False, error)

    async def _wait_and_run(self, exchange: Exchange) -> None:
        await self._entrance.enter(exchange)
        await self._drive(exchange)

    async def _drive(self, exchange: Exchange) -> None:
        await (self._finish_whatever_happens(exchange) if exchange.lane.drains else self._run(exchange))

    def _refuse(self, call: Call, subject: Subject, stream: bool, error: GatewayError) -> None:
        """Leave a row for a request that got no further."""
        started_us = int(call.now_s * 1e6)
        begun = _begun(call, stream=stream)
        reason = _reason_of_refusal(error)
        ended = Ended(call.request_id, started_us, NO_USAGE, error.status, reason, error.code)
        self._ports.observer.record(subject, ended)
        if self._ports.journal.writable:
            self._refusals.record(subject, begun, ended)

    async def _finish_whatever_happens(self, exchange: Exchange, road: Road = travel) -> None:
        """Run to the provider's end even if the client leaves: this provider bills what it began."""
        task = asyncio.get_running_loop().create_task(self._run(exchange, road))
        self._drains.add(task)
        task.add_done_callback(self._drained)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            keeper = None if exchange.left_as or not exchange.requests else exchange.call.keeper
            exchange.left_as = exchange.left_as or "client_disconnect"
            if exchange.responder.flow is not None:
                exchange.responder.flow.resume()
            if keeper is None:
                exchange.responder = Nobody()
            else:
                keeper.goes_on_alone()
            raise

    def _drained(self, task: asyncio.Task[None]) -> None:
        """Let go of a finished task; what it raised was told to the client, or concerns nobody any more."""
        self._drains.discard(task)
        if not task.cancelled():
            task.exception()

    async def _run(self, exchange: Exchange, road: Road = travel) -> None:
        self.in_flight.add(exchange)
        try:
            await road(exchange, self._upstream)
        except GatewayError as error:
            fail(exchange, error)
            error.headers = exchange.limit_headers()
            if exchange.record is not None:
                error.headers += exchange.record.header(exchange.call.request_id)
            raise
        except asyncio.CancelledError as error:
            abandon(exchange, "shutdown" if error.args == ("shutdown",) else "client_disconnect")
            raise
        except BaseException:
            abandon(exchange, "gateway_error")
            raise
        finally:
            self.in_flight.discard(exchange)
            self._entrance.leave(exchange)

    async def sweep(self) -> None:
        """Keep silent streams alive; runs until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            self._renew_id_prefix()
            now_s = self._ports.clock()
            for exchange in list(self.in_flight):
                if exchange.peeked.stream:
                    self._keep_alive(exchange, now_s)
            self._refusals.flush_before()

    def _keep_alive(self, exchange: Exchange, now_s: float) -> None:
        if exchange.touched:
            exchange.touched = False
            exchange.quiet_since_s = now_s
            return
        started = exchange.responder.started
        patience_s = self._policy.keep_alive_s if started else self._policy.hold_first_byte_s
        if now_s - exchange.quiet_since_s < patience_s or (exchange.relay is not None and exchange.relay.is_mid_event):
            return
        exchange.quiet_since_s = now_s
        if not started:
            exchange.responder.start(200, _held_headers(exchange), None)
        exchange.responder.write(exchange.lane.dialect.keep_alive)

    async def close(self, patience_s: float) -> None:
        """Wait for drained answers, at most `patience_s`, and write what is still counted."""
        if self._drains:
            _, late = await asyncio.wait(self._drains, timeout=patience_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._ports.journal.writable:
            self._refusals.flush()


class _Way:
    """What the attempts of one request need of the gateway."""

    def __init__(self, gateway: Gateway, principal: Principal, peeked: Head, responder: Responder) -> None:
        self._gateway = gateway
        self._principal = principal
        self._peeked = peeked
        self._responder = responder

    def prepare(self, call: Call, lane: Lane) -> Exchange:
        return self._gateway._exchange(call, self._principal, lane, self._peeked, self._responder)

    def resuming(self, call: Call, lane: Lane) -> Lane | None:
        return resuming_lane(lane, call, self._peeked, self._gateway._books.memory, self._principal.chain[-1])

    def refuse(self, call: Call, lane: Lane, error: GatewayError) -> None:
        self._gateway._refuse(call, lane.subject, self._peeked.stream, error)

    async def enter(self, exchange: Exchange) -> None:
        await self._gateway._entrance.enter(exchange)

    async def enter_if_free(self, exchange: Exchange) -> bool:
        return await self._gateway._entrance.enter_if_free(exchange)

    def withdraw(self, exchange: Exchange) -> None:
        exchange.end(exchange.left_as or "client_disconnect", free=True)
        self._gateway._entrance.leave(exchange)

    async def drive(self, exchange: Exchange) -> None:
        await self._gateway._drive(exchange)


def _begun(call: Call, *, stream: bool) -> Begun:
    head = call.head
    return Begun(
        call.request_id,
        int(call.now_s * 1e6),
        head.client_ip,
        head.client_tool,
        head.client_request_id,
        stream,
        len(call.body),
        head.traceparent,
    )


def _held_headers(exchange: Exchange) -> bytes:
    """The head of a stream that goes out before the provider has said anything."""
    head, id_header = exchange.call.head, exchange.lane.dialect.id_header
    lines = b"content-type: %b\r\n%b: %b\r\n" % (head.stream_type, id_header, exchange.call.request_id.encode())
    return lines if exchange.record is None else lines + exchange.record.header(exchange.call.request_id)


def _reason_of_refusal(error: GatewayError) -> EndReason:
    if isinstance(error, LimitReached):
        return "limit_reached"
    return "client_error" if error.fault == "client" else "gateway_error"
