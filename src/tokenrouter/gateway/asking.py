"""What goes to the provider, and the headers of what comes back."""

import re
import time
from collections.abc import Sequence
from typing import Final

from tokenrouter.dialects.base import Fields
from tokenrouter.dialects.bridge import Crossing
from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.losses import Loss
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import UpstreamResponse
from tokenrouter.providers.endpoints import Endpoint
from tokenrouter.providers.outbound import UpstreamRequest

JOIN_BYTES: Final = 64 * 2**10
"""Up to this size a request is one piece of bytes: copying is cheaper than a vectored write."""
MAX_NAMED_BYTES: Final = 1024
"""Length of a header that names what was lost; a client may send a thousand fields that nobody knows."""

NANO: Final = 10**9

_UNPRINTABLE: Final = re.compile(rb"[^\x20-\x7e]")
_PASSED_ON: Final = frozenset(
    {b"retry-after", b"retry-after-ms", b"x-should-retry", b"openai-processing-ms", b"openai-version"}
)
"""Headers of a provider's answer that clients act on; the others speak of the operator's account."""


def upstream_request(exchange: Exchange, whole_limit: int) -> UpstreamRequest:
    """Return the client's request as the provider gets it."""
    lane, call, crossing = exchange.lane, exchange.call, exchange.crossing
    endpoint = lane.endpoint
    head = endpoint.stream_head if exchange.peeked.stream else endpoint.head
    forwarded = call.head.forwarded if crossing is None else crossing.headers
    pieces = _body(exchange) if crossing is None else _crossed_body(endpoint, crossing)
    if exchange.peeked.headers:
        forwarded += exchange.peeked.headers
    if exchange.authorization:
        forwarded += exchange.authorization
    if endpoint.sign is not None:
        pieces = (b"".join(pieces),)
        forwarded += endpoint.sign(pieces[0], stream=exchange.peeked.stream, now_s=time.time())
    if len(call.body) <= JOIN_BYTES:
        body = b"".join(pieces)
        data: Sequence[bytes | memoryview] = (
            b"%bx-request-id: %b\r\n%bcontent-length: %d\r\n\r\n%b"
            % (head, call.request_id.encode(), forwarded, len(body), body),
        )
    else:
        lines = b"%bx-request-id: %b\r\n%bcontent-length: %d\r\n\r\n" % (
            head,
            call.request_id.encode(),
            forwarded,
            sum(map(len, pieces)),
        )
        data = (lines, *pieces)
    return UpstreamRequest(lane.to, data, whole_limit, exchange.within_s)


def _body(exchange: Exchange) -> Sequence[bytes | memoryview]:
    """Return the client's body, with only those fields changed that the road has to change."""
    lane, peeked = exchange.lane, exchange.peeked
    endpoint = lane.endpoint
    asks_usage = peeked.stream and lane.asks_usage and not peeked.wants_usage
    repaired = {} if lane.repair is None else lane.repair(peeked.body, lane.subject.model)
    if not asks_usage and exchange.output_limit is None and not endpoint.adds and not repaired:
        if lane.model_field is None:
            return (exchange.call.body,)
        return peeked.body.with_value("model", lane.model_field)
    changes: Fields = {**endpoint.adds, **repaired}
    exchange.changed = ", ".join(repaired)
    if lane.model_field is not None and "model" not in endpoint.drops:
        changes["model"] = lane.model_field
    if asks_usage:
        changes |= lane.dialect.asking_usage(peeked)
    if exchange.output_limit is not None:
        bounds = lane.dialect.bounding_output(peeked, exchange.output_limit)
        exchange.changed = ", ".join([*repaired, *bounds])
        changes |= bounds
    return peeked.body.without(endpoint.drops).changed(changes) if endpoint.drops else peeked.body.changed(changes)


def _crossed_body(endpoint: Endpoint, crossing: Crossing) -> Sequence[bytes | memoryview]:
    if not endpoint.drops and not endpoint.adds:
        return (crossing.body,)
    return peek_object(crossing.body).without(endpoint.drops).changed(endpoint.adds)


def answer_headers(exchange: Exchange, response: UpstreamResponse, content_type: bytes) -> bytes:
    """Return the header lines of the client's answer, each ended by CRLF; its cost where that is known by now."""
    lane = exchange.lane
    lines = b"content-type: %b\r\n%b: %b\r\n%b" % (
        content_type,
        lane.dialect.id_header,
        exchange.call.request_id.encode(),
        lane.answer_headers,
    )
    headers = response.headers
    if not _PASSED_ON.isdisjoint(headers):
        lines += b"".join([b"%b: %b\r\n" % (name, headers[name]) for name in headers if name in _PASSED_ON])
    if exchange.crossing is not None or exchange.peeked.unheard:
        lines += loss_headers(losses_of(exchange))
    lines += exchange.limit_headers()
    if exchange.output_limit is not None:
        lines += b"x-tokenrouter-output-limit: %d\r\n" % exchange.output_limit
    if exchange.spent is not None:
        lines += b"x-tokenrouter-cost-usd: %d.%09d\r\n" % divmod(exchange.spent, NANO)
    if exchange.record is not None:
        lines += exchange.record.header(exchange.call.request_id)
    if exchange.attempt > 1:
        lines += b"x-tokenrouter-attempts: %d\r\n" % exchange.attempt
    if exchange.changed:
        lines += b"x-tokenrouter-changed: %b\r\n" % exchange.changed.encode()
    return lines


def losses_of(exchange: Exchange) -> tuple[Loss, ...]:
    """Return what of the request is lost: wishes that cannot be kept, and what its provider's dialect cannot carry."""
    unheard = [Loss(name, "dropped", "It cannot be chosen by here.") for name in exchange.peeked.unheard]
    return (*unheard, *(() if exchange.crossing is None else exchange.crossing.losses))


def loss_headers(losses: Sequence[Loss]) -> bytes:
    """Return the header lines that name what a provider's dialect could not carry, by what became of it."""
    lines = b""
    for fate in ("dropped", "emulated"):
        names = [loss.feature for loss in losses if loss.fate == fate]
        if names:
            shown = ", ".join(names).encode("ascii", "replace")[:MAX_NAMED_BYTES]
            lines += b"x-tokenrouter-%b: %b\r\n" % (fate.encode(), _UNPRINTABLE.sub(b"?", shown))
    return lines
