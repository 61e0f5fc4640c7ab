"""Asking a provider for what lies in its account: one JSON answer, read before it is passed on."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.json import JsonObject
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.gateway.asking import answer_headers, upstream_request
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ports import Upstream, UpstreamResponse
from tokenrouter.gateway.refused import note_answer, pass_refusal
from tokenrouter.gateway.roads import authorization
from tokenrouter.gateway.whole import JSON

ANSWER_BYTES: Final = 8 * 2**20
"""Longest answer; a page of ten thousand files has 3 MB."""

Json = dict[str, Any]

_object: Final = msgspec.json.Decoder(dict[str, Any])


class Told(Mapping[str, Any]):
    """What a provider told: its JSON object as a mapping, with the bytes and the answer it came in."""

    def __init__(self, response: UpstreamResponse, body: bytes, value: Json) -> None:
        self.response = response
        self.body = body
        self.value = value

    def __getitem__(self, name: str) -> Any:
        return self.value[name]

    def __iter__(self) -> Any:
        return iter(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def text(self, name: str) -> str:
        """Return a field that has to be a text."""
        return text_of(self.value, name)


async def ask(exchange: Exchange, upstream: Upstream) -> Told | None:
    """Return what the provider tells, or None when it refused, which the client has been told.

    Raises:
        ProviderError: it could not be asked, or its answer is no JSON object.
    """
    source = exchange.lane.endpoint.tokens
    if source is not None:
        exchange.authorization = await authorization(exchange, source)
    response = await upstream.send(upstream_request(exchange, ANSWER_BYTES))
    try:
        note_answer(exchange, response)
        if response.status >= 300:
            await pass_refusal(exchange, response)
            return None
        if not response.complete:
            raise _unreadable(exchange, f"is longer than {ANSWER_BYTES} bytes")
        body = response.take()
    finally:
        response.close()
    try:
        return Told(response, body, _object.decode(body))
    except (msgspec.DecodeError, RecursionError):
        raise _unreadable(exchange, "is not a JSON object") from None


def tell(exchange: Exchange, told: Told, changed: Json | None = None) -> None:
    """Write the request down and pass on what the provider told, or `changed`."""
    body = told.body if changed is None else msgspec.json.encode(changed)
    exchange.bytes_out = len(body)
    exchange.end("completed", free=True)
    exchange.responder.answer(told.response.status, answer_headers(exchange, told.response, JSON), body)


def silent_head(*, headers: bytes = b"", least_output_tokens: int = 0, size: int = 0) -> Head:
    """Return the head of a request that no model reads: it holds no tokens but those it is told to."""
    head = Head(JsonObject(b"", {}, True), "", False, least_output_tokens, True, 1, size)
    head.headers = headers
    head.least_output_tokens = least_output_tokens
    return head


def text_of(value: Mapping[str, Any], name: str) -> str:
    """Return the field `name`, which has to be a text.

    Raises:
        ProviderProtocolError: it is not.
    """
    found = value.get(name)
    if not isinstance(found, str) or not found:
        raise ProviderProtocolError(f"The provider's answer has no {name!r}.")
    return found


def _unreadable(exchange: Exchange, what: str) -> ProviderProtocolError:
    provider = exchange.lane.provider
    return ProviderProtocolError(f"The answer of provider {provider!r} {what}.", provider=provider)
