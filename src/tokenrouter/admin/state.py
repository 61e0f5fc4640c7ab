"""What the control plane's routes work with: one typed value instead of a bag on the application.

Everything that changes while the process runs (the Catalog, live figures) is behind a callable, so a
route always sees the current one and never keeps an old one.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from prometheus_client.registry import Collector

from tokenrouter.admin.live import LiveChanges
from tokenrouter.admin.readers import Readers
from tokenrouter.admin.ui_files import UiFiles, built_ui
from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.sealing import Sealing
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.quotas import QuotaSnapshot
from tokenrouter.gateway.directory import MAX_CHAIN, Directory
from tokenrouter.jobs.acme import Acme
from tokenrouter.jobs.benchmark import Benchmark, nobody
from tokenrouter.jobs.explanations import Explain, nobody_answers_routes
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.jobs.listener_desk import ListenerDesk
from tokenrouter.jobs.model_question import Look
from tokenrouter.jobs.pricing import Pricing
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.jobs.recent_rows import RecentRows
from tokenrouter.jobs.tls_keeper import TlsState
from tokenrouter.signin.oidc.clients import OidcClients
from tokenrouter.signin.passwords import Passwords
from tokenrouter.store.engine import Store


async def nothing_to_ask() -> None:
    """Where no provider is asked what is left."""


async def nothing_to_refresh(_name: str) -> None:
    """Where no provider is asked for its models."""


async def nobody_answers(_provider: Provider) -> Look:
    """Where there is nothing to ask with."""
    return Look("unknown", "no provider can be asked from here")


class FiguresOf(Protocol):
    """Returns what the counters of limits show: of all, or of those of these ids."""

    def __call__(self, limit_ids: Collection[str] | None = None, /) -> LimitFigures: ...


def no_figures(_limit_ids: Collection[str] | None = None) -> LimitFigures:
    """Where nothing is counted."""
    return LimitFigures()


@dataclass(slots=True)
class ControlState:
    """What the control process lends to its routes. The store is safe to use from their threads.

    Attributes:
        settings: the configuration as it counts: what is declared, with what the database adds. Replaced with it.
        declared: what the file and the environment say alone.
        ring: the keys of the database's secrets.
        ask_models: asks a provider for its models now, with the secrets that it has.
        refresh_models: does so for a provider of the Catalog, which takes over what it answers.
        catalog: returns the current Catalog.
        figures: by worker, what `observe.figures.Figures.snapshot` of that worker said last.
        drain_now: moves the journals into the store and returns when that is done; blocks.
        provider_statuses: how every provider is, in routing order.
        pricing: what models cost, and what asks for it anew.
        address: what clients put before a path, such as `http://127.0.0.1:8080`.
        keys_changed: called after a change of the keys; returns when the Catalog shows it. Without it, that
            takes as long as the store's watcher does.
        limit_figures: drains as well, and returns what the counters of limits show by the books, of all or those of
            these ids; blocks.
        limit_alerts: how many soft limits were told of, by (kind of scope, metric, threshold in percent).
        passwords: makes and checks hashes of passwords, a few at a time.
        oidc: the identity providers of the file; None where nobody can sign in elsewhere.
        quotas: what is left to each provider, as far as anybody has told.
        ask_providers: asks every enabled provider for its models, and returns when they have answered.
        ask_quotas: asks everybody for it who can be asked, and returns when they have answered.
        quota_alerts: how many alerts of quotas there were, by (provider, threshold in percent).
        webhooks: how many deliveries of alerts came to an end, by how.
        clean_keys: removes the keys that are to go by themselves, and returns when they have gone.
        damaged_journals: how many journal files of this node could not be read to their end, and were kept.
        sealing: opens what is kept of conversations.
        take_in_conversations: moves what was captured on this node into the store; blocks.
        figures_beside: more metrics of this process; whoever has some adds a collector.
        clock: seconds since the epoch.
        log_streams: how many readers follow the log now.
        benchmark: asks models how fast they are.
        explain: asks a data process what would become of a request.
        tls: what certificate is served; None where HTTPS is off.
        acme: who has certificates from an authority, where one is to be asked.
        listeners: what listens, and who moves it.
        keep_moved: notes that the listener of a setting is at another address from now on, also after a restart.
        ui: the admin UI as it was built, if it was.
        event_streams: how many readers of TokenRouter-Go's kind hear of changes now.
        live: looks at what changes, while anybody hears of it.
        recent_rows: the rows that came into the ledger last.
        tails: how many readers follow these.
        readers: who reads events.
        instance_id: tells this process from others, and from itself before a restart; no secret.
    """

    settings: Settings
    declared: Settings
    ring: KeyRing = field(repr=False)
    store: Store = field(repr=False)
    pepper: bytes = field(repr=False)
    catalog: Callable[[], Catalog]
    figures: Callable[[], Mapping[str, Mapping[str, Any]]]
    drain_now: Callable[[], object]
    address: str
    provider_statuses: Callable[[], Sequence[ProviderStatus]] = tuple
    keys_changed: Callable[[], object] = lambda: None
    pricing: Pricing = field(default_factory=Pricing, repr=False)
    limit_figures: FiguresOf = no_figures
    limit_alerts: Callable[[], Mapping[tuple[str, str, int], int]] = dict
    quotas: Callable[[], Sequence[QuotaSnapshot]] = tuple
    ask_providers: Callable[[], Awaitable[None]] = nothing_to_ask
    ask_quotas: Callable[[], Awaitable[None]] = nothing_to_ask
    quota_alerts: Callable[[], Mapping[tuple[str, int], int]] = dict
    webhooks: Callable[[], Mapping[str, int]] = dict
    clean_keys: Callable[[], Awaitable[None]] = nothing_to_ask
    damaged_journals: Callable[[], int] = int
    sealing: Sealing = field(default_factory=lambda: Sealing(bytes(32)), repr=False)
    take_in_conversations: Callable[[], object] = lambda: None
    figures_beside: Callable[[], Sequence[Collector]] = tuple
    ask_models: Callable[[Provider], Awaitable[Look]] = nobody_answers
    refresh_models: Callable[[str], Awaitable[None]] = nothing_to_refresh
    clock: Callable[[], float] = time.time
    passwords: Passwords = field(default_factory=Passwords, repr=False)
    oidc: OidcClients | None = field(default=None, repr=False)
    log_streams: int = 0
    benchmark: Benchmark = field(default_factory=lambda: Benchmark(nobody), repr=False)
    explain: Explain = nobody_answers_routes
    tls: Callable[[], TlsState | None] = lambda: None
    acme: Acme | None = field(default=None, repr=False)
    listeners: ListenerDesk = field(default_factory=lambda: ListenerDesk(Path()), repr=False)
    keep_moved: Callable[[str, str], object] = lambda _name, _address: None
    event_streams: int = 0
    ui: UiFiles = field(default_factory=built_ui, repr=False)
    live: LiveChanges = field(default_factory=LiveChanges, repr=False)
    recent_rows: RecentRows = field(default_factory=RecentRows, repr=False)
    tails: int = 0
    readers: Readers = field(default_factory=Readers, repr=False)
    instance_id: str = field(default_factory=lambda: secrets.token_hex(8))
    _directory: Directory | None = field(default=None, init=False, repr=False)
    _declared: tuple[Catalog, tuple[Key, ...]] | None = field(default=None, init=False, repr=False)

    def directory(self) -> Directory:
        """Return the current Catalog, indexed; made once per Catalog."""
        catalog = self.catalog()
        directory = self._directory
        if directory is None or directory.catalog is not catalog:
            directory = self._directory = Directory(catalog, self.pepper)
        return directory

    def declared_keys(self) -> tuple[Key, ...]:
        """Return the keys that the file or the environment owns, each with the team and the user it is charged to.

        They are picked out once per Catalog, which may have a hundred thousand others.
        """
        catalog, known = self.catalog(), self._declared
        if known is None or known[0] is not catalog:
            declared = {key.id: key for key in catalog.keys if key.origin != "database"}
            known = self._declared = catalog, tuple(_as_charged(key, declared) for key in declared.values())
        return known[1]

    def declared_at(self, subject: str) -> str:
        """Return where `incoming_tokens.alice` or `providers.acme` is declared, or ""."""
        return self.settings.origins.get(subject, "")


def _as_charged(key: Key, keys: Mapping[str, Key]) -> Key:
    """Return `key` with the team and the user of the nearest key above it that has any, as keys of the database are."""
    team, user, link = key.team, key.user, key
    for _ in range(MAX_CHAIN):
        parent = keys.get(link.parent_id or "")
        if parent is None:
            break
        team, user, link = team or parent.team, user or parent.user, parent
    return key if (team, user) == (key.team, key.user) else replace(key, team=team, user=user)


def control_state(request: Request) -> ControlState:
    """Return the state that `create_app` was given."""
    state: ControlState = request.app.state.control
    return state


State = Annotated[ControlState, Depends(control_state)]
