"""Which models each provider has, what its list says of their prices and windows, and how the provider was then.

Asked in the background, remembered on disk, never waited for. The question costs nothing, so it is also how a provider
is checked; who is asked when is decided in `health_checks`. A provider that is away keeps its last list, with its age.
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
from tokenrouter.domain.conditions import Status
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import Price, since_when_known
from tokenrouter.jobs.model_question import ask_for_models
from tokenrouter.upstream.client import UpstreamClient

FRESH_S: Final = 15 * 60.0
RETRY_S: Final = 30.0
"""As TokenRouter-Go (its health checker, read 2026-11): a good answer is good for 15 minutes, after a bad one the
provider is asked again in 30 s."""
AT_ONCE: Final = 4
_TIMEOUTS: Final = Timeouts(connect_s=5.0, first_byte_s=15.0, between_bytes_s=15.0, total_s=30.0)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Listing:
    """What is known of one provider's models. `problem` is "" when the last question was answered.

    Attributes:
        prices: by model, as far as the list has them.
        facts: likewise.
        listed_at_s: when the list was answered; 0 is never. It may be much older than the last question.
        checked_at_s: when the provider was asked last; 0 when this process has not yet.
        status: how it was then.
        response_ms: how long it took to answer, or 0.
        next_s: when it is asked again.
    """

    base_url: str
    models: tuple[str, ...] = ()
    prices: dict[str, Price] = field(default_factory=dict)
    facts: dict[str, ModelFacts] = field(default_factory=dict)
    listed_at_s: float = 0.0
    checked_at_s: float = 0.0
    problem: str = ""
    status: Status = "unknown"
    response_ms: float = 0.0
    next_s: float = 0.0


_decode: Final = msgspec.json.Decoder(dict[str, Listing]).decode


class Discovery:
    """Asks providers for their models, and remembers what they answered."""

    def __init__(
        self,
        cache_file: Path,
        upstream: UpstreamClient,
        on_change: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`on_change` is called when a list has changed; `clock` says seconds since the epoch."""
        self._clock = clock
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

    def listing(self, provider: Provider) -> Listing:
        """Return what is known of `provider`; one that moved is as if it had never been asked."""
        known = self._listings.get(provider.name)
        if known is None or known.base_url != provider.base_url:
            known = self._listings[provider.name] = Listing(provider.base_url)
        return known

    async def ask(self, providers: Sequence[Provider]) -> None:
        """Ask `providers` now, whether they are due or not."""
        changed = await asyncio.gather(*(self._refresh(provider) for provider in providers))
        if any(changed):
            _write_cache(self._cache_file, self._listings)
            self._on_change()

    async def _refresh(self, provider: Provider) -> bool:
        """Ask one provider; return whether its list changed."""
        listing = self.listing(provider)
        async with self._gate:
            begun_s = time.monotonic()
            look = await ask_for_models(self._upstream, provider, _TIMEOUTS)
            took_s = time.monotonic() - begun_s
        now_s = self._clock()
        listing.status, listing.problem, listing.checked_at_s = look.status, look.problem, now_s
        listing.response_ms = round(took_s * 1000, 1) if look.status != "offline" else 0.0
        listing.next_s = now_s + (RETRY_S if look.models is None else FRESH_S)
        if look.models is None:
            return False
        prices = {name: since_when_known(price, listing.prices.get(name)) for name, price in look.prices.items()}
        changed = (look.models, prices, look.facts) != (listing.models, listing.prices, listing.facts)
        listing.models, listing.prices, listing.facts = look.models, prices, dict(look.facts)
        listing.listed_at_s = now_s
        return changed


def _read_cache(path: Path) -> dict[str, Listing]:
    try:
        listings = _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}
    for listing in listings.values():
        listing.next_s = listing.checked_at_s = 0.0
        listing.status = "unknown"
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
