"""Answers as they come: the provider's connection calls `Stream.feed` for each read, without waking the request."""

import asyncio

from tokenrouter.dialects.array_relay import ArrayRelay
from tokenrouter.dialects.relay import Relay, StreamRelay
from tokenrouter.domain.errors import (
    GatewayError,
    ProviderCut,
    ProviderProtocolError,
    ProviderRefused,
    ProviderTimeout,
    QuotaExceeded,
)
from tokenrouter.domain.ledger import EndReason
from tokenrouter.gateway.asking import answer_headers
from tokenrouter.gateway.brake import Brake
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import RemoteReservation, UpstreamResponse
from tokenrouter.gateway.speed_guard import SpeedGuard


class Stream:
    """One stream on its way from provider to client."""

    __slots__ = (
        "_asking",
        "_brake",
        "_delivered",
        "_exchange",
        "_failure",
        "_guard",
        "_is_too_long",
        "_look",
        "_relay",
        "_response",
    )

    def __init__(self, exchange: Exchange, response: UpstreamResponse) -> None:
        self._exchange = exchange
        self._response = response
        self._relay = relay_of(exchange)
        self._brake = None if exchange.remote is None else Brake(response)
        self._asking: asyncio.Task[None] | None = None
        self._failure: GatewayError | None = None
        self._is_too_long = False
        self._guard = exchange.guard
        self._delivered = exchange.delivered
        self._look: asyncio.TimerHandle | None = None

    async def relay(self) -> None:
        """Pass the stream on to its end.

        Raises:
            ProviderProtocolError: it is no event stream.
            ProviderRefused, ProviderCut, ProviderTimeout: it failed, or ended before its time.
            ProviderSlow: its beginning came too slowly, and there is another place.
            QuotaExceeded: a limit was reached in the middle of it. What was read by then is held, and passed on.
        """
        exchange, relay = self._exchange, self._relay
        self._require_events()
        exchange.relay = relay
        exchange.responder.flow = self._brake or self._response
        try:
            await self._pump()
        finally:
            if self._asking is not None:
                self._asking.cancel()
            if self._look is not None:
                self._look.cancel()
        last = relay.close()
        if relay.error_payload is not None and not exchange.ended:
            self._meet_error(relay.error_payload)
        if last is None:
            if relay.error_payload is None:
                raise ProviderCut(
                    f"Provider {exchange.lane.provider!r} ended its stream before the answer was finished.",
                    provider=exchange.lane.provider,
                )
            last = b""
        if self._guard is not None:
            last = self._guard.open() + last
        self._end("provider_error" if relay.error_payload else "completed")
        if exchange.bytes_out == 0:
            self._begin()
        if last:
            exchange.bytes_out += len(last)
            exchange.responder.write(last)
        exchange.responder.finish()

    async def _pump(self) -> None:
        """Take the stream in; how its connection ends concerns nobody once the last event is there."""
        try:
            await self._response.pump(self.feed)
        except (ProviderCut, ProviderProtocolError, ProviderTimeout):
            if not self._relay.ended:
                raise

    def _require_events(self) -> None:
        expected = self._exchange.lane.endpoint.stream_type
        kind = self._response.headers.get(b"content-type", expected).lower()
        if not kind.startswith(expected):
            provider = self._exchange.lane.provider
            raise ProviderProtocolError(
                f"Provider {provider!r} answered with {kind.decode('latin-1')[:100]!r} "
                "where an event stream was asked for.",
                provider=provider,
            )

    def feed(self, chunk: bytes) -> None:
        """Pass one network read on; called from the provider's connection."""
        exchange, relay = self._exchange, self._relay
        events = relay.feed(chunk)
        if self._delivered is not None:
            self._delivered.read(chunk)
        if relay.error_payload is not None and not exchange.ended:
            self._meet_error(relay.error_payload)
        if relay.ended and not exchange.ended:
            self._end("completed")
        if relay.content_bytes > exchange.covered_bytes and not (self._is_too_long or exchange.ended):
            self._extend(relay.content_bytes)
        if events and self._guard is not None:
            events = self._hold(self._guard, events)
        if events:
            self._pass(events)
        if self._failure is not None:
            raise self._failure
        if self._is_too_long and not exchange.ended:
            raise QuotaExceeded("The limit of this API key was reached in the middle of the answer.")

    def _pass(self, events: bytes) -> None:
        exchange = self._exchange
        if exchange.bytes_out == 0:
            self._begin()
        exchange.bytes_out += len(events)
        exchange.touched = True
        exchange.responder.write(events)
        if self._delivered is not None:
            self._delivered.commit()

    def _hold(self, guard: SpeedGuard, events: bytes) -> bytes:
        """Return what may go out of the beginning; the first of it sets the time at which its speed is judged."""
        events = guard.hold(events, self._relay.content_bytes)
        if not guard.is_open and self._look is None:
            self._look_after(guard, guard.probe_s)
        return events

    def _look_after(self, guard: SpeedGuard, wait_s: float) -> None:
        self._look = asyncio.get_running_loop().call_later(wait_s, self._judge, guard)

    def _judge(self, guard: SpeedGuard) -> None:
        """Let the beginning go, or give the stream up for another place."""
        wait_s = guard.left_s(self._relay.content_bytes)
        if guard.is_open:
            return
        if wait_s > 0:
            self._look_after(guard, wait_s)
            return
        exchange = self._exchange
        error = guard.problem(exchange.lane.provider, self._relay.content_bytes)
        if error is not None and exchange.judge is not None and exchange.judge(error):
            self._response.fail(error)
        else:
            self._pass(guard.open())

    def _extend(self, content_bytes: int) -> None:
        """Hold enough for what was read; while a limiter is asked over the network, nothing more is read."""
        remote, brake = self._exchange.remote, self._brake
        if remote is None or brake is None:
            self._is_too_long = not self._exchange.extend(content_bytes)
        elif self._asking is None:
            brake.hold("limit")
            self._asking = asyncio.ensure_future(self._extend_there(remote, brake, content_bytes))

    async def _extend_there(self, remote: RemoteReservation, brake: Brake, content_bytes: int) -> None:
        try:
            self._is_too_long = not await self._exchange.extend_there(remote, content_bytes)
        except GatewayError as error:
            self._failure = error
        finally:
            self._asking = None
            brake.let_go("limit")

    def _meet_error(self, payload: bytes) -> None:
        """An error before any content can still be told by its status, or by nobody; a later one passes as it is."""
        exchange, provider = self._exchange, self._exchange.lane.provider
        told = exchange.lane.adapter.error_in_stream(payload)
        error = told or ProviderRefused(
            f"Provider {provider!r} reported an error in its stream.", provider=provider, status=502
        )
        goes_on = exchange.judge is not None and exchange.judge(error)
        if goes_on or not exchange.responder.started:
            raise error
        self._end("provider_error", error_code="provider_error" if told is None else told.code)

    def _begin(self) -> None:
        """Send the head of the answer, if a keep-alive has not done so: the first content goes out now."""
        exchange = self._exchange
        exchange.win()
        if exchange.within_s:
            self._response.lift_deadline()
        if not exchange.responder.started:
            headers = answer_headers(exchange, self._response, exchange.call.head.stream_type)
            exchange.responder.start(self._response.status, headers, None)
        exchange.note_first_token()

    def _end(self, reason: EndReason, error_code: str = "") -> None:
        relay = self._relay
        self._exchange.end(
            reason,
            usage=relay.usage,
            content_bytes=relay.content_bytes,
            error_code=error_code,
            partial=reason != "completed",
        )


def relay_of(exchange: Exchange) -> Relay:
    """Return what passes the provider's stream on, or translates it."""
    if exchange.crossing is not None:
        return exchange.crossing.relay(exchange.delivered)
    dialect = exchange.lane.dialect
    strip_usage = not exchange.peeked.wants_usage
    alternatives = exchange.peeked.answers if exchange.margin else 0
    relay = StreamRelay(dialect.reading, strip_usage=strip_usage, tell=dialect.error_event, alternatives=alternatives)
    return relay if exchange.call.head.sse else ArrayRelay(relay)
