"""What is told of by itself: limits that come to their end, and what does not work, by webhook and e-mail."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tokenrouter.config.settings import Settings
from tokenrouter.domain.alerts import Trouble
from tokenrouter.domain.limits import Limit
from tokenrouter.jobs.alerting import Alerting
from tokenrouter.jobs.emails import Emails
from tokenrouter.jobs.limit_alerts import LimitAlerts
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.jobs.troubles import FILE_NAME, TroubleBook, provider_troubles, unknown_providers
from tokenrouter.jobs.webhooks import Webhooks
from tokenrouter.store.engine import Store
from tokenrouter.upstream.client import UpstreamClient

OFFLINE: Final = "provider.offline"


class Alarms:
    """Who looks, and who tells.

    Attributes:
        limits: what was told of limits.
        webhooks, emails: what became of what was told.
    """

    def __init__(self, settings: Callable[[], Settings], upstream: UpstreamClient, store: Store) -> None:
        self._settings = settings
        self.webhooks = Webhooks(upstream, lambda: settings().alerts.webhooks)
        self.emails = Emails(lambda: settings().alerts.email)
        self.telling = Alerting((self.webhooks, self.emails))
        self.limits = LimitAlerts(store)
        self._troubles = TroubleBook(settings().paths.cache_dir / FILE_NAME)

    async def look_at_limits(self, limits: Sequence[Limit]) -> None:
        """Tell of limits that came to a threshold."""
        thresholds = self._settings().soft_limit_alerts
        self.telling.send(await asyncio.to_thread(self.limits.look, limits, thresholds, time.time()))

    def look_at_troubles(self, troubles: Iterable[Trouble], rows: Sequence[ProviderStatus]) -> None:
        """Tell of troubles that began or ended; `rows` are the providers, where this node looks after them."""
        self._troubles.forget(OFFLINE, {row.name for row in rows if row.status != "disabled"})
        found = (*troubles, *provider_troubles(rows))
        self.telling.send(self._troubles.look(found, time.time(), unknown=unknown_providers(rows)))

    async def close(self) -> None:
        """Let what is on its way go out, and end."""
        await self.telling.close()
