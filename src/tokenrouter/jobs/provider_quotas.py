"""Providers' quotas, put together: what comes in from answers and questions, and who is told what is left.

What is left goes into the book of conditions, from which the data processes choose; onto the pages and into the
metrics; and, at thresholds, to whoever is to be alerted. The configuration is asked anew each time, so a reload counts
at once.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tokenrouter.config.settings import Settings
from tokenrouter.domain.alerts import Alert
from tokenrouter.domain.catalog import Provider, provider_of
from tokenrouter.domain.quotas import QuotaMetric, QuotaSnapshot
from tokenrouter.jobs.condition_book import ConditionBook
from tokenrouter.jobs.quota_alerts import QuotaAlerts
from tokenrouter.jobs.quota_book import FILE_NAME, QuotaBook
from tokenrouter.jobs.quota_inspection import QuotaInspection
from tokenrouter.store.engine import Store
from tokenrouter.upstream.client import UpstreamClient

NOTE_S: Final = 1.0
"""How often what is left is written into the book of conditions: windows end without anybody telling."""
SAVE_S: Final = 5.0
"""How often the cache file is written, if anything has changed."""

Providers = Callable[[], Sequence[Provider]]


class ProviderQuotas:
    """The quotas of the Catalog's providers, of each of their accounts apart.

    One per control process; used on its event loop alone.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        providers: Providers,
        store: Store,
        upstream: UpstreamClient,
        conditions: ConditionBook,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._providers = providers
        self._conditions = conditions
        self._clock = clock
        self._book = QuotaBook(cache_file(settings()))
        self._inspection = QuotaInspection(self._book, upstream, clock=clock)
        self._alerts = QuotaAlerts(store)

    @property
    def alert_counts(self) -> Mapping[tuple[str, int], int]:
        """How many alerts there were since the start, by (provider, threshold in percent)."""
        return self._alerts.counts

    def take(self, quotas: Mapping[str, Sequence[QuotaMetric]]) -> None:
        """Take over what answers' headers have said, by account."""
        by_name = {provider.name: provider for provider in self._looked_at()}
        for name in quotas.keys() & by_name.keys():
            self._book.see(by_name[name], quotas[name], self._clock())

    def snapshots(self) -> list[QuotaSnapshot]:
        """Return what is known of every provider's accounts, in the Catalog's order."""
        is_on = self._settings().quota_inspection
        return self._book.snapshots(accounts_of(self._providers()), self._clock(), is_on=is_on)

    async def refresh(self) -> None:
        """Ask everybody now who can be asked."""
        await self._inspection.ask(self._looked_at(), self._settings().quota_probes)

    async def run(self) -> None:
        """Ask who is due, and tell what is left; runs until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._inspection.run(self._looked_at, lambda: self._settings().quota_probes))
            group.create_task(self._note())

    async def look_for_alerts(self) -> list[Alert]:
        """Return what has come to a threshold since the last look; the database is asked in a thread.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away; a later look tells what was missed.
        """
        settings, snapshots = self._settings().alerts, self.snapshots()
        return await asyncio.to_thread(
            self._alerts.look, snapshots, settings.quota_thresholds, settings.shortest_window_s, self._clock()
        )

    def save(self) -> None:
        """Write what is known to its file, if it has changed."""
        self._book.save()

    def _looked_at(self) -> Sequence[Provider]:
        if not self._settings().quota_inspection:
            return ()
        return accounts_of(provider for provider in self._providers() if provider.enabled)

    async def _note(self) -> None:
        saved_s = self._clock()
        while True:
            self.note_left()
            if self._clock() - saved_s >= SAVE_S:
                saved_s = self._clock()
                self._book.keep(accounts_of(self._providers()))
                self._book.save()
            await asyncio.sleep(NOTE_S)

    def note_left(self) -> None:
        """Write what is left of each provider into the book of conditions."""
        by_provider: dict[str, list[QuotaSnapshot]] = {}
        for snapshot in self.snapshots():
            by_provider.setdefault(provider_of(snapshot.provider), []).append(snapshot)
        for provider, snapshots in by_provider.items():
            left = _left(snapshots)
            if self._conditions.of(provider).left != left:
                self._conditions.note_left(provider, left)


def accounts_of(providers: Iterable[Provider]) -> list[Provider]:
    """Return every account of `providers`, which are asked and counted apart."""
    return [account for provider in providers for account in provider.accounts]


def _left(snapshots: Sequence[QuotaSnapshot]) -> float | None:
    """Return the smallest share of that account which has most left; None where one that can be asked is not known."""
    well = [snapshot for snapshot in snapshots if snapshot.status != "error"] or snapshots
    shares = [None if snapshot.status == "disabled" else _share(snapshot) for snapshot in well]
    known = [share for share in shares if share is not None]
    return max(known) if len(known) == len(shares) else None


def _share(snapshot: QuotaSnapshot) -> float | None:
    percent = None if snapshot.scarcest is None else snapshot.scarcest.left_percent
    return None if percent is None else percent / 100


def cache_file(settings: Settings) -> Path:
    """Return where a server keeps what it knows of quotas."""
    return settings.paths.cache_dir / FILE_NAME
