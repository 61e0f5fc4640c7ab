"""What counts on this node: configuration, keys and the Catalog that is made of them, kept up to date and told."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.app.arguments import ChildArguments
from tokenrouter.app.channel import CatalogMessage, ToData
from tokenrouter.app.gathering import Gathering
from tokenrouter.app.logs import secrets_in
from tokenrouter.app.snapshot import FILE_NAME, read_snapshot, write_snapshot
from tokenrouter.app.taken import TakenConfiguration
from tokenrouter.app.told_keys import ToldKeys
from tokenrouter.config.keyfile import pepper, snapshot_key
from tokenrouter.config.keyring import ring_of
from tokenrouter.config.moved import moved_to
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Catalog
from tokenrouter.domain.limits import LimitTable
from tokenrouter.jobs.catalog_builder import build_catalog, keys_bear_limits, unshadowed_keys
from tokenrouter.jobs.limit_adjustments import carry_use
from tokenrouter.jobs.limit_use import NameOfKey
from tokenrouter.jobs.stored_configuration import StoredConfiguration, join_configuration, read_stored
from tokenrouter.limits.adjusting import Adjusted
from tokenrouter.observe.logging import ProcessLog
from tokenrouter.store.adjustments import adjustments_since
from tokenrouter.store.aliases import chosen_profile, list_aliases
from tokenrouter.store.capture_rules import list_capture_rules
from tokenrouter.store.catalog_version import CatalogWatch
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import StoreError
from tokenrouter.store.key_news import KeyNews
from tokenrouter.store.limits import list_limits
from tokenrouter.store.teams import list_teams
from tokenrouter.store.users import list_users
from tokenrouter.upstream.client import UpstreamClient

ADJUSTED_S: Final = 86_400.0
"""How far back resets are told with the Catalog: longer than this process is ever away while data processes serve."""

log = structlog.get_logger(__name__)


class KeptCatalog:
    """One per control process. Only `look` asks the database beside the event loop; all else blocks it for a moment.

    Attributes:
        declared: what the file and the environment say alone.
        settings: the configuration as it counts: what is declared, with what the database adds.
        stored: what the database adds.
        unusable: why a provider of the database cannot be used, by name.
        catalog: the newest Catalog, with all keys.
        limits: its limits, and what finds the name of a key in them.
        keys: the keys of the database.
        ring: the keys of the database's secrets.
        pepper: what keys are hashed with.
        gathering: what is found out about providers.
    """

    def __init__(
        self,
        settings: Settings,
        arguments: ChildArguments,
        store: Store,
        process_log: ProcessLog,
        upstream: UpstreamClient,
        tell: Callable[[ToData], object],
        on_taken: Callable[[], None],
    ) -> None:
        """`tell` tells the data processes something; `on_taken` is called when another configuration counts."""
        self.declared = self.settings = settings
        self.ring = ring_of(settings)
        self.pepper = pepper(self.ring.secrets[0])
        self.stored, self.unusable = StoredConfiguration(), dict[str, str]()
        self.keys = ToldKeys(store, settings.paths.state_dir, self._newest_key)
        self.catalog = Catalog(version=time.time_ns() // 1_000_000)
        self.limits: tuple[LimitTable, NameOfKey] = (LimitTable(()), str)
        self._store = store
        self._log = process_log
        self._tell = tell
        self._on_taken = on_taken
        self._taken = TakenConfiguration(settings, arguments, self.ring.secrets[0])
        self._adjusted: list[Adjusted] = []
        self._watcher, self._looking = CatalogWatch(store), asyncio.Lock()
        self._is_stale = self._are_keys_stale = False
        self.gathering = Gathering(
            lambda: self.settings, upstream, self._last_catalog(), self.note_change, self.rebuild
        )

    def _last_catalog(self) -> Catalog:
        keys = map(snapshot_key, reversed(self.ring.secrets))
        return read_snapshot(self.settings.paths.state_dir / FILE_NAME, *keys) or Catalog()

    def _newest_key(self) -> bytes:
        """Return what is written down is encrypted under: after a rotation, the new secret's."""
        return snapshot_key(self.ring.secrets[-1])

    def note_change(self) -> None:
        """Have the Catalog made anew by the next look, which is tried again while the database is away."""
        self._is_stale = True

    def rebuild(self) -> None:
        """Make the Catalog anew, keep it, and tell everybody.

        Raises:
            StoreError, sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        self._join_configuration()
        gathering = self.gathering
        self.catalog = build_catalog(
            self.settings,
            self.keys.keys.values(),
            gathering.discovery.models(),
            self.pepper,
            version=self.catalog.version + 1,
            stored_limits=[stored.limit for stored in list_limits(self._store)],
            stored_aliases=[stored.alias for stored in list_aliases(self._store)],
            chosen_profile=chosen_profile(self._store),
            gathered_prices=gathering.pricing.prices(),
            gathered_facts=(gathering.discovery.facts(), gathering.bundled_facts),
            automatic=gathering.automatic.providers(),
            teams=list_teams(self._store),
            disabled_users=[user.name for user in list_users(self._store) if not user.enabled],
            stored_capture={rule.scope: rule.enabled for rule in list_capture_rules(self._store)},
            switched=self.stored.switched,
            changed=self.stored.changed,
        )
        self._log.hide(secrets_in(self.settings, self.catalog))
        names = {key.id: key.name for key in self.catalog.keys if key.origin != "database"}
        self.limits = (LimitTable(self.catalog.limits), lambda key_id: names.get(key_id) or self.keys.name(key_id))
        write_snapshot(self.settings.paths.state_dir / FILE_NAME, self._told_catalog(), self._newest_key())
        since_us = int((time.time() - ADJUSTED_S) * 1e6)
        self._adjusted = [
            Adjusted(one.number, one.limit_id, one.scope, one.used)
            for one in adjustments_since(self._store, since_us)
            if one.used
        ]
        gathering.conditions.keep(provider.name for provider in self.catalog.providers)
        self._tell(self._message())
        self._on_taken()

    def _join_configuration(self) -> None:
        """Let count what the file says together with what the database adds, and know the keys of its secrets."""
        self.stored = read_stored(self._store, self.ring)
        joined = join_configuration(self.declared, self.stored)
        for name, reason in joined.unusable.items():
            if self.unusable.get(name) != reason:
                log.error("a provider cannot be used", provider=name, reason=reason)
        self.settings, self.unusable = joined.settings, dict(joined.unusable)
        if self.stored.key_id not in self.ring.ids:
            self.ring.read_again()

    def _told_catalog(self) -> Catalog:
        """Return the Catalog as data processes are told it: their keys of the database come by `KeysMessage`."""
        owned = tuple(key for key in self.catalog.keys if key.origin != "database")
        return replace(self.catalog, keys=owned)

    def _message(self) -> CatalogMessage:
        return CatalogMessage(self._told_catalog(), self._adjusted)

    def messages(self) -> Iterator[ToData]:
        """Yield what a data process is told that knows nothing yet."""
        yield from self.keys.all()
        yield self._message()

    def take_keys(self, news: KeyNews | None = None) -> None:
        """Take in what has become of the keys of the database (read here, where nothing is given), and tell everybody.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        news = news or self.keys.look()
        version = self.catalog.version + 1
        told = self.keys.take(news, version)
        self._is_stale = self._is_stale or news.others
        if told is None:
            return
        self._is_stale = self._is_stale or keys_bear_limits(self.settings)
        keys = unshadowed_keys(self.catalog.keys, self.keys.keys.values())
        self.catalog = replace(self.catalog, version=version, keys=keys)
        for message in told.messages:
            self._tell(message)
        self.keys.write_down(told)

    async def look(self) -> None:
        """Rebuild the Catalog if something has changed; return when it shows all that had changed before the call.

        Raises:
            StoreError, sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        async with self._looking:
            self._are_keys_stale = await asyncio.to_thread(self._watcher.changed) or self._are_keys_stale
            if self._are_keys_stale:
                self.take_keys(await asyncio.to_thread(self.keys.look))
                self._are_keys_stale = False
            if self._is_stale:
                self.rebuild()
                self._is_stale = False

    async def look_quietly(self) -> None:
        """Look; while the database is away, that is for the next look."""
        try:
            await self.look()
        except (StoreError, SQLAlchemyError, OSError) as error:
            log.info("what has changed is read later", reason=str(error))

    def read_again(self) -> bool:
        """Read the configuration again, and return whether it counts now; one that is wrong changes nothing."""
        try:
            self.declared = self._taken.read_again()
        except ConfigErrors as error:
            log.error("the configuration is wrong and was not applied", problems=[str(one) for one in error.problems])
            self._taken.refuse(error.problems)
            return False
        try:
            self.rebuild()
            self.carry_use()
        except (StoreError, SQLAlchemyError, OSError) as error:
            self._is_stale = True
            log.error("the configuration was read and counts as soon as the database is there", reason=str(error))
            self._taken.refuse([f"it was read and counts as soon as the database is there: {error}"])
            return False
        self.gathering.automatic.look_now()
        return True

    def note_taken(self) -> None:
        """Note that the configuration counts, for commands that wait for it."""
        self._taken.note()

    def carry_use(self) -> None:
        """Count what an older configuration brings along."""
        carry_use(self._store, self.settings.limits, self.settings.carried_use, time.time())

    def move(self, name: str, address: str) -> None:
        """Keep that the listener of the setting `name` is at another address from now on.

        Raises:
            OSError: it cannot be written down.
        """
        self._taken.move(name, address)
        self.declared = moved_to(self.declared, name, address)
        self.rebuild()

    def close(self) -> None:
        """Stop looking at the database."""
        self._watcher.close()
