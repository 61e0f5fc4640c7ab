"""A request for several alternatives at a provider that gives one at a time: asked that many times, all at once.

All of them are one exchange: held, written down and settled together. If one fails, the request has failed; what the
others have cost is charged, because their provider will.
"""

import asyncio
from collections.abc import Callable, Sequence

from tokenrouter.dialects.alternatives import AlternativesDecoder
from tokenrouter.dialects.bridge import Crossing
from tokenrouter.domain.errors import GatewayError
from tokenrouter.gateway.asking import upstream_request
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import Upstream, UpstreamResponse
from tokenrouter.gateway.refused import note_answer, pass_refusal
from tokenrouter.gateway.stream import Stream
from tokenrouter.gateway.whole import TRANSLATED_BYTES, pass_translated, require_json


async def fan_out(exchange: Exchange, crossing: Crossing, upstream: Upstream) -> None:
    """Ask `crossing.copies` times, and pass the answers on as one.

    Raises:
        GatewayError: one of them failed; `roads.fail` settles it.
    """
    limit = 0 if exchange.peeked.stream else TRANSLATED_BYTES
    asking = [asyncio.ensure_future(upstream.send(upstream_request(exchange, limit))) for _ in range(crossing.copies)]
    try:
        responses = await asyncio.gather(*asking)
        await _pass_on(exchange, crossing, responses)
    finally:
        for each in asking:
            each.cancel()
            if each.done() and not each.cancelled() and each.exception() is None:
                each.result().close()


async def _pass_on(exchange: Exchange, crossing: Crossing, responses: Sequence[UpstreamResponse]) -> None:
    refused = next((response for response in responses if response.status >= 300), None)
    note_answer(exchange, refused or responses[0])
    if refused is not None:
        if not all(response.status >= 300 for response in responses):
            _charge_the_others(exchange, crossing, responses)
        await pass_refusal(exchange, refused)
    elif exchange.peeked.stream:
        await Stream(exchange, Streams(responses, crossing.alternatives())).relay()
    else:
        bodies = [response.take() for response in responses]
        for response, body in zip(responses, bodies, strict=True):
            require_json(exchange, response, body)
        pass_translated(exchange, crossing, responses, bodies)


def _charge_the_others(exchange: Exchange, crossing: Crossing, responses: Sequence[UpstreamResponse]) -> None:
    """Settle with what the answers that came have cost."""
    usage = None
    if not exchange.peeked.stream:
        bodies = [response.take() for response in responses if response.status < 300]
        try:
            usage = crossing.answer(*bodies).usage
        except GatewayError:
            usage = None
    exchange.end("provider_error", usage=usage, error_code="provider_refused")


class Streams:
    """Several streams as one; see `ports.UpstreamResponse`."""

    __slots__ = ("_decoder", "_responses", "complete", "headers", "status")

    def __init__(self, responses: Sequence[UpstreamResponse], decoder: AlternativesDecoder) -> None:
        self._responses = responses
        self._decoder = decoder
        self.status = responses[0].status
        self.headers = responses[0].headers
        self.complete = False

    def take(self) -> bytes:
        """Nothing is taken: each stream hands over what it has when it is pumped."""
        return b""

    async def pump(self, sink: Callable[[bytes], None]) -> None:
        """Hand over the bytes of all streams as they come, having told the decoder whose they are."""
        pumping = [asyncio.ensure_future(self._pump_one(*each, sink)) for each in enumerate(self._responses)]
        try:
            await asyncio.gather(*pumping)
        finally:
            for each in pumping:
                each.cancel()

    async def _pump_one(self, turn: int, response: UpstreamResponse, sink: Callable[[bytes], None]) -> None:
        def hand_over(chunk: bytes) -> None:
            self._decoder.turn = turn
            sink(chunk)

        await response.pump(hand_over)

    def pause(self) -> None:
        for response in self._responses:
            response.pause()

    def resume(self) -> None:
        for response in self._responses:
            response.resume()

    def fail(self, error: GatewayError) -> None:
        for response in self._responses:
            response.fail(error)

    def lift_deadline(self) -> None:
        for response in self._responses:
            response.lift_deadline()

    def close(self) -> None:
        for response in self._responses:
            response.close()
