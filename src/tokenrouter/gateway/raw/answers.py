"""Answers of requests that were passed on raw.

JSON is read where something must be done with it: a list is cut down to what is the caller's, the id of something new
is written down with its owner. Everything else passes as it comes, and its end is looked at for a usage report.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from tokenrouter.dialects.openai import usage as openai_usage
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import Usage
from tokenrouter.gateway.asking import answer_headers, upstream_request
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import Upstream, UpstreamResponse
from tokenrouter.gateway.raw.ids import RawIds
from tokenrouter.gateway.refused import note_answer, pass_refusal
from tokenrouter.gateway.roads import authorization
from tokenrouter.gateway.unread import BYTES, UNTRUSTED

READ_BYTES: Final = 8 * 2**20
"""Longest answer that is read."""
TAIL_BYTES: Final = 64 * 2**10
"""Of an answer that is not read, this much is looked at for a usage report: it stands at the end."""
HELD_BYTES: Final = 512
"""How much of the end waits until the request is written down."""

Keep = Callable[[str], Awaitable[None]]
"""Writes down who owns an id."""


class RawRoad:
    """The road of one raw request."""

    def __init__(self, ids: RawIds, *, reads: bool, keep: Keep | None, is_free: bool) -> None:
        """`reads`: whether a list has to be cut down; `keep`: what to do with new ids; `is_free`: no model is asked."""
        self._ids = ids
        self._reads = reads
        self._keep = keep
        self._is_free = is_free

    async def __call__(self, exchange: Exchange, upstream: Upstream) -> None:
        source = exchange.lane.endpoint.tokens
        if source is not None:
            exchange.authorization = await authorization(exchange, source)
        response = await upstream.send(upstream_request(exchange, 0))
        try:
            note_answer(exchange, response)
            if response.status >= 300:
                await pass_refusal(exchange, response)
            elif self._reads and b"json" in response.headers.get(b"content-type", b"").lower():
                await self._read(exchange, response)
            else:
                await _Passing(exchange, is_free=self._is_free).relay(response)
        finally:
            response.close()

    async def _read(self, exchange: Exchange, response: UpstreamResponse) -> None:
        body = await _whole(exchange, response)
        try:
            told = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            raise _unreadable(exchange, "is not JSON") from None
        if isinstance(told, dict):
            if self._keep is not None and isinstance(told.get("id"), str):
                await self._keep(told["id"])
            shown = self._visible(told)
            body = body if shown is told else msgspec.json.encode(shown)
        exchange.bytes_out = len(body)
        _end(exchange, openai_usage.usage_of(body) if isinstance(told, dict) else None, is_free=self._is_free)
        exchange.responder.answer(response.status, _headers(exchange, response), body)

    def _visible(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return an answer without the items of lists that are other people's."""
        changes = {
            name: [item for item in items if self._ids.is_visible(item)]
            for name, items in told.items()
            if isinstance(items, list) and not all(map(self._ids.is_visible, items))
        }
        if not changes:
            return told
        places: dict[str, Any] = {name: None for name in ("first_id", "last_id") if name in told}
        return {**told, **changes, **places}


class _Passing:
    """An answer that passes as it comes."""

    def __init__(self, exchange: Exchange, *, is_free: bool) -> None:
        self._exchange = exchange
        self._is_free = is_free
        self._held = self._tail = b""

    async def relay(self, response: UpstreamResponse) -> None:
        exchange, responder = self._exchange, self._exchange.responder
        length = response.headers.get(b"content-length")
        responder.start(response.status, _headers(exchange, response), int(length) if length is not None else None)
        responder.flow = response
        exchange.note_first_token()
        self._pass_piece(response.take())
        if not response.complete:
            await response.pump(self._pass_piece)
        exchange.bytes_out += len(self._held)
        _end(exchange, openai_usage.usage_at_end(self._tail), is_free=self._is_free)
        responder.write(self._held)
        responder.finish()

    def _pass_piece(self, piece: bytes) -> None:
        waiting = self._held + piece
        self._held = waiting[-HELD_BYTES:]
        self._tail = (self._tail + piece)[-TAIL_BYTES:]
        passed = waiting[:-HELD_BYTES]
        if passed:
            self._exchange.bytes_out += len(passed)
            self._exchange.responder.write(passed)


async def _whole(exchange: Exchange, response: UpstreamResponse) -> bytes:
    parts = [response.take()]

    def keep(piece: bytes) -> None:
        parts.append(piece)
        if sum(map(len, parts)) > READ_BYTES:
            raise _unreadable(exchange, f"is longer than {READ_BYTES} bytes")

    if not response.complete:
        await response.pump(keep)
    return b"".join(parts)


def _end(exchange: Exchange, usage: Usage | None, *, is_free: bool) -> None:
    content_bytes = 0 if usage is not None else exchange.bytes_out
    exchange.end("completed", usage=usage, content_bytes=content_bytes, free=is_free and usage is None)


def _headers(exchange: Exchange, response: UpstreamResponse) -> bytes:
    return answer_headers(exchange, response, response.headers.get(b"content-type", BYTES)) + UNTRUSTED


def _unreadable(exchange: Exchange, what: str) -> ProviderProtocolError:
    provider = exchange.lane.provider
    return ProviderProtocolError(f"The answer of provider {provider!r} {what}.", provider=provider)
