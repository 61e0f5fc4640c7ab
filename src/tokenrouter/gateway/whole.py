"""Answers in one piece: taken whole, so that their usage is known and written down before they go out."""

import re
from collections.abc import Sequence
from typing import Final

from tokenrouter.dialects.bridge import Crossing
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import Usage
from tokenrouter.gateway.asking import answer_headers
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import UpstreamResponse

WHOLE_BYTES: Final = 2**20
"""Answers up to this size are taken in one piece; longer ones are passed on as they come."""
TRANSLATED_BYTES: Final = 32 * 2**20
"""Longest answer that is translated: it is held whole, decoded and written anew (a few pictures in base64 fit)."""
TAIL_BYTES: Final = 64 * 2**10
"""Of a long answer this much of its end is held back, to find the usage in before it goes out."""
JSON: Final = b"application/json"
_ERROR: Final = re.compile(rb'\s*\{\s*(?:"type"\s*:\s*"error"|"error"\s*:\s*[{"])')
"""How the errors of OpenAI, Anthropic and Google begin; an answer may have an `error` too, which is null."""


async def pass_answer(exchange: Exchange, response: UpstreamResponse) -> None:
    """Pass a provider's success on.

    Raises:
        ProviderProtocolError: it is not a JSON object.
        ProviderTimeout, ProviderCut: a long answer did not come to its end.
    """
    body = response.take()
    require_json(exchange, response, body)
    if exchange.crossing is not None:
        pass_translated(exchange, exchange.crossing, [response], [body])
        return
    if not response.complete:
        await LongAnswer(exchange).relay(response, body)
        return
    lane = exchange.lane
    usage = _usage_in(body, exchange)
    content_bytes = lane.dialect.content_bytes(body) if usage is None or lane.estimates.is_curious else 0
    exchange.bytes_out = len(body)
    exchange.end("completed", usage=usage, content_bytes=content_bytes)
    exchange.responder.answer(response.status, answer_headers(exchange, response, JSON), exchange.with_quota(body))


def _usage_in(body: bytes, exchange: Exchange) -> Usage | None:
    lane = exchange.lane
    try:
        return lane.dialect.whole_usage(body)
    except ProviderProtocolError as error:
        raise ProviderProtocolError(f"Provider {lane.provider!r}: {error.message}", provider=lane.provider) from None


def pass_translated(
    exchange: Exchange, crossing: Crossing, responses: Sequence[UpstreamResponse], bodies: Sequence[bytes]
) -> None:
    """Pass an answer of another dialect on, or the alternatives of several.

    Raises:
        ProviderProtocolError: one of them is too long, or cannot be read.
        ProviderRefused: the model has failed.
    """
    if not all(response.complete for response in responses):
        provider = exchange.lane.provider
        raise ProviderProtocolError(
            f"Provider {provider!r} answered with more than {TRANSLATED_BYTES} bytes, too much to translate.",
            provider=provider,
        )
    translated = crossing.answer(*bodies)
    exchange.bytes_out = len(translated.body)
    exchange.end("completed", usage=translated.usage, content_bytes=translated.content_bytes)
    headers = answer_headers(exchange, responses[0], JSON)
    exchange.responder.answer(200, headers, exchange.with_quota(translated.body))


def require_json(exchange: Exchange, response: UpstreamResponse, body: bytes) -> None:
    """Let nothing but a JSON object pass for an answer, and no error that came with the status of a success.

    Raises:
        ProviderProtocolError: it is no JSON object.
        GatewayError: the error that it tells.
    """
    kind = response.headers.get(b"content-type", JSON)
    if (kind == JSON or b"json" in kind.lower()) and (body[:1] == b"{" or body.lstrip()[:1] == b"{"):
        if _ERROR.match(body) is not None and (error := exchange.lane.adapter.error_in_stream(body)) is not None:
            raise error
        return
    provider = exchange.lane.provider
    raise ProviderProtocolError(
        f"Provider {provider!r} answered with {kind.decode('latin-1')[:100]!r} that is not a JSON object.",
        provider=provider,
    )


class LongAnswer:
    """Passes a long answer on as it comes, all but its end, which waits until it is written down."""

    __slots__ = ("_exchange", "_is_text", "_tail")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._is_text = exchange.peeked.answer == "text"
        self._tail = b""

    async def relay(self, response: UpstreamResponse, begun: bytes) -> None:
        """Pass on `begun`, what is there already, and the rest."""
        exchange = self._exchange
        exchange.win()
        responder = exchange.responder
        response.lift_deadline()
        length = response.headers.get(b"content-length")
        headers = answer_headers(exchange, response, JSON)
        responder.start(response.status, headers, int(length) if length is not None else None)
        responder.flow = response
        self._pass_piece(begun)
        await response.pump(self._pass_piece)
        exchange.bytes_out += len(self._tail)
        usage = exchange.lane.dialect.usage_at_end(self._tail)
        exchange.end("completed", usage=usage, content_bytes=exchange.bytes_out if self._is_text else 0)
        responder.write(self._tail)
        responder.finish()

    def _pass_piece(self, piece: bytes) -> None:
        self._tail += piece
        passed = self._tail[:-TAIL_BYTES]
        if not passed:
            return
        exchange = self._exchange
        self._tail = self._tail[-TAIL_BYTES:]
        exchange.bytes_out += len(passed)
        if self._is_text and exchange.bytes_out > exchange.covered_bytes:
            exchange.extend(exchange.bytes_out)
        exchange.responder.write(passed)
