"""The part of the road behind the decision: ask the provider, pass its answer on, and settle.

A whole answer is taken in one piece, so that its usage is known and written down before it goes out. A
stream is relayed as it comes: the provider's connection calls `StreamRoad.feed` for each read, without
waking the request's task.
"""

from typing import ClassVar, Final

from tokenrouter.dialects.base import Fields
from tokenrouter.dialects.json import write_object
from tokenrouter.dialects.relay import StreamRelay
from tokenrouter.domain.errors import (
    GatewayError,
    InvalidRequest,
    ProviderCredentialsRejected,
    ProviderCut,
    ProviderProtocolError,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
    QuotaExceeded,
)
from tokenrouter.domain.ledger import EndReason, Usage
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import Upstream, UpstreamResponse
from tokenrouter.providers.outbound import UpstreamRequest

WHOLE_BYTES: Final = 2**20
"""Whole answers up to this size are taken in one piece; longer ones are passed on as they come."""
TAIL_BYTES: Final = 64 * 2**10
"""Of a long whole answer this much of its end is held back, to find the usage in before it goes out."""
EVENT_STREAM: Final = b"text/event-stream"

_PASSED_ON: Final = (b"retry-after", b"retry-after-ms", b"x-should-retry", b"openai-processing-ms", b"openai-version")
"""Headers of a provider's answer that clients act on; the others speak of the operator's account."""
_REASONS: Final[dict[type[GatewayError], EndReason]] = {
    ProviderTimeout: "provider_timeout",
    ProviderUnreachable: "provider_unreachable",
    ProviderCut: "provider_cut",
    QuotaExceeded: "limit_reached",
}


class Road:
    """What both kinds of answer share. One object per request."""

    whole_limit: ClassVar[int]

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._response: UpstreamResponse | None = None

    async def travel(self, upstream: Upstream) -> None:
        """Ask the provider and pass its answer on.

        Raises:
            GatewayError: what the client is to be told; `fail` settles it.
        """
        response = await upstream.send(self._request())
        self._response = response
        try:
            self.exchange.entry.status = response.status
            self.exchange.entry.provider_request_id = response.headers.get(b"x-request-id", b"").decode("latin-1")[:128]
            if response.status >= 300:
                await self._pass_refusal(response)
            else:
                await self._pass_answer(response)
        finally:
            response.close()

    def fail(self, error: GatewayError) -> None:
        """Settle after `error`; what was delivered is charged, a request that never got anywhere is not."""
        entry = self.exchange.entry
        if not self.exchange.responder.started or entry.status == 0:
            entry.status = error.status
        self._end(_REASONS.get(type(error), _reason(error)), error_code=error.code)

    def abandon(self, reason: EndReason) -> None:
        """Settle because nobody waits for the answer any more."""
        self._end(reason, error_code=reason)

    def _end(self, reason: EndReason, error_code: str = "") -> None:
        raise NotImplementedError

    async def _pass_answer(self, response: UpstreamResponse) -> None:
        raise NotImplementedError

    def _request(self) -> UpstreamRequest:
        exchange = self.exchange
        provider, adapter = exchange.route.entry.provider, exchange.route.entry.adapter
        head = adapter.head(exchange.entry.operation)
        if head is None:
            raise InvalidRequest(
                f"Provider {provider.name!r} does not offer this operation ({exchange.entry.operation}).", param="model"
            )
        body = self._body()
        size = sum(map(len, body))
        return UpstreamRequest(
            origin=adapter.origin,
            head=b"%bx-request-id: %b\r\n%bcontent-length: %d\r\n\r\n"
            % (head, exchange.call.request_id.encode(), exchange.call.forwarded, size),
            body=body,
            timeouts=provider.timeouts,
            provider=provider.name,
            whole_limit=self.whole_limit,
            allow_private=provider.allow_private,
        )

    def _body(self) -> list[bytes | memoryview]:
        """Return the client's body, with only those fields changed that the road has to change."""
        exchange = self.exchange
        head = exchange.head
        changes: Fields = {}
        if exchange.route.model != head.model:
            changes["model"] = exchange.dialect.model_field(exchange.route.model)
        if head.stream and not head.wants_usage and exchange.asks_usage:
            changes |= exchange.dialect.asking_usage(head)
        if exchange.output_limit is not None:
            changes |= exchange.dialect.bounding_output(head, exchange.output_limit)
        return write_object({**head.fields, **changes}) if changes else [exchange.call.body]

    async def _pass_refusal(self, response: UpstreamResponse) -> None:
        """Pass the provider's error on as it is, unless it speaks of our credentials or is not JSON."""
        exchange = self.exchange
        body = await self._collect(response)
        error = exchange.route.entry.adapter.read_error(response.status, response.headers, body)
        readable = body.lstrip()[:1] == b"{"
        if error is None or exchange.responder.started or not readable or _is_ours(error):
            raise error or ProviderProtocolError(
                f"Provider {exchange.entry.provider!r} answered with status {response.status}, which it should not.",
                provider=exchange.entry.provider,
            )
        reason: EndReason = "provider_error" if response.status >= 500 or response.status == 429 else "client_error"
        exchange.end(reason, free=True, error_code=error.code)
        exchange.responder.answer(response.status, self._headers(response, b"application/json"), body)

    async def _collect(self, response: UpstreamResponse) -> bytes:
        """Return a body of at most `WHOLE_BYTES`, whatever was asked for at first."""
        parts = [response.take()]
        if not response.complete:

            def keep(data: bytes) -> None:
                parts.append(data)
                if sum(map(len, parts)) > WHOLE_BYTES:
                    raise ProviderProtocolError(
                        "The provider's error has no end.", provider=self.exchange.entry.provider
                    )

            await response.pump(keep)
        return b"".join(parts)

    def _headers(self, response: UpstreamResponse, content_type: bytes) -> bytes:
        exchange = self.exchange
        lines = [
            b"content-type: %b\r\nx-request-id: %b\r\nx-tokenrouter-provider: %b\r\n"
            % (content_type, exchange.call.request_id.encode(), exchange.entry.provider.encode())
        ]
        headers = response.headers
        lines += [b"%b: %b\r\n" % (name, headers[name]) for name in _PASSED_ON if name in headers]
        if exchange.entry.changed:
            lines.append(b"x-tokenrouter-changed: %b\r\n" % exchange.entry.changed.encode())
        return b"".join(lines)


