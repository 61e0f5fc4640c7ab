"""The part of the road behind the decision: ask the provider, pass its answer on, and settle."""

from typing import Final

from tokenrouter.domain.errors import (
    GatewayError,
    ProviderCredentialsRejected,
    ProviderCut,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnreachable,
    QuotaExceeded,
)
from tokenrouter.domain.ledger import EndReason
from tokenrouter.gateway.asking import answer_headers, upstream_request
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import Upstream, UpstreamResponse
from tokenrouter.gateway.stream import Stream
from tokenrouter.gateway.whole import JSON, WHOLE_BYTES, pass_answer

_REASONS: Final[dict[type[GatewayError], EndReason]] = {
    ProviderTimeout: "provider_timeout",
    ProviderUnreachable: "provider_unreachable",
    ProviderCut: "provider_cut",
    QuotaExceeded: "limit_reached",
}
_MAY_BE_BILLED: Final = frozenset(
    {"client_disconnect", "shutdown", "provider_timeout", "provider_cut", "gateway_error"}
)
"""Endings after which a provider may have worked for us without telling: charged by estimate."""


async def travel(exchange: Exchange, upstream: Upstream) -> None:
    """Ask the provider and pass its answer on.

    Raises:
        GatewayError: what the client is to be told; `fail` settles it.
    """
    stream = exchange.peeked.stream
    response = await upstream.send(upstream_request(exchange, 0 if stream else WHOLE_BYTES))
    try:
        exchange.status = status = response.status
        headers = response.headers
        if b"x-request-id" in headers:
            exchange.provider_request_id = headers[b"x-request-id"].decode("latin-1")[:128]
        if status >= 300:
            await _pass_refusal(exchange, response)
        elif stream:
            await Stream(exchange, response).relay()
        else:
            await pass_answer(exchange, response)
    finally:
        response.close()


def fail(exchange: Exchange, error: GatewayError) -> None:
    """Settle after `error`; what was delivered is charged, a request that never got anywhere is not."""
    if not exchange.responder.started or exchange.status == 0:
        exchange.status = error.status
    _end(exchange, _REASONS.get(type(error), _reason(error)), error_code=error.code)


def abandon(exchange: Exchange, reason: EndReason) -> None:
    """Settle because nobody waits for the answer any more."""
    _end(exchange, reason, error_code=reason)


def _end(exchange: Exchange, reason: EndReason, error_code: str) -> None:
    """Charge what is known. An answer that never began is billed by nobody we know, unless it had begun to leave us."""
    relay = exchange.relay
    if relay is None:
        free = exchange.bytes_out == 0 and reason not in _MAY_BE_BILLED
        exchange.end(reason, content_bytes=exchange.bytes_out, error_code=error_code, free=free)
    else:
        exchange.end(reason, usage=relay.usage, content_bytes=relay.content_bytes, error_code=error_code)


def _reason(error: GatewayError) -> EndReason:
    if error.fault == "provider":
        return "provider_error"
    return "client_error" if error.fault == "client" else "gateway_error"


async def _pass_refusal(exchange: Exchange, response: UpstreamResponse) -> None:
    """Pass a provider's own error on as it is, where it is one that the client can act on."""
    body = await _collect(exchange, response)
    error = exchange.lane.adapter.read_error(response.status, response.headers, body)
    readable = body.lstrip()[:1] == b"{"
    if error is None or exchange.responder.started or not readable or _is_ours(error):
        provider = exchange.lane.provider
        raise error or ProviderProtocolError(
            f"Provider {provider!r} answered with status {response.status}, which it should not.", provider=provider
        )
    reason: EndReason = "provider_error" if response.status >= 500 or response.status == 429 else "client_error"
    exchange.end(reason, free=True, error_code=error.code)
    exchange.responder.answer(response.status, answer_headers(exchange, response, JSON), body)


async def _collect(exchange: Exchange, response: UpstreamResponse) -> bytes:
    """Return a body of at most `WHOLE_BYTES`, whatever was asked for at first."""
    parts = [response.take()]
    if not response.complete:

        def keep(data: bytes) -> None:
            parts.append(data)
            if sum(map(len, parts)) > WHOLE_BYTES:
                raise ProviderProtocolError("The provider's error has no end.", provider=exchange.lane.provider)

        await response.pump(keep)
    return b"".join(parts)


def _is_ours(error: GatewayError) -> bool:
    return isinstance(error, ProviderCredentialsRejected | ProviderProtocolError)
