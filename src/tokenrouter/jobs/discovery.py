"""Which models each provider has, and what they cost and how long their windows are where its list says so.

Asked in the background, remembered on disk, never waited for.
"""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import structlog

from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.domain.errors import GatewayError, ProviderProtocolError
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import Price, since_when_known
from tokenrouter.providers import CompatibleAdapter, adapter
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.upstream.client import UpstreamClient

FRESH_S: Final = 15 * 60.0
RETRY_S: Final = 30.0
"""As TokenRouter-Go: a good answer is good for 15 minutes, a bad one is asked again after 30 s."""
MAX_LIST_BYTES: Final = 8 * 2**20
AT_ONCE: Final = 4
_TIMEOUTS: Final = Timeouts(connect_s=5.0, first_byte_s=15.0, between_bytes_s=15.0, total_s=30.0)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Listing:
    """What is known of one provider's models. `problem` is "" when the last question was answered.

    Attributes:
        prices: by model, as far as the list has them.
        facts: likewise.
    """

    base_url: str
    models: tuple[str, ...] = ()
    prices: dict[str, Price] = field(default_factory=dict)
    facts: dict[str, ModelFacts] = field(default_factory=dict)
    checked_at_s: float = 0.0
    problem: str = ""
    next_s: float = 0.0


_decode: Final = msgspec.json.Decoder(dict[str, Listing]).decode


class Discovery:
    """Keeps the model lists of the enabled providers fresh."""

    def __init__(self, cache_file: Path, upstream: UpstreamClient, on_change: Callable[[], None]) -> None:
        self._cache_file = cache_file
        self._upstream = upstream
        self._on_change = on_change
        self._listings = _read_cache(cache_file)
        self._gate = asyncio.Semaphore(AT_ONCE)

    def models(self) -> dict[str, tuple[str, ...]]:
        """Return the model ids by provider."""
        return {name: listing.models for name, listing in self._listings.items()}

    def prices(self, provider: str) -> dict[str, Price]:
        """Return what a provider's own list says of prices, by model id."""
        listing = self._listings.get(provider)
        return {} if listing is None else listing.prices

    def facts(self) -> dict[str, ModelFacts]:
        """Return what the lists say of models, by `provider/model`."""
        return {
            f"{name}/{model}": facts
            for name, listing in self._listings.items()
            for model, facts in listing.facts.items()
        }

    def problem(self, provider: str) -> str:
        """Return why the last question to a provider was not answered, or ""."""
        listing = self._listings.get(provider)
        return "" if listing is None else listing.problem

    def status(self) -> dict[str, dict[str, object]]:
        """Return, by provider, how the last question went."""
        return {
            name: {"models": len(listing.models), "checked_at_s": listing.checked_at_s, "problem": listing.problem}
            for name, listing in self._listings.items()
        }

    async def run(self, providers: Callable[[], Sequence[Provider]]) -> None:
        """Ask whoever is due, for ever."""
        while True:
            now_s = time.time()
            await self.ask([one for one in providers() if one.enabled and self._listing(one).next_s <= now_s])
            await asyncio.sleep(1.0)

    async def ask(self, providers: Sequence[Provider]) -> None:
        """Ask `providers` now, whether they are due or not."""
        changed = await asyncio.gather(*(self._refresh(provider) for provider in providers))
        if any(changed):
            _write_cache(self._cache_file, self._listings)
            self._on_change()

    def _listing(self, provider: Provider) -> Listing:
        """Return what is known; a provider that moved is asked anew."""
        known = self._listings.get(provider.name)
        if known is None or known.base_url != provider.base_url:
            known = self._listings[provider.name] = Listing(provider.base_url)
        return known

    async def _refresh(self, provider: Provider) -> bool:
        """Ask one provider; return whether its list changed."""
        listing = self._listing(provider)
        async with self._gate:
            try:
                models, prices, facts = await self._ask(provider, adapter(provider))
            except (GatewayError, ValueError) as error:
                listing.problem = str(error)
                listing.next_s = time.time() + RETRY_S
                log.info("no model list", provider=provider.name, reason=str(error))
                return False
        now_s = time.time()
        prices = {name: since_when_known(price, listing.prices.get(name)) for name, price in prices.items()}
        changed = (models, prices, facts) != (listing.models, listing.prices, listing.facts)
        listing.models, listing.prices, listing.facts = models, prices, facts
        listing.checked_at_s, listing.problem, listing.next_s = now_s, "", now_s + FRESH_S
        return changed

    async def _ask(
        self, provider: Provider, spoken: CompatibleAdapter
    ) -> tuple[tuple[str, ...], dict[str, Price], dict[str, ModelFacts]]:
        question = spoken.models_request()
        if question is None:
            return (), {}, {}
        to = Destination(spoken.origin, _TIMEOUTS, provider.name, allow_private=provider.allow_private)
        request = UpstreamRequest(to, [question[1] + b"\r\n"], MAX_LIST_BYTES)
        response = await self._upstream.send(request)
        try:
            body = response.take()
            if not response.complete:
                raise ProviderProtocolError("its model list has no end", provider=provider.name)
            error = spoken.read_error(response.status, response.headers, body)
            if error is not None:
                raise error
            prices = spoken.parse_prices(body, dated=time.strftime("%Y-%m-%d", time.gmtime()))
            return spoken.parse_models(body), prices, spoken.parse_facts(body)
        finally:
            response.close()


def _read_cache(path: Path) -> dict[str, Listing]:
    try:
        listings = _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}
    for listing in listings.values():
        listing.next_s = 0.0
    return listings


def _write_cache(path: Path, listings: dict[str, Listing]) -> None:
    """Replace the cache; a cache that cannot be written is no reason to stop."""
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.write_bytes(msgspec.json.encode(listings))
        fresh.replace(path)
    except OSError as error:
        log.warning("the model cache cannot be written", reason=str(error))
