"""Answers that are no JSON (sound, subtitles, files): passed on as they come, unread and unkept.

Their end is held back until the request is written down, as with every answer, so that nothing is delivered whole
that a `kill -9` could make unpaid.
"""

from typing import Final

from tokenrouter.gateway.asking import answer_headers
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import UpstreamResponse

TAIL_BYTES: Final = 512
"""How much is held back: less than the shortest piece of sound that a player would wait for."""
BYTES: Final = b"application/octet-stream"
UNTRUSTED: Final = b"x-content-type-options: nosniff\r\ncontent-security-policy: default-src 'none'; sandbox\r\n"
"""Sent with what others wrote: no browser may take it for a page of ours, which shares its origin with the UI."""


class UnreadAnswer:
    """One such answer on its way."""

    __slots__ = ("_exchange", "_tail")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._tail = b""

    async def relay(self, response: UpstreamResponse) -> None:
        """Pass it on to its end.

        Raises:
            ProviderTimeout, ProviderCut: it did not come to its end.
        """
        exchange, responder = self._exchange, self._exchange.responder
        response.lift_deadline()
        kind = response.headers.get(b"content-type", BYTES)
        length = response.headers.get(b"content-length")
        headers = answer_headers(exchange, response, kind) + UNTRUSTED
        responder.start(response.status, headers, int(length) if length is not None else None)
        responder.flow = response
        exchange.note_first_token()
        self._pass_piece(response.take())
        if not response.complete:
            await response.pump(self._pass_piece)
        exchange.bytes_out += len(self._tail)
        exchange.end("completed", content_bytes=exchange.bytes_out if kind.startswith(b"text/") else 0)
        responder.write(self._tail)
        responder.finish()

    def _pass_piece(self, piece: bytes) -> None:
        waiting = self._tail + piece
        self._tail = waiting[-TAIL_BYTES:]
        passed = waiting[:-TAIL_BYTES]
        if passed:
            self._exchange.bytes_out += len(passed)
            self._exchange.responder.write(passed)
