"""What the control process does again and again beside requests, each with its pause."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.app.alarms import Alarms
from tokenrouter.app.cluster import Cluster
from tokenrouter.app.kept_catalog import KeptCatalog
from tokenrouter.domain.alerts import Trouble
from tokenrouter.jobs.conversation_drain import ConversationDrain
from tokenrouter.jobs.conversation_retention import delete_old_conversations
from tokenrouter.jobs.heartbeat_watch import LOOK_S as HEARTBEATS_S
from tokenrouter.jobs.heartbeat_watch import HeartbeatWatch
from tokenrouter.jobs.ledger_drain import LedgerDrain
from tokenrouter.jobs.limit_use import forget_ended_windows
from tokenrouter.jobs.provider_quotas import ProviderQuotas
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.jobs.retention import delete_old_rows
from tokenrouter.jobs.spent_keys import remove_spent_keys
from tokenrouter.jobs.troubles import secret_troubles
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import StoreError
from tokenrouter.store.keys import remove_expired_keys

WATCH_S: Final = 0.25
"""How often the database is asked whether keys changed: well within the second that is promised."""
DRAIN_S: Final = 0.2
CONVERSATIONS_S: Final = 0.25
CLEAN_S: Final = 60.0
RETENTION_S: Final = 600.0
ALERTS_S: Final = 5.0
TROUBLES_S: Final = 1.0
LONGEST_PAUSE_S: Final = 10.0
"""Between attempts while the database is away."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Chores:
    """Who does them, and with what. In a cluster the node that was elected does what only one may do.

    Attributes:
        statuses: returns how every provider is.
        troubles: returns what does not work on this node.
        goes_on: says, in other threads too, whether long work is still to go on.
    """

    kept: KeptCatalog
    store: Store
    cluster: Cluster
    drain: LedgerDrain
    conversations: ConversationDrain
    alarms: Alarms
    quotas: ProviderQuotas
    statuses: Callable[[], Sequence[ProviderStatus]]
    troubles: Callable[[], Iterable[Trouble]]
    goes_on: Callable[[], bool]
    heartbeats: HeartbeatWatch = field(init=False)

    def __post_init__(self) -> None:
        self.heartbeats = HeartbeatWatch(self.store)

    def begin(self, tasks: BackgroundTasks) -> None:
        """Start them all."""
        for name, pause_s, work in (
            ("watch", WATCH_S, self.kept.look),
            ("retention", RETENTION_S, self._delete_old_rows),
            ("drain", DRAIN_S, self._drain),
            ("conversations", CONVERSATIONS_S, self._take_in_conversations),
            ("clean", CLEAN_S, self._clean),
            ("heartbeats", HEARTBEATS_S, self._look_for_heartbeats),
            ("alerts", ALERTS_S, self._look_for_alerts),
            ("troubles", TROUBLES_S, self._look_for_troubles),
        ):
            tasks.start(_repeat(name, pause_s, work), name)

    async def clean_now(self) -> None:
        """Remove what is to go by itself, and return when this node serves by it."""
        await self._clean()
        await self.kept.look_quietly()

    def last_drain(self) -> None:
        """Take in what was written until now; blocks."""
        try:
            self.drain.drain()
            self.conversations.drain()
        except (StoreError, SQLAlchemyError, OSError) as error:
            log.error("the journal stays for the next start", reason=str(error))

    async def _drain(self) -> None:
        await asyncio.to_thread(self.drain.drain)

    async def _take_in_conversations(self) -> None:
        await asyncio.to_thread(self.conversations.drain)

    async def _delete_old_rows(self) -> None:
        if self.cluster.is_elected:
            days, now_s = self.kept.settings.ledger_retention_days, time.time()
            await asyncio.to_thread(delete_old_rows, self.store, days=days, now_s=now_s, goes_on=self.goes_on)

    async def _clean(self) -> None:
        if self.cluster.is_elected:
            only_temporary = not self.kept.settings.auto_remove_expired_tokens
            gone = partial(remove_expired_keys, self.store, now_s=time.time(), only_temporary=only_temporary)
            for key in await asyncio.to_thread(gone):
                log.info("a key was removed: it has expired, or the key above it", key=key.name, id=key.id)
        if self.kept.settings.auto_remove_empty_quota_tokens and self.cluster.is_elected:
            for key, limit in await asyncio.to_thread(remove_spent_keys, self.store, self.kept.catalog, time.time()):
                log.info("a key was removed: its quota is used up", key=key.name, id=key.id, limit=limit.id)
        if self.cluster.is_elected:
            rules = self.kept.settings.conversations
            await asyncio.to_thread(delete_old_conversations, self.store, rules, time.time())
            await asyncio.to_thread(forget_ended_windows, self.store, self.kept.catalog.limits, time.time())

    async def _look_for_heartbeats(self) -> None:
        """Suspend temporary keys of which nobody says any more that they are wanted."""
        if not self.cluster.is_elected:
            self.heartbeats.forget()
            return
        suspended = await asyncio.to_thread(self.heartbeats.look)
        for key in suspended:
            log.info("a temporary key was suspended: its program has fallen silent", key=key.name, id=key.id)
        if suspended:
            await self.kept.look_quietly()

    async def _look_for_alerts(self) -> None:
        """Tell of limits, ours and providers', that come to an end."""
        if self.cluster.is_elected:
            await self.alarms.look_at_limits(self.kept.catalog.limits)
            self.alarms.telling.send(await self.quotas.look_for_alerts())

    async def _look_for_troubles(self) -> None:
        """Tell of what does not work on this node, and, where this one does that for all, of providers."""
        rows = self.statuses() if self.cluster.is_elected else []
        self.alarms.look_at_troubles((*self.troubles(), *secret_troubles(self.kept.stored.unreadable)), rows)


async def _repeat(name: str, pause_s: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` again and again; while the database is away, less and less often."""
    failures = 0
    while True:
        try:
            await work()
            failures = 0
        except (StoreError, SQLAlchemyError, OSError) as error:
            failures += 1
            log.error("the database is away", task=name, reason=str(error), failures=failures)
        await asyncio.sleep(min(LONGEST_PAUSE_S, pause_s * 2**failures))
