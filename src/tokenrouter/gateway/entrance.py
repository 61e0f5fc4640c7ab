"""The way in: a place in the gateway, what the limits have to give, and the journal's word that it was taken.

As a rule all of it is there at once and nothing waits. Where it is not, a request waits for a place, for a limiter
that is asked over the network, for its provider's count of its input or, if the operator allows it, for what running
requests hold of a limit.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.bridge import Asked
from tokenrouter.domain.catalog import Policy
from tokenrouter.domain.errors import GatewayError, LimitReached
from tokenrouter.gateway.admission import Admission
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.exchange import Exchange, Ports
from tokenrouter.gateway.input_counts import InputCounts
from tokenrouter.gateway.limit_headers import limit_lines, quota_object
from tokenrouter.gateway.patience import LOOK_S, Patience, Place
from tokenrouter.gateway.roads import fail

Refuse = Callable[[Exchange, GatewayError], None]
"""Leaves a row for a request that got no further."""


class Entrance:
    """Lets exchanges in, or tells them why not.

    Attributes:
        admission: the places.
    """

    def __init__(self, ports: Ports, refuse: Refuse, counts: InputCounts) -> None:
        self.admission = Admission()
        self._ports = ports
        self._refuse = refuse
        self._counts = counts
        self._patience = Patience()
        self._patience_s = 0.0
        self._most_waiting = 0

    def apply(self, policy: Policy) -> None:
        """Follow a changed catalogue."""
        self.admission.configure(
            policy.max_concurrent_requests,
            max_wait_s=policy.max_concurrent_wait_s,
            max_waiting=policy.max_waiting_requests,
        )
        self._patience_s = policy.quota_wait_s
        self._most_waiting = policy.max_waiting_requests

    def enter_now(self, exchange: Exchange) -> bool:
        """Take what the exchange needs if nothing is to be waited for; else return False, and it has to `enter`.

        Raises:
            LimitReached, CountersNotReady, JournalUnavailable: it must not go on; a row tells of it.
        """
        if self._ports.remote is not None or self._patience.is_waited_for(_queue_of(exchange)):
            return False
        if not self.admission.try_enter():
            return False
        try:
            exchange.begin()
            if exchange.output_limit is not None:
                _bound_crossing(exchange)
        except GatewayError as error:
            if self._may_wait(error, self._patience_s) or self._counts.may_help(exchange, error):
                self.admission.leave()
                return False
            self._give_up(exchange, error)
            raise
        return True

    async def enter(self, exchange: Exchange) -> None:
        """Wait for what the exchange needs, and take it.

        Raises:
            RateLimited: no place came free in time.
            LimitReached, CountersNotReady, JournalUnavailable: as `enter_now`.
        """
        try:
            await self._enter_patiently(exchange)
        except GatewayError as error:
            self._tell(exchange, error)
            raise

    async def enter_if_free(self, exchange: Exchange) -> bool:
        """Take what the exchange needs if that is there now, and nobody waits for it; return whether it was."""
        if self._patience.is_waited_for(_queue_of(exchange)) or not self.admission.try_enter():
            return False
        try:
            await self._begin(exchange)
        except GatewayError as error:
            if exchange.is_begun:
                exchange.end("gateway_error", error_code=error.code, free=True)
            return False
        return True

    def leave(self, exchange: Exchange) -> None:
        """Give the place back; what was held is settled by now."""
        self.admission.leave()
        self._patience.settled(_queue_of(exchange))

    async def _enter_patiently(self, exchange: Exchange) -> None:
        until_s = time.monotonic() + self._patience_s
        key_id = _queue_of(exchange)
        place: Place | None = None
        try:
            if self._patience.is_waited_for(key_id):
                place = await self._patience.line_up(key_id, self._patience_s)
            while True:
                try:
                    await self._take(exchange)
                except LimitReached as error:
                    if self._counts.may_help(exchange, error):
                        await self._counts.count(exchange, asked_of(exchange))
                        continue
                    left_s = until_s - time.monotonic()
                    if not self._may_wait(error, left_s):
                        raise
                else:
                    return
                place = place or await self._patience.line_up(key_id, left_s)
                if place is not None:
                    await place.wait(min(LOOK_S, left_s))
        finally:
            self._patience.leave(key_id, place)

    async def _take(self, exchange: Exchange) -> None:
        """Take a place and what is needed, or neither."""
        if not self.admission.try_enter():
            await self.admission.enter()
        await self._begin(exchange)

    async def _begin(self, exchange: Exchange) -> None:
        """Take what is needed besides the place, or give that back."""
        try:
            if self._ports.remote is None:
                exchange.begin()
            else:
                await exchange.begin_there(self._ports.remote)
            _bound_crossing(exchange)
        except BaseException:
            self.admission.leave()
            raise

    def _may_wait(self, error: GatewayError, left_s: float) -> bool:
        """Whether waiting may help, and is allowed for so long."""
        if left_s <= 0 or not isinstance(error, LimitReached) or error.retry_after_s is None:
            return False
        return error.retry_after_s <= self._patience_s and self._patience.waiting < self._most_waiting

    def _give_up(self, exchange: Exchange, error: GatewayError) -> None:
        self.admission.leave()
        self._tell(exchange, error)

    def _tell(self, exchange: Exchange, error: GatewayError) -> None:
        """Leave a row, and tell the client of its limits."""
        if isinstance(error, LimitReached):
            now_s, as_quota = exchange.call.now_s, exchange.tells_quota
            error.headers = limit_lines(error.states, exchange.lane.subject.operation, now_s, as_quota=as_quota)
            error.quota = quota_object(error.states, now_s) if as_quota else b""
        if exchange.is_begun:
            fail(exchange, error)
        elif exchange.judge is None or not exchange.judge(error):
            self._refuse(exchange, error)


def asked_of(exchange: Exchange) -> Asked:
    """Return what the client's request says apart from its body."""
    return asked_by(exchange.call, exchange.peeked)


def asked_by(call: Call, peeked: Head) -> Asked:
    """Return the same of a request that has no exchange yet."""
    head = call.head
    return Asked(
        call.request_id, int(call.now_s), head.model, head.stream, head.sse, peeked.body.fields, seam=call.seam
    )


def _queue_of(exchange: Exchange) -> str:
    """Return who waits together: a key with all that was made below it."""
    chain = exchange.lane.subject.chain
    return chain[-1] if chain else ""


def _bound_crossing(exchange: Exchange) -> None:
    """Translate the request again where its limits demand another bound on its answer.

    Raises:
        InvalidRequest: the provider's dialect refuses what was asked for with so small a bound.
    """
    bridge, output_limit = exchange.lane.bridge, exchange.output_limit
    if bridge is None or output_limit is None:
        return
    exchange.crossing = bridge.cross(exchange.call.body, replace(asked_of(exchange), output_limit=output_limit))
