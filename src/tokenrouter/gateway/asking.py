"""What goes to the provider, and the headers of what comes back."""

from collections.abc import Sequence
from typing import Final

from tokenrouter.dialects.base import Fields
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import UpstreamResponse
from tokenrouter.providers.outbound import UpstreamRequest

JOIN_BYTES: Final = 64 * 2**10
"""Up to this size a request is one piece of bytes: copying is cheaper than a vectored write."""

_PASSED_ON: Final = frozenset(
    {b"retry-after", b"retry-after-ms", b"x-should-retry", b"openai-processing-ms", b"openai-version"}
)
"""Headers of a provider's answer that clients act on; the others speak of the operator's account."""


def upstream_request(exchange: Exchange, whole_limit: int) -> UpstreamRequest:
    """Return the client's request as the provider gets it."""
    lane, call = exchange.lane, exchange.call
    pieces = _body(exchange)
    if len(call.body) <= JOIN_BYTES:
        body = b"".join(pieces)
        data: Sequence[bytes | memoryview] = (
            b"%bx-request-id: %b\r\n%bcontent-length: %d\r\n\r\n%b"
            % (lane.head, call.request_id.encode(), call.head.forwarded, len(body), body),
        )
    else:
        head = b"%bx-request-id: %b\r\n%bcontent-length: %d\r\n\r\n" % (
            lane.head,
            call.request_id.encode(),
            call.head.forwarded,
            sum(map(len, pieces)),
        )
        data = (head, *pieces)
    return UpstreamRequest(lane.to, data, whole_limit)


def _body(exchange: Exchange) -> Sequence[bytes | memoryview]:
    """Return the client's body, with only those fields changed that the road has to change."""
    lane, peeked = exchange.lane, exchange.peeked
    asks_usage = peeked.stream and lane.asks_usage and not peeked.wants_usage
    if not asks_usage and exchange.output_limit is None:
        if lane.model_field is None:
            return (exchange.call.body,)
        return peeked.body.with_value("model", lane.model_field)
    changes: Fields = {} if lane.model_field is None else {"model": lane.model_field}
    if asks_usage:
        changes |= lane.dialect.asking_usage(peeked)
    if exchange.output_limit is not None:
        changes |= lane.dialect.bounding_output(peeked, exchange.output_limit)
    return peeked.body.changed(changes)


def answer_headers(exchange: Exchange, response: UpstreamResponse, content_type: bytes) -> bytes:
    """Return the header lines of the client's answer, each ended by CRLF."""
    lines = b"content-type: %b\r\nx-request-id: %b\r\n%b" % (
        content_type,
        exchange.call.request_id.encode(),
        exchange.lane.answer_headers,
    )
    headers = response.headers
    if not _PASSED_ON.isdisjoint(headers):
        lines += b"".join([b"%b: %b\r\n" % (name, headers[name]) for name in headers if name in _PASSED_ON])
    if exchange.changed:
        lines += b"x-tokenrouter-changed: %b\r\n" % exchange.changed.encode()
    return lines
