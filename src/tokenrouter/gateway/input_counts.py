"""Input counted by its own provider, for nothing, where a limit is too near for a bound.

Before a request is sent, its input is bounded by its bytes, which may be several times what it is. Far from a limit
that is good enough, and nobody is asked. Near one it refuses what would fit, so there the providers that count tokens
are asked, and the request holds what they say. It costs a round trip, so it has a short deadline of its own, few are
under way at once, and a provider that fails to answer is left alone for a while: then the bound counts, as everywhere.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tokenrouter.dialects.bridge import Asked
from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.token_counts import counted_request, read_count
from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import GatewayError, InvalidRequest, LimitReached, ProviderError
from tokenrouter.domain.ledger import Operation
from tokenrouter.domain.limits import Amounts
from tokenrouter.domain.room import room_in
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import Upstream
from tokenrouter.gateway.roads import authorization
from tokenrouter.gateway.ways import Way, counting_way
from tokenrouter.providers.compatible import CompatibleAdapter
from tokenrouter.providers.outbound import Destination, UpstreamRequest

PATIENCE: Final = Timeouts(connect_s=1.0, first_byte_s=2.0, between_bytes_s=1.0, total_s=3.0)
"""Counting takes vendors some 100 to 500 ms; who waits longer had better be refused."""
MOST_AT_ONCE: Final = 8
"""Vendors allow fewer counts than answers in a minute (docs.anthropic.com, "Token counting", read 2026-11)."""
SILENCE_S: Final = 30.0
"""For so long a provider is not asked again that did not count."""
COUNT_BYTES: Final = 64 * 2**10
"""Longest answer to a count; they have some 100 bytes."""
MOST_BYTES_PER_TOKEN: Final = 8
"""Hardly any text has more; a request that would not fit even then need not be counted."""
LEAST_SPARE: Final = 16
"""A count may be off by a few tokens …"""
SPARE_PART: Final = 64
"""… and by so small a part of it (docs.anthropic.com, "Token counting", read 2026-11: "an estimate")."""
MAX_REMEMBERED: Final = 1024


@dataclass(slots=True)
class _Counter:
    """How one model's input is counted, if it is; `silent_until_s` by the clock."""

    adapter: CompatibleAdapter
    way: tuple[Operation, Way] | None
    to: Destination
    silent_until_s: float = 0.0


class InputCounts:
    """Asks providers how many tokens a request has. One per data process."""

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._clock = clock
        self._running = 0
        self._counters: dict[tuple[str, str, str], _Counter] = {}

    def may_help(self, exchange: Exchange, refusal: GatewayError) -> bool:
        """Whether `exchange`, which met `refusal`, might fit if its input were counted; once for each.

        What goes on with an answer has more input than its client's request, which is what would be counted.
        """
        if not isinstance(refusal, LimitReached) or exchange.counted_input is not None:
            return False
        if exchange.call.seam is not None:
            return False
        room = room_in(refusal.states, Amounts())
        if room is None or not room.counts_input or self._running >= MOST_AT_ONCE:
            return False
        least_input = exchange.peeked.size // MOST_BYTES_PER_TOKEN + 1
        bound, ceiling = exchange.held.input_tokens, exchange.ceiling
        if not room.output_within(bound, ceiling) < exchange.least_answer <= room.output_within(least_input, ceiling):
            return False
        counter = self._counter(exchange)
        return counter.way is not None and self._clock() >= counter.silent_until_s

    async def count(self, exchange: Exchange, asked: Asked) -> None:
        """Have the input counted, and let `exchange` go by that; where it cannot be, by its bound."""
        counter = self._counter(exchange)
        bound = exchange.counted_input = exchange.held.input_tokens
        if counter.way is None:
            return
        self._running += 1
        try:
            tokens = await self._ask(exchange, asked, counter.way, counter.to)
        except ProviderError:
            counter.silent_until_s = self._clock() + SILENCE_S
        except InvalidRequest:
            return
        else:
            spare = max(LEAST_SPARE, tokens // SPARE_PART)
            exchange.counted_input = max(tokens, min(bound, tokens + spare))
            exchange.lane.estimates.learn_input(tokens, body_bytes=exchange.peeked.size)
        finally:
            self._running -= 1

    def _counter(self, exchange: Exchange) -> _Counter:
        lane = exchange.lane
        name = (lane.provider, lane.subject.model, lane.dialect.name)
        known = self._counters.get(name)
        if known is None or known.adapter is not lane.adapter:
            if len(self._counters) >= MAX_REMEMBERED:
                self._counters.clear()
            to = Destination(lane.to.origin, PATIENCE, lane.provider, allow_private=lane.to.allow_private)
            way = counting_way(lane.adapter, lane.provider, lane.dialect, lane.subject.model)
            known = self._counters[name] = _Counter(lane.adapter, way, to)
        return known

    async def _ask(self, exchange: Exchange, asked: Asked, found: tuple[Operation, Way], to: Destination) -> int:
        operation, way = found
        provider, call, endpoint = exchange.lane.provider, exchange.call, way.endpoint
        if way.bridge is None:
            body, headers = (
                counted_request(operation, _as_sent(exchange), exchange.lane.subject.model),
                call.head.forwarded,
            )
        else:
            crossing = way.bridge.cross(call.body, asked)
            body, headers = crossing.body, crossing.headers
        if endpoint.drops or endpoint.adds:
            body = b"".join(peek_object(body).without(endpoint.drops).changed(endpoint.adds))
        if endpoint.tokens is not None:
            headers += await authorization(exchange, endpoint.tokens)
        if endpoint.sign is not None:
            headers += endpoint.sign(body, stream=False, now_s=time.time())
        lines = b"%bx-request-id: %b\r\n%bcontent-length: %d\r\n\r\n"
        head = lines % (endpoint.head, call.request_id.encode(), headers, len(body))
        response = await self._upstream.send(UpstreamRequest(to, (head + body,), COUNT_BYTES))
        try:
            if response.status != 200:
                raise ProviderError(f"Provider {provider!r} did not count tokens.", provider=provider)
            return read_count(response.take(), provider)
        finally:
            response.close()


def _as_sent(exchange: Exchange) -> bytes:
    """Return the client's request with the model's name as the provider knows it."""
    field = exchange.lane.model_field
    return exchange.call.body if field is None else b"".join(exchange.peeked.body.with_value("model", field))
