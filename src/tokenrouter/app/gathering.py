"""What this node finds out about providers: their models, what these cost, how they are, and who joins by himself."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from tokenrouter.config.automatic import public_candidates, still_wanted
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Catalog
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.jobs.automatic_providers import AutomaticProviders
from tokenrouter.jobs.condition_book import ConditionBook
from tokenrouter.jobs.discovery import Discovery
from tokenrouter.jobs.health_checks import HealthChecks
from tokenrouter.jobs.local_servers import LocalServers, looking_of
from tokenrouter.jobs.pricing import Pricing
from tokenrouter.jobs.pricing_cache import FILE_NAME as PRICES_FILE
from tokenrouter.jobs.pricing_sources import price_sources
from tokenrouter.jobs.provider_status import FILE_NAME as STATUS_FILE
from tokenrouter.jobs.provider_status import ProviderStatus, StatusFile, provider_statuses, with_problems
from tokenrouter.jobs.public_providers import PublicProviders
from tokenrouter.jobs.traffic import Snapshots
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.upstream.client import UpstreamClient

PUBLIC_S: Final = 20.0
MAX_PUBLIC_S: Final = 900.0
"""How often public providers are asked whether they are there: as TokenRouter-Go, and seldom while nobody answers."""


class Gathering:
    """Those who ask, with what they have found.

    Attributes:
        conditions: how providers are, as data processes are told it.
        discovery: the lists of models that providers gave.
        checks: who asks them, and when.
        pricing: what models cost, by those who say so.
        automatic: providers that are there without having been set up.
        bundled_facts: what the data that come along know of models, by `provider/model`.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        upstream: UpstreamClient,
        last: Catalog,
        note_change: Callable[[], None],
        take_change: Callable[[], None],
    ) -> None:
        """`last`: the Catalog of the last start. `note_change` is called for what may wait a moment, `take_change`
        for what is to count when it returns.
        """
        folder = settings().paths.cache_dir
        self._settings = settings
        self._take_change = take_change
        self.conditions = ConditionBook()
        self.discovery = Discovery(folder / "models.json", upstream, note_change)
        self.checks = HealthChecks(self.discovery, self.conditions, asks=lambda: settings().discovery)
        self.bundled_facts: Mapping[str, ModelFacts] = {}
        sources = price_sources(settings().price_sources, self.discovery, upstream, self._take_facts)
        self.pricing = Pricing(folder / PRICES_FILE, sources, take_change)
        self.automatic = AutomaticProviders(note_change)
        self._status_file = StatusFile(folder / STATUS_FILE)
        self._look_for_providers(upstream, last)

    def _look_for_providers(self, upstream: UpstreamClient, last: Catalog) -> None:
        """Let those look who find providers that join by themselves; those of the last start are there at once."""
        local, public = still_wanted(self._settings(), last.providers)
        status = lambda name: self.conditions.of(name).status  # noqa: E731 (one line, asked at each look)
        self.automatic.add(
            LocalServers(upstream, lambda: looking_of(self._settings()), on_models=self.checks.ask_soon),
            lambda: self._settings().local_check_s,
            remembered=local,
        )
        self.automatic.add(
            PublicProviders(upstream, lambda: public_candidates(self._settings()), status),
            lambda: PUBLIC_S,
            longest_pause_s=MAX_PUBLIC_S,
            remembered=public,
        )

    def _take_facts(self, facts: Mapping[str, ModelFacts]) -> None:
        if facts != self.bundled_facts:
            self.bundled_facts = facts
            self._take_change()

    def begin(self, tasks: BackgroundTasks, catalog: Callable[[], Catalog], figures: Callable[[], Snapshots]) -> None:
        """Ask, again and again; `figures` are what data processes say of themselves, by worker."""
        providers = lambda: catalog().providers  # noqa: E731 (three want the same)
        tasks.start(self.checks.run(providers, figures), "provider checks")
        tasks.start(self.automatic.run(), "providers that join")
        tasks.start(self.pricing.run(providers), "prices")

    async def ask_one(self, catalog: Catalog, name: str) -> None:
        """Ask one provider of `catalog` for its models, whether it is due or not."""
        await self.discovery.ask([provider for provider in catalog.providers if provider.name == name])

    def statuses(self, catalog: Catalog, figures: Snapshots, unusable: Mapping[str, str]) -> list[ProviderStatus]:
        """Return how every provider is, in routing order; `unusable`: why one cannot be used at all, by name."""
        shown, conditions = self.checks.shown(), self.conditions.current()
        return with_problems(provider_statuses(catalog.providers, shown, conditions, figures, time.time()), unusable)

    def write_down(self, rows: list[ProviderStatus]) -> None:
        """Write down how providers are, for commands that ask while the server is away."""
        self._status_file.write(rows)
