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
from tokenrouter.gateway.stream import Stream, relay_of
from tokenrouter.gateway.unread import UnreadAnswer
from tokenrouter.gateway.whole import JSON, TRANSLATED_BYTES, WHOLE_BYTES, pass_answer
from tokenrouter.providers.access_tokens import TokenSource

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
    source = exchange.lane.endpoint.tokens
    if source is not None:
        exchange.authorization = await authorization(exchange, source)
    unread = exchange.peeked.answer == "bytes"
    whole_limit = 0 if stream or unread else WHOLE_BYTES if exchange.crossing is None else TRANSLATED_BYTES
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


def note_answer(exchange: Exchange, response: UpstreamResponse) -> None:
    """Take in what an answer's head says."""
    exchange.status = response.status
    headers = response.headers
    if b"x-request-id" in headers:
        exchange.provider_request_id = headers[b"x-request-id"].decode("latin-1")[:128]


async def authorization(exchange: Exchange, source: TokenSource) -> bytes:
    """Return the header line that authorizes a request at a provider whose access tokens do not last."""
    credentials = exchange.ports.credentials
    token = credentials.current(source) or await credentials.token(source)
    return b"authorization: Bearer %b\r\n" % token.encode("ascii", "ignore")


def fail(exchange: Exchange, error: GatewayError) -> None:
    """Settle after `error`, and end a stream that has begun; its client cannot be told by a status any more.

    What was delivered is charged, a request that never got anywhere is not.
    """
    responder = exchange.responder
    if not responder.started or exchange.status == 0:
        exchange.status = error.status
    _end(exchange, _REASONS.get(type(error), _reason(error)), error_code=error.code)
    if responder.started and exchange.peeked.stream:
        relay = exchange.relay or relay_of(exchange)
        responder.write(relay.fail(error, exchange.call.request_id))
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
        exchange.end(reason, content_bytes=content_bytes, error_code=error_code, free=free)
    else:
        exchange.end(reason, usage=relay.usage, content_bytes=relay.content_bytes, error_code=error_code)


def _reason(error: GatewayError) -> EndReason:
    if error.fault == "provider":
        return "provider_error"
    return "client_error" if error.fault == "client" else "gateway_error"


async def pass_refusal(exchange: Exchange, response: UpstreamResponse) -> None:
    """Pass a provider's own error on as it is, where it is one that the client can act on."""
    body = await _collect(exchange, response)
    error = exchange.lane.adapter.read_error(response.status, response.headers, body)
    readable = body.lstrip()[:1] == b"{"
    if error is None or exchange.crossing is not None or exchange.responder.started or not readable or _is_ours(error):
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
