"""The part of the road behind the decision: ask the provider, pass its answer on, and settle."""

from typing import Final

from tokenrouter.domain.errors import (
    GatewayError,
    ProviderCut,
    ProviderRefused,
    ProviderSlow,
    ProviderTimeout,
    ProviderUnreachable,
    QuotaExceeded,
)
from tokenrouter.domain.ledger import EndReason
from tokenrouter.gateway.asking import upstream_request
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.fan_out import fan_out
from tokenrouter.gateway.ports import Upstream
from tokenrouter.gateway.refused import note_answer, pass_refusal, reason_of
from tokenrouter.gateway.stream import Stream, relay_of
from tokenrouter.gateway.unread import UnreadAnswer
from tokenrouter.gateway.whole import TRANSLATED_BYTES, WHOLE_BYTES, pass_answer
from tokenrouter.providers.access_tokens import TokenSource

_REASONS: Final[dict[type[GatewayError], EndReason]] = {
    ProviderTimeout: "provider_timeout",
    ProviderUnreachable: "provider_unreachable",
    ProviderCut: "provider_cut",
    ProviderSlow: "provider_slow",
    QuotaExceeded: "limit_reached",
}
_MAY_BE_BILLED: Final = frozenset(
    {
        "client_disconnect",
        "shutdown",
        "hedge_lost",
        "provider_timeout",
        "provider_slow",
        "provider_cut",
        "gateway_error",
    }
)
"""Endings after which a provider may have worked for us without telling: charged by estimate."""


async def travel(exchange: Exchange, upstream: Upstream) -> None:
    """Ask the provider and pass its answer on.

    Raises:
        GatewayError: what the client is to be told; `fail` settles it.
    """
    stream = exchange.peeked.stream
    source = exchange.lane.endpoint.tokens
    if source is not None:
        exchange.authorization = await authorization(exchange, source)
    unread = exchange.peeked.answer == "bytes"
    whole_limit = 0 if stream or unread else WHOLE_BYTES if exchange.crossing is None else TRANSLATED_BYTES
    if exchange.crossing is not None and exchange.crossing.copies > 1:
        await fan_out(exchange, exchange.crossing, upstream)
        return
    response = await upstream.send(upstream_request(exchange, whole_limit))
    try:
        note_answer(exchange, response)
        if response.status >= 300:
            await pass_refusal(exchange, response)
        elif stream:
            await Stream(exchange, response).relay()
        elif unread:
            await UnreadAnswer(exchange).relay(response)
        else:
            await pass_answer(exchange, response)
    finally:
        response.close()


async def authorization(exchange: Exchange, source: TokenSource) -> bytes:
    """Return the header line that authorizes a request at a provider whose access tokens do not last."""
    credentials = exchange.ports.credentials
    token = credentials.current(source) or await credentials.token(source)
    return b"authorization: Bearer %b\r\n" % token.encode("ascii", "ignore")


def fail(exchange: Exchange, error: GatewayError) -> None:
    """Settle after `error`, and end a stream that has begun; its client cannot be told by a status any more.

    What was delivered is charged, a request that never got anywhere is not. A stream that came to its limit ends as if
    the bound of its answer had been reached, and is charged its margin too: its provider may have made that much more.
    Where another attempt follows, the client is told nothing, and the request counts there.
    """
    responder = exchange.responder
    is_last = exchange.judge is None or not exchange.judge(error)
    exchange.requests = 1 if is_last else 0
    if not responder.started or exchange.status == 0:
        exchange.status = error.status
    is_cut = isinstance(error, QuotaExceeded) and exchange.relay is not None
    if is_cut:
        exchange.may_be_more = True
    _end(exchange, _reason(error), error_code=error.code)
    if is_last and responder.started and exchange.peeked.stream:
        relay = exchange.relay or relay_of(exchange)
        last = relay.cut(exchange.charged) if is_cut else relay.fail(error, exchange.call.request_id)
        responder.write(last)
        responder.finish()


def abandon(exchange: Exchange, reason: EndReason) -> None:
    """Settle because nobody waits for the answer any more."""
    _end(exchange, reason, error_code=reason)


def _end(exchange: Exchange, reason: EndReason, error_code: str) -> None:
    """Charge what is known. An answer that never began is billed by nobody we know, unless it had begun to leave us."""
    relay = exchange.relay
    if relay is None:
        free = exchange.bytes_out == 0 and reason not in _MAY_BE_BILLED
        content_bytes = exchange.bytes_out if exchange.peeked.answer == "text" else 0
        unseen = exchange.bytes_out == 0 and not exchange.peeked.stream
        exchange.end(reason, content_bytes=content_bytes, error_code=error_code, free=free, unseen=unseen)
    else:
        exchange.end(
            reason,
            usage=relay.usage,
            content_bytes=relay.content_bytes,
            error_code=error_code,
            partial=not relay.ended,
        )


def _reason(error: GatewayError) -> EndReason:
    if isinstance(error, ProviderTimeout) and error.phase == "connect":
        return "provider_unreachable"
    if (reason := _REASONS.get(type(error))) is not None:
        return reason
    if isinstance(error, ProviderRefused):
        return reason_of(error.status)
    if error.fault == "provider":
        return "provider_error"
    return "client_error" if error.fault == "client" else "gateway_error"
