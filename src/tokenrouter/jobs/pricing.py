"""What models cost, gathered in the background and remembered on disk.

Every half hour, on the half hour (some prices hold for hours of the day, which begin then), and whenever providers or
their models have changed, each source is asked. Of what several sources say of a model the most trusted counts; what a
source could not say this time stays what it said before, and the state of its providers tells why. What the operator
says counts before all of them and is not in here: the Catalog puts it on top.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.prices import Price, since_when_known
from tokenrouter.jobs.pricing_cache import PricingCache, ProviderState, entries_of, read_cache, write_cache
from tokenrouter.jobs.pricing_sources import Gathered, PriceSource

EVERY_S: Final = 30 * 60.0
LOOK_S: Final = 1.0
"""How often it is looked whether providers have changed."""

log = structlog.get_logger(__name__)


class Pricing:
    """Keeps the prices of the enabled providers fresh."""

    def __init__(
        self,
        cache_file: Path | None = None,
        sources: Sequence[PriceSource] = (),
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`sources` are in the order of trust; without a `cache_file` nothing outlives this process."""
        self._cache_file = cache_file
        self._sources = sources
        self._on_change = on_change
        self._clock = clock
        self._gate = asyncio.Lock()
        self._asked: object = None
        self.cache = PricingCache() if cache_file is None else read_cache(cache_file)

    def prices(self) -> dict[str, Price]:
        """Return what was gathered, by `provider/model`, where `*` may stand in the model."""
        return self.cache.prices()

    async def run(self, providers: Callable[[], Sequence[Provider]], *, look_s: float = LOOK_S) -> None:
        """Refresh when it is time, or when there is something new to ask for; runs until cancelled."""
        due_s = 0.0
        while True:
            current = providers()
            if self._clock() >= due_s or _signature(current) != self._asked:
                due_s = (self._clock() // EVERY_S + 1) * EVERY_S
                await self.refresh(current)
            await asyncio.sleep(look_s)

    async def begin(self, providers: Sequence[Provider]) -> None:
        """Where nothing is remembered, ask what asks no network: so that the first requests have prices."""
        if not self.cache.entries:
            async with self._gate:
                await self._ask([source for source in self._sources if not source.asks_network], providers)

    async def refresh(self, providers: Sequence[Provider], *, again: bool = False) -> tuple[str, ...]:
        """Ask every source; return the names of the providers of which one could not tell the prices.

        `again`: sources are not to answer from what they remember.
        """
        async with self._gate:
            self._asked = _signature(providers)
            return await self._ask(self._sources, providers, again=again)

    async def _ask(
        self, sources: Sequence[PriceSource], providers: Sequence[Provider], *, again: bool = False
    ) -> tuple[str, ...]:
        enabled = [each for each in providers if each.enabled]
        return self._take([(source.name, await source.gather(enabled, again=again)) for source in sources])

    def _take(self, gathered: Sequence[tuple[str, Gathered]]) -> tuple[str, ...]:
        now = _text(self._clock())
        before = self.cache.prices()
        prices: dict[str, Price] = {}
        states: dict[str, ProviderState] = {}
        for source, answers in gathered:
            for provider, told in answers.items():
                _note(states.setdefault(provider, self._state(provider)), told, now)
                known = _remembered(before, provider, source) if isinstance(told, str) else told
                for model, price in known.items():
                    name = f"{provider}/{model}"
                    prices.setdefault(name, since_when_known(price, before.get(name)))
        self._keep(prices, states, now, changed=prices != before)
        return tuple(name for name, state in states.items() if state.last_error)

    def _state(self, provider: str) -> ProviderState:
        known = self.cache.provider_states.get(provider, ProviderState())
        return ProviderState(known.last_attempt, known.last_update)

    def _keep(self, prices: Mapping[str, Price], states: dict[str, ProviderState], now: str, *, changed: bool) -> None:
        self.cache = PricingCache(now, states, entries_of(prices, self.cache, now))
        if self._cache_file is not None:
            write_cache(self._cache_file, self.cache)
        for name, state in states.items():
            if state.last_error:
                log.warning("prices could not be refreshed", provider=name, reason=state.last_error)
        if changed:
            self._on_change()


def _note(state: ProviderState, told: object, now: str) -> None:
    state.last_attempt = now
    if isinstance(told, str):
        state.last_error = told
    else:
        state.last_update = now


def _remembered(before: Mapping[str, Price], provider: str, source: str) -> dict[str, Price]:
    """Return what a source said of a provider the last time."""
    prefix = f"{provider}/"
    return {
        name.removeprefix(prefix): price
        for name, price in before.items()
        if name.startswith(prefix) and price.source == source
    }


def _signature(providers: Sequence[Provider]) -> object:
    """Return what must be the same for prices to be of any use: who is asked, where, and for what."""
    return tuple((each.name, each.kind, each.base_url, each.enabled, each.models) for each in providers)


def _text(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
