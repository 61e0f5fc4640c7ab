"""The one harmless question to a provider: which models it has. What comes back says how the provider is, too."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.domain.conditions import Status
from tokenrouter.domain.errors import GatewayError, ProviderCut, ProviderProtocolError
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import Price
from tokenrouter.providers import CompatibleAdapter, adapter
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.providers.standing import standing_of
from tokenrouter.upstream.client import UpstreamClient

TEST_TIMEOUTS: Final = Timeouts(connect_s=5.0, first_byte_s=15.0, between_bytes_s=15.0, total_s=30.0)
"""Somebody waits for the answer."""
MIN_SECRET_CHARS: Final = 6
"""Shorter values of headers are no secrets, and part of words."""
MAX_LIST_BYTES: Final = 8 * 2**20
_BLOCKED: Final = "a page that keeps programs out stands before it (it answered {}); another network may not meet it"


@dataclass(frozen=True, slots=True)
class Look:
    """What one question came to; `models` is None where there was no list, and `problem` says why."""

    status: Status
    problem: str = ""
    models: tuple[str, ...] | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)
    facts: Mapping[str, ModelFacts] = field(default_factory=dict)


async def ask_for_models(upstream: UpstreamClient, provider: Provider, timeouts: Timeouts) -> Look:
    """Ask `provider` with the first of its keys that it accepts.

    Never raises for what the provider did, or for how it is configured.
    """
    first, *others = provider.credentials
    look = await _ask_with(upstream, first, timeouts)
    for one in others:
        if look.status != "auth problem":
            break
        look = await _ask_with(upstream, one, timeouts)
    return replace(look, problem=_without_secrets(look.problem, provider))


def _without_secrets(text: str, provider: Provider) -> str:
    """Return `text` without the secrets of `provider`: some vendors repeat the key that they refuse."""
    for secret in (provider.secret, *provider.other_secrets, *provider.headers.values()):
        if secret and len(secret) >= MIN_SECRET_CHARS:
            text = text.replace(secret, "…")
    return text


async def _ask_with(upstream: UpstreamClient, provider: Provider, timeouts: Timeouts) -> Look:
    try:
        spoken = adapter(provider)
        if spoken.lacks_key:
            return Look("auth problem", "it has no key, and answers nobody without one")
        question = spoken.models_request()
        if question is None:
            return Look("unknown", models=())
        return await _ask(upstream, provider, spoken, question[1], timeouts)
    except ProviderProtocolError as error:  # it answers, which says nothing of whether it works
        return Look("unknown", str(error))
    except GatewayError as error:
        return Look("offline", str(error))
    except ValueError as error:
        return Look("unknown", str(error))


async def _ask(
    upstream: UpstreamClient, provider: Provider, spoken: CompatibleAdapter, head: bytes, timeouts: Timeouts
) -> Look:
    to = Destination(spoken.origin, timeouts, provider.name, allow_private=provider.allow_private)
    response = await upstream.send(UpstreamRequest(to, [head + b"\r\n"], MAX_LIST_BYTES))
    try:
        body = response.take()
        error = spoken.read_error(response.status, response.headers, body)
        if error is not None:
            status = standing_of(response.status, response.headers, body)
            return Look(status, _BLOCKED.format(response.status) if status == "blocked" else str(error))
        if not response.complete:
            raise ProviderCut("its model list has no end", provider=provider.name)
        today = time.strftime("%Y-%m-%d", time.gmtime())
        prices = spoken.parse_prices(body, dated=today)
        return Look("online", "", spoken.parse_models(body), prices, spoken.parse_facts(body))
    finally:
        response.close()
