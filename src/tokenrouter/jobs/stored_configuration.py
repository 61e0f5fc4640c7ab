"""What the database adds to the configuration: providers, prices, and what was switched or changed at run time.

A provider that cannot be used, since its secret cannot be decrypted, keeps its name and is switched off, so that
requests that name it are not sent anywhere else. Nothing in the database can keep the rest from counting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.prices import read_price_values
from tokenrouter.config.problems import InvalidValues
from tokenrouter.config.providers import ReadProvider, why_unusable
from tokenrouter.config.settings import Settings
from tokenrouter.config.stored_providers import read_values
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.prices import Price
from tokenrouter.jobs.joined_settings import DATABASE, join_settings
from tokenrouter.store.engine import Store
from tokenrouter.store.prices import StoredPrice, prices_in
from tokenrouter.store.providers import StoredProvider, enabled_overrides, providers_in
from tokenrouter.store.secrets import current_key_id
from tokenrouter.store.settings import changes_in

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredConfiguration:
    """What the database adds, at one moment.

    Attributes:
        switched: whether declared providers are on, where that was said at run time.
        changed: settings that were changed at run time, by path.
        key_id: under which of the installation's keys secrets are wrapped.
    """

    providers: tuple[StoredProvider, ...] = ()
    prices: tuple[StoredPrice, ...] = ()
    switched: Mapping[str, bool] = field(default_factory=dict)
    changed: Mapping[str, Any] = field(default_factory=dict)
    key_id: str = ""

    @property
    def unreadable(self) -> tuple[str, ...]:
        """What the secrets are called that cannot be decrypted here: `providers/NAME/FIELD`."""
        return tuple(f"providers/{one.name}/{field}" for one in self.providers for field in one.unreadable)


@dataclass(frozen=True, slots=True)
class JoinedConfiguration:
    """The settings that count, and by name why providers of the database cannot be used."""

    settings: Settings
    unusable: Mapping[str, str] = field(default_factory=dict)


def read_stored(store: Store, ring: KeyRing) -> StoredConfiguration:
    """Return what the database adds."""
    with store.read() as connection:
        return StoredConfiguration(
            providers_in(connection, ring),
            prices_in(connection),
            enabled_overrides(connection),
            changes_in(connection),
            current_key_id(connection, ring),
        )


def join_configuration(declared: Settings, stored: StoredConfiguration) -> JoinedConfiguration:
    """Return what counts."""
    found = {one.name: _read(one, declared) for one in stored.providers}
    reads = [read for read, _ in found.values()]
    settings = join_settings(declared, reads, _prices(stored.prices), stored.switched, stored.changed)
    counting = {provider.name for provider in settings.providers if provider.origin == DATABASE}
    return JoinedConfiguration(settings, {n: problem for n, (_, problem) in found.items() if problem and n in counting})


def read_provider_values(values: Mapping[str, Any], settings: Settings) -> ReadProvider:
    """Return the provider of the database that `values` make.

    Raises:
        InvalidValues: with everything that is wrong.
    """
    read = read_values(values, settings.timeouts)
    provider = replace(read.provider, origin="database", allow_private=settings.allow_private_providers)
    return replace(read, provider=provider)


def _read(stored: StoredProvider, settings: Settings) -> tuple[ReadProvider, str]:
    """Return a provider, and why it cannot be used; then it is switched off and has no secret."""
    problem = stored.problem
    if not problem:
        try:
            read = read_provider_values(stored.values, settings)
            problem = why_unusable(read.provider)
        except InvalidValues as error:
            problem = str(error)
        if not problem:
            return replace(read, provider=replace(read.provider, enabled=stored.enabled)), ""
    kind, base_url = str(stored.values.get("provider_type") or ""), str(stored.values.get("base_url") or "")
    return ReadProvider(Provider(stored.name, kind, base_url, enabled=False, origin="database")), problem


def _prices(stored: tuple[StoredPrice, ...]) -> dict[str, Price]:
    prices = {}
    for one in stored:
        try:
            prices[one.name] = read_price_values(one.values, DATABASE)
        except InvalidValues as error:
            log.warning("a price of the database is passed over", price=one.name, reason=str(error))
    return prices