def _is_ours(error: GatewayError) -> bool:
    return isinstance(error, ProviderCredentialsRejected | ProviderProtocolError)


def _reason(error: GatewayError) -> EndReason:
    if error.fault == "provider":
        return "provider_error"
    return "client_error" if error.fault == "client" else "gateway_error"


class WholeRoad(Road):
    """A request for an answer in one piece."""

    whole_limit = WHOLE_BYTES

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self._delivered = 0
        self._tail = b""

    async def _pass_answer(self, response: UpstreamResponse) -> None:
        body = response.take()
        self._require_json(response, body)
        if response.complete:
            self._pass_whole(response, body)
        else:
            await self._pass_long(response, body)

    def _require_json(self, response: UpstreamResponse, body: bytes) -> None:
        provider = self.exchange.entry.provider
        kind = response.headers.get(b"content-type", b"application/json").lower()
        if b"json" not in kind or body.lstrip()[:1] != b"{":
            raise ProviderProtocolError(
                f"Provider {provider!r} answered with {kind.decode('latin-1')[:100]!r} that is not a JSON object.",
                provider=provider,
            )

    def _pass_whole(self, response: UpstreamResponse, body: bytes) -> None:
        exchange = self.exchange
        dialect = exchange.dialect
        usage = dialect.whole_usage(body)
        content_bytes = dialect.content_bytes(body) if usage is None or exchange.estimates.is_curious else 0
        exchange.entry.bytes_out = len(body)
        exchange.end("completed", usage=usage, content_bytes=content_bytes)
        exchange.responder.answer(response.status, self._headers(response, b"application/json"), body)

    async def _pass_long(self, response: UpstreamResponse, body: bytes) -> None:
        """Pass a long answer on as it comes, all but its end, which waits until it is written down."""
        exchange = self.exchange
        length = response.headers.get(b"content-length")
        headers = self._headers(response, b"application/json")
        exchange.responder.start(response.status, headers, int(length) if length is not None else None)
        exchange.responder.flow = response
        self._pass_piece(body)
        await response.pump(self._pass_piece)
        exchange.entry.bytes_out = self._delivered + len(self._tail)
        exchange.end(
            "completed", usage=exchange.dialect.whole_usage(self._tail), content_bytes=exchange.entry.bytes_out
        )
        exchange.responder.write(self._tail)
        exchange.responder.finish()

    def _pass_piece(self, piece: bytes) -> None:
        self._tail += piece
        passed = self._tail[:-TAIL_BYTES]
        if passed:
            self._tail = self._tail[-TAIL_BYTES:]
            self._delivered += len(passed)
            if self._delivered > self.exchange.covered_bytes:
                self.exchange.extend(self._delivered)
            self.exchange.responder.write(passed)

    def _end(self, reason: EndReason, error_code: str = "") -> None:
        """A whole answer that did not arrive is billed by no provider that we know, unless it had begun to leave us."""
        exchange = self.exchange
        exchange.entry.bytes_out = self._delivered
        began = self._delivered > 0 or reason in _MAY_BE_BILLED
        exchange.end(reason, free=not began, content_bytes=self._delivered, error_code=error_code)


