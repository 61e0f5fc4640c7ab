"""The models of all providers as rows: what is known of each, and what the caller used of it lately."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

from msgspec.structs import replace

from tokenrouter.admin.aliases import may_read
from tokenrouter.admin.callers import Grant, within
from tokenrouter.admin.model_bodies import ModelStatus
from tokenrouter.admin.model_sight import model_sight
from tokenrouter.admin.state import ControlState
from tokenrouter.domain.aliases import Alias
from tokenrouter.domain.catalog import Operation, Provider, provider_of
from tokenrouter.domain.model_facts import UNKNOWN, ModelFacts
from tokenrouter.domain.prices import Price
from tokenrouter.gateway.alias_routes import alias_ends
from tokenrouter.gateway.directory import Directory, ProviderEntry
from tokenrouter.jobs.provider_status import CoolingTarget, ProviderStatus
from tokenrouter.store.ledger import LedgerFilter
from tokenrouter.store.model_use import ModelUse, ModelUses, model_uses

_OPERATIONS: Final[tuple[Operation, ...]] = get_args(Operation)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model of a provider.

    Attributes:
        listed: whether the provider's list has it; else requests were sent to it all the same.
        offered: whether requests may be sent to it: the provider is on, and its `allowed_models` do not leave it out.
        cooling: that requests leave it alone for now.
        aliases: that lead to it now.
    """

    provider: Provider
    model: str
    health: ProviderStatus
    listed: bool
    offered: bool
    operations: tuple[Operation, ...]
    price: Price | None = None
    facts: ModelFacts = UNKNOWN
    cooling: CoolingTarget | None = None
    aliases: tuple[Alias, ...] = ()
    use: ModelUse = field(default_factory=ModelUse)

    @property
    def name(self) -> str:
        """`provider/model`."""
        return f"{self.provider.name}/{self.model}"

    @property
    def status(self) -> ModelStatus:
        """How it is, as far as that is known of its provider."""
        if not self.provider.enabled:
            return "disabled"
        return "cooling" if self.cooling is not None else self.health.status

    @property
    def failure_rate(self) -> float | None:
        """The share of requests that failed; None where there were none."""
        return self.use.failed / self.use.requests if self.use.requests else None

    @property
    def is_free(self) -> bool:
        """Whether it is said to cost nothing."""
        price = self.price
        return price is not None and price.rates.input == price.rates.output == price.request_nano == 0


@dataclass(frozen=True, slots=True)
class ModelTable:
    """All rows that a caller may see, by provider in routing order, and since when their use is counted."""

    rows: list[ModelRow]
    uses: ModelUses


def model_table(state: ControlState, grant: Grant, since_us: int) -> ModelTable:
    """Return the rows with what the caller has used since `since_us`."""
    uses = model_uses(state.store, LedgerFilter(since_us=since_us, within=within(state, grant)))
    seen = model_sight(state, grant)
    known = _Known(state, grant, uses)
    rows = [row for provider in state.catalog().providers for row in known.rows_of(provider)]
    return ModelTable([row for row in rows if seen is None or seen.covers(row.name, offered=row.offered)], uses)


@dataclass(slots=True)
class _Known:
    """What is looked up of every model, each in one place."""

    state: ControlState
    grant: Grant
    uses: ModelUses
    directory: Directory = field(init=False)
    statuses: Mapping[str, ProviderStatus] = field(init=False)
    aliases: Mapping[str, list[Alias]] = field(init=False)
    used: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.directory = self.state.directory()
        self.statuses = {row.name: row for row in self.state.provider_statuses()}
        self.aliases = _leading(self.directory, self.grant)
        self.used = {}
        for provider, model in self.uses.by_model:
            self.used.setdefault(provider, []).append(model)

    def rows_of(self, provider: Provider) -> Iterator[ModelRow]:
        """Yield a row for each model that the provider lists, and for each other that was asked for."""
        entry = self.directory.providers.get(provider.name)
        health = self.statuses.get(provider.name) or ProviderStatus(provider.name, provider.kind, provider.origin)
        if not self.grant.is_for_all:  # it tells where providers are, and what they say to their owner
            health = replace(health, problem="")
        operations = _operations(entry)
        cooling = _cooling(provider, health)
        listed = dict.fromkeys(provider.models, True)
        for model in sorted({*listed, *self.used.get(provider.name, ())}):
            name = f"{provider.name}/{model}"
            yield ModelRow(
                provider=provider,
                model=model,
                health=health,
                listed=model in listed,
                offered=provider.enabled and entry is not None and entry.allowed.allow(model),
                operations=operations,
                price=self.directory.price(provider.name, model),
                facts=self.directory.catalog.facts.get(name, UNKNOWN),
                cooling=cooling.get(model),
                aliases=tuple(self.aliases.get(name, ())),
                use=self.uses.by_model.get((provider.name, model)) or ModelUse(),
            )


def _operations(entry: ProviderEntry | None) -> tuple[Operation, ...]:
    """Return what a provider is asked for directly; conversations of other dialects are translated to these."""
    if entry is None:
        return ()
    said = entry.provider.operations
    return said or tuple(operation for operation in _OPERATIONS if entry.adapter.offers(operation))


def _cooling(provider: Provider, health: ProviderStatus) -> dict[str, CoolingTarget]:
    """Return by model what is left alone; of several credentials all have to be."""
    places = Counter(provider_of(one.model) for one in health.cooling)
    whole = max(1, len(provider.credentials) if provider.other_secrets else 1)
    longest = sorted(health.cooling, key=lambda one: -one.until_s)  # the first to be back comes last, and counts
    return {provider_of(one.model): one for one in longest if places[provider_of(one.model)] >= whole}


def _leading(directory: Directory, grant: Grant) -> dict[str, list[Alias]]:
    """Return by model the aliases that lead to it now and that the caller may see."""
    found: dict[str, list[Alias]] = {}
    for alias in directory.aliases:
        if may_read(grant, alias):
            for name in alias_ends(directory, alias)[0]:
                found.setdefault(name, []).append(alias)
    return found
