"""A provider's refusal on its way to the client, and what any answer's head says."""

from tokenrouter.domain.errors import GatewayError, ProviderCredentialsRejected, ProviderProtocolError
from tokenrouter.domain.ledger import EndReason
from tokenrouter.gateway.asking import answer_headers
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import UpstreamResponse
from tokenrouter.gateway.whole import JSON, WHOLE_BYTES


def note_answer(exchange: Exchange, response: UpstreamResponse) -> None:
    """Take in what an answer's head says."""
    exchange.status = response.status
    headers = exchange.ports.heads[exchange.lane.account] = response.headers
    if b"x-request-id" in headers:
        exchange.provider_request_id = headers[b"x-request-id"].decode("latin-1")[:128]


async def pass_refusal(exchange: Exchange, response: UpstreamResponse) -> None:
    """Pass a provider's own error on as it is, but for its key, where it is one that the client can act on."""
    body = exchange.lane.adapter.without_secret(await _collect(exchange, response))
    error = exchange.lane.adapter.read_error(response.status, response.headers, body)
    readable = body.lstrip()[:1] == b"{"
    if error is None or exchange.crossing is not None or exchange.responder.started or not readable or _is_ours(error):
        provider = exchange.lane.provider
        raise error or ProviderProtocolError(
            f"Provider {provider!r} answered with status {response.status}, which it should not.", provider=provider
        )
    if exchange.judge is not None and exchange.judge(error):
        raise error
    exchange.end(reason_of(response.status), free=True, error_code=error.code)
    exchange.responder.answer(response.status, answer_headers(exchange, response, JSON), body)


def reason_of(status: int) -> EndReason:
    """Return how a request has ended that its provider refused with `status`."""
    return "provider_error" if status >= 500 or status == 429 else "client_error"


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