_MAY_BE_BILLED: Final = frozenset(
    {"client_disconnect", "shutdown", "provider_timeout", "provider_cut", "gateway_error"}
)
"""Endings after which a provider may have worked for us without telling: charged by estimate."""


class StreamRoad(Road):
    """A request for an answer as it comes."""

    whole_limit = 0

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self.relay = StreamRelay(exchange.dialect.reading, strip_usage=not exchange.head.wants_usage)

    async def _pass_answer(self, response: UpstreamResponse) -> None:
        exchange = self.exchange
        kind = response.headers.get(b"content-type", EVENT_STREAM).lower()
        if not kind.startswith(EVENT_STREAM):
            raise ProviderProtocolError(
                f"Provider {exchange.entry.provider!r} answered with {kind.decode('latin-1')[:100]!r} "
                "where an event stream was asked for.",
                provider=exchange.entry.provider,
            )
        exchange.responder.flow = response
        await response.pump(self.feed)
        last = self.relay.close()
        if last is None and self.relay.error_payload is not None:
            last = b""
        if last is None:
            raise ProviderCut(
                f"Provider {exchange.entry.provider!r} ended its stream before the answer was finished.",
                provider=exchange.entry.provider,
            )
        self._end("provider_error" if self.relay.error_payload else "completed")
        if last:
            self._write(last)
        exchange.responder.finish()

    def feed(self, chunk: bytes) -> None:
        """Pass one network read on; called from the provider's connection."""
        exchange, relay = self.exchange, self.relay
        events = relay.feed(chunk)
        if relay.error_payload is not None and not exchange.ended:
            self._meet_error(relay.error_payload)
        if relay.content_bytes > exchange.covered_bytes and not exchange.extend(relay.content_bytes):
            raise QuotaExceeded("The limit of this API key was reached in the middle of the answer.")
        if relay.ended and not exchange.ended:
            self._end("completed")
        if events:
            self._write(events)

    def _meet_error(self, payload: bytes) -> None:
        """An error as the first event can still be told by its status; a later one passes as it is."""
        exchange = self.exchange
        error = exchange.route.entry.adapter.error_in_stream(payload)
        if not exchange.responder.started:
            raise error or ProviderRefused(
                f"Provider {exchange.entry.provider!r} reported an error in its stream.",
                provider=exchange.entry.provider,
                status=502,
            )
        self._end("provider_error", error_code=error.code if error is not None else "provider_error")

    def _write(self, events: bytes) -> None:
        exchange = self.exchange
        if not exchange.responder.started and self._response is not None:
            exchange.responder.start(self._response.status, self._headers(self._response, EVENT_STREAM), None)
        if exchange.entry.bytes_out == 0:
            exchange.note_first_token()
        exchange.entry.bytes_out += len(events)
        exchange.touched = True
        exchange.responder.write(events)

    def _end(self, reason: EndReason, error_code: str = "") -> None:
        relay = self.relay
        began = self._response is not None and self._response.status < 300
        usage: Usage | None = relay.usage
        self.exchange.end(
            reason,
            usage=usage,
            content_bytes=relay.content_bytes,
            error_code=error_code,
            free=not began and reason not in _MAY_BE_BILLED,
        )
