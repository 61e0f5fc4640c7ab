"""The control process: the database, the admin plane, and everything that runs beside requests.

It may die at any moment: the data processes go on, their journals wait, and its successor takes over
where the database says it stopped.
"""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from concurrent.futures import wait
from contextlib import suppress
from typing import Final

import msgspec
import structlog
import uvicorn
import uvloop
from prometheus_client.registry import Collector

from tokenrouter.admin.ledger_metrics import AfterRequests, LedgerMetrics
from tokenrouter.admin.process_metrics import ProcessMetrics
from tokenrouter.admin.state import ControlState
from tokenrouter.admin.tls_metrics import TlsMetrics
from tokenrouter.app.alarms import Alarms
from tokenrouter.app.arguments import ChildArguments, parse_child_arguments
from tokenrouter.app.channel import (
    ChannelServer,
    ConditionsMessage,
    Explained,
    ExplainWanted,
    TlsMessage,
    ToData,
)
from tokenrouter.app.chores import Chores
from tokenrouter.app.cluster import Cluster
from tokenrouter.app.control_servers import metrics_server, relay_server
from tokenrouter.app.kept_catalog import KeptCatalog
from tokenrouter.app.listener_road import FILE_NAME as LISTENERS
from tokenrouter.app.logs import start_log
from tokenrouter.app.telemetry import start_telemetry
from tokenrouter.app.told_counters import tell_counters, tell_sums
from tokenrouter.config.keyfile import (
    conversations_key,
    fingerprint,
    load_or_create_secret,
    sign_in_key,
)
from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.sealing import Sealing
from tokenrouter.config.settings import Settings
from tokenrouter.domain.alerts import Trouble
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.jobs.acme import Acme
from tokenrouter.jobs.benchmark import Benchmark
from tokenrouter.jobs.conversation_drain import ConversationDrain
from tokenrouter.jobs.explanations import Explanations, RouteAnswer, RouteQuestion
from tokenrouter.jobs.front_door import FrontDoor
from tokenrouter.jobs.ledger_drain import LedgerDrain
from tokenrouter.jobs.listener_desk import ListenerDesk, declared_url, url_of
from tokenrouter.jobs.model_figures import ModelFigures
from tokenrouter.jobs.model_question import TEST_TIMEOUTS, ask_for_models
from tokenrouter.jobs.own_way import OwnWay
from tokenrouter.jobs.provider_quotas import ProviderQuotas
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.jobs.recent_rows import RecentRows
from tokenrouter.jobs.tls_keeper import TlsKeeper, TlsState
from tokenrouter.jobs.troubles import (
    certificate_troubles,
    journal_troubles,
)
from tokenrouter.journal.conversation_files import FOLDER as CONVERSATIONS_FOLDER
from tokenrouter.journal.reader import damaged_files
from tokenrouter.observe.logging import ProcessLog
from tokenrouter.observe.process_figures import ProcessFigures
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.signin.oidc.clients import OidcClients
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import ForeignDatabase, SchemaTooNew, StoreError, WrongSecret
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.prepare import prepare_store
from tokenrouter.store.setup_links import create_setup_link
from tokenrouter.upstream.client import UpstreamClient

CONDITIONS_S: Final = 0.25
"""How often it is looked whether there is news of how providers are."""
KNOWN_S: Final = 2.0
"""How long the answer to a change waits for this node's data processes to know of it."""
HEARD_S: Final = 3.0
"""How long a start waits for a data process to connect before it says that it is ready."""
REFUSED: Final = (SchemaTooNew, ForeignDatabase, WrongSecret)
"""Databases that are not for this server: it does not start on one, and no waiting mends that."""

log = structlog.get_logger(__name__)


class ControlProcess:
    """The control process, put together."""

    def __init__(self, settings: Settings, arguments: ChildArguments, store: Store, process_log: ProcessLog) -> None:
        self._arguments = arguments
        self._store = store
        self._log = process_log
        self._upstream = UpstreamClient(settings.proxies)
        self._kept = kept = KeptCatalog(
            settings, arguments, store, process_log, self._upstream, self._tell, self._note_taken
        )
        self._channel = ChannelServer(
            arguments.runtime / "channel.sock",
            self._welcome,
            lambda wanted: tell_counters(self._drain, wanted),
            lambda wanted: tell_sums(self._drain, wanted),
            lambda message: self._quotas.take(message.quotas),
            kept.keys.all,
            self._take_explanation,
        )
        self._admin: ControlState | None = None
        self._stop, self._tasks = asyncio.Event(), BackgroundTasks()
        secret = kept.ring.secrets[0]
        self._oidc = OidcClients(lambda: kept.settings.oidc, self._upstream, sign_in_key(secret))
        self._cluster = Cluster(settings.redis_url, self._hear)
        self._node = socket.gethostname()
        self._model_figures, self._recent_rows = ModelFigures(), RecentRows()
        self._telemetry = start_telemetry(settings.otel, self._kind_of, instance=self._node)
        self._drain = LedgerDrain(
            store,
            settings.paths.state_dir / "journal",
            lambda: kept.limits,
            elsewhere=self._cluster if settings.redis_url else None,
            written=self._take_rows,
        )
        self._sealing = Sealing(conversations_key(secret))
        self._conversations = ConversationDrain(store, settings.paths.state_dir / CONVERSATIONS_FOLDER, self._sealing)
        self._quotas = ProviderQuotas(
            lambda: kept.settings,
            lambda: kept.catalog.providers,
            store,
            self._upstream,
            kept.gathering.conditions,
        )
        self._own = OwnWay(lambda: kept.settings)
        self._benchmark = Benchmark(FrontDoor(self._own.upstream, self._own.address).chat)
        self._alarms = Alarms(lambda: kept.settings, self._upstream, store)
        self._explanations = Explanations(self._ask_for_explanation)
        self._tls = TlsKeeper(lambda: kept.settings, self._tell_certificate)
        self._acme = Acme(
            lambda: kept.settings,
            store,
            kept.ring,
            self._tls,
            self._channel.wait_heard,
            lambda: self._cluster.is_elected,
            self._cluster.tell if settings.redis_url else None,
        )
        self._desk = ListenerDesk(arguments.runtime / LISTENERS, self._note_address)
        self._process_figures = ProcessFigures()
        self._chores = Chores(
            kept=kept,
            store=store,
            cluster=self._cluster,
            drain=self._drain,
            conversations=self._conversations,
            alarms=self._alarms,
            quotas=self._quotas,
            statuses=self._provider_statuses,
            troubles=self._troubles,
            goes_on=lambda: not self._stop.is_set(),
        )
        kept.take_keys()
        kept.rebuild()

    def _kind_of(self, provider: str) -> str:
        return next((one.kind for one in self._kept.catalog.providers if one.name == provider), "")

    def _take_rows(self, entries: Sequence[LedgerEntry]) -> None:
        """Count rows that were written, and have them told on."""
        self._model_figures.take(entries)
        self._recent_rows.take(entries)
        if self._telemetry is not None:
            self._telemetry.take(entries)

    def _figures_beside(self) -> Sequence[Collector]:
        own = {"process": self._process_figures.snapshot(), "logs": self._log.figures()}
        after = AfterRequests(
            rows=self._drain.rows,
            lag_s=max(0.0, time.time() - self._drain.drained_at_s),
            models=self._model_figures.snapshot(),
            alerts=self._alarms.telling.counts,
            emails=self._alarms.emails.counts,
            telemetry={} if self._telemetry is None else self._telemetry.counts,
        )
        workers = self._channel.workers.values()
        return ProcessMetrics(own, workers), LedgerMetrics(after), TlsMetrics(self._tls.state)

    def _note_taken(self) -> None:
        """Have everybody work with the configuration that counts now."""
        if self._admin is not None:
            self._admin.settings, self._admin.declared = self._kept.settings, self._kept.declared
        self._acme.note_change()

    def _welcome(self) -> list[ToData]:
        return [
            *self._kept.messages(),
            ConditionsMessage(self._kept.gathering.conditions.current()),
            *([] if self._tls.state is None else [_certificate_message(self._tls.state)]),
        ]

    def _tell(self, message: ToData) -> None:
        self._channel.broadcast(message)

    def _tell_certificate(self, state: TlsState) -> None:
        self._own.trust(state.path)
        self._channel.broadcast(_certificate_message(state))

    async def run(self) -> None:
        """Serve until told to stop; then drain once more."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        first = await asyncio.to_thread(self._first_start)
        self._kept.take_keys()
        self._kept.rebuild()
        await asyncio.to_thread(self._kept.carry_use)
        await self._kept.gathering.pricing.begin(self._kept.catalog.providers)
        await self._channel.start()
        admin = self._lend(loop)
        server = relay_server(admin, self._arguments.runtime)
        serving = self._tasks.start(server.serve(), "admin server")
        beside = self._start_metrics_server(admin)
        self._begin_jobs()
        self._watch_parent(loop)
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        await self._be_heard()
        self._arguments.tell_ready(msgspec.json.encode({"ready": True, **first}))
        await self._stop.wait()
        for one in (server, beside):
            _end(one)
        await asyncio.wait([serving], timeout=2.0)
        await asyncio.to_thread(self._chores.last_drain)  # before the connections end over which its news is told
        await self._close()

    def _begin_jobs(self) -> None:
        """Start what is done beside requests, again and again until the end."""
        tasks = self._tasks
        tasks.start(self._cluster.run(), "cluster")
        self._chores.begin(tasks)
        tasks.start(self._quotas.run(), "quotas")
        self._kept.gathering.begin(tasks, lambda: self._kept.catalog, lambda: self._channel.workers)
        tasks.start(self._tell_conditions(), "conditions")
        tasks.start(self._tls.run(), "certificate")
        tasks.start(self._acme.run(), "certificate authority")
        tasks.start(self._desk.run(), "listeners")

    async def _close(self) -> None:
        await self._tasks.close()
        await self._alarms.close()
        if self._telemetry is not None:
            await asyncio.to_thread(self._telemetry.close)
        await self._benchmark.close()
        self._quotas.save()
        await self._channel.close()
        self._kept.close()
        self._store.close()
        self._own.upstream.close()
        self._upstream.close()

    async def _be_heard(self) -> None:
        """Wait until a data process has the state, so that a key which is shown now works now; note what counts."""
        deadline_s = time.monotonic() + HEARD_S
        while not self._channel.workers and time.monotonic() < deadline_s:
            await asyncio.sleep(0.01)
        self._kept.note_taken()

    def _lend(self, loop: asyncio.AbstractEventLoop) -> ControlState:
        """Return what routes work with."""
        self._admin = ControlState(
            settings=self._kept.settings,
            declared=self._kept.declared,
            ring=self._kept.ring,
            store=self._store,
            ask_models=lambda provider: ask_for_models(self._upstream, provider, TEST_TIMEOUTS),
            refresh_models=lambda name: self._kept.gathering.ask_one(self._kept.catalog, name),
            pepper=self._kept.pepper,
            catalog=lambda: self._kept.catalog,
            figures=lambda: self._channel.workers,
            drain_now=self._drain.drain,
            provider_statuses=self._provider_statuses,
            pricing=self._kept.gathering.pricing,
            address=declared_url(self._kept.settings),
            keys_changed=lambda: self._show_changes(loop),
            limit_figures=self._drain.figures,
            limit_alerts=lambda: self._alarms.limits.counts,
            oidc=self._oidc,
            ask_providers=self._ask_providers,
            quotas=self._quotas.snapshots,
            ask_quotas=self._quotas.refresh,
            quota_alerts=lambda: self._quotas.alert_counts,
            webhooks=lambda: self._alarms.webhooks.counts,
            sealing=self._sealing,
            take_in_conversations=self._conversations.drain,
            figures_beside=self._figures_beside,
            benchmark=self._benchmark,
            recent_rows=self._recent_rows,
            clean_keys=self._chores.clean_now,
            explain=self._explanations.ask,
            tls=lambda: self._tls.state,
            acme=self._acme,
            listeners=self._desk,
            keep_moved=self._kept.move,
            damaged_journals=lambda: len(damaged_files(self._kept.settings.paths.state_dir / "journal")),
        )
        return self._admin

    def _ask_for_explanation(self, number: int, question: RouteQuestion) -> bool:
        return self._channel.ask_one(ExplainWanted(number, question.digest, question.client_ip, question.body))

    def _take_explanation(self, message: Explained) -> None:
        answer = RouteAnswer(message.told, message.status, message.code, message.message)
        self._explanations.take(message.asked, answer)

    def _note_address(self) -> None:
        """Point people to where it listens now."""
        if self._admin is not None and (first := next(iter(self._desk.lasting), None)) is not None:
            self._admin.address = url_of(first.kind, first.address, self._kept.settings.tls.domains)

    def _start_metrics_server(self, state: ControlState) -> uvicorn.Server | None:
        """Serve `/metrics` on an address of its own, if there is to be one."""
        found = metrics_server(state, self._kept.settings.metrics_addr)
        if found is None:
            return None
        server, listener = found
        self._tasks.start(server.serve([listener]), "metrics server")
        return server

    def _provider_statuses(self) -> list[ProviderStatus]:
        return self._kept.gathering.statuses(self._kept.catalog, self._channel.workers, self._kept.unusable)

    def _troubles(self) -> tuple[Trouble, ...]:
        lag_s, longest_s = time.time() - self._drain.drained_at_s, self._kept.settings.alerts.journal_lag_s
        journal = journal_troubles(self._channel.workers, self._node, lag_s, longest_s)
        return (*journal, *certificate_troubles(self._tls.state, self._node, time.time()))

    async def _ask_providers(self) -> None:
        """Ask every provider for its models, and return when the Catalog shows what they have answered."""
        await self._kept.gathering.checks.ask_now(self._kept.catalog.providers)
        await self._kept.look_quietly()

    def _show_changes(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at what has changed, for a route's thread: who is told of a change finds it in force on this node.

        Never raises: the change is made, and the watch would see it a moment later anyway.
        """
        asyncio.run_coroutine_threadsafe(self._cluster.tell(), loop)
        wait([asyncio.run_coroutine_threadsafe(self._make_known(), loop)], timeout=KNOWN_S)

    async def _make_known(self) -> None:
        """Look at what has changed, and return when every data process of this node serves by it, or in `KNOWN_S`."""
        looking = self._tasks.start(self._kept.look_quietly(), "changes")  # goes on when it takes too long
        with suppress(TimeoutError):
            async with asyncio.timeout(KNOWN_S):
                await asyncio.wait([looking])
                await self._channel.wait_applied(self._kept.catalog.version)

    def _watch_parent(self, loop: asyncio.AbstractEventLoop) -> None:
        fd = self._arguments.parent_fd
        if fd >= 0:
            loop.add_reader(fd, self._parent_died, loop, fd)

    def _parent_died(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        loop.remove_reader(fd)
        self._stop.set()

    def _first_start(self) -> dict[str, object]:
        """Make a first key and a set-up link where there is no key at all."""
        if self._kept.catalog.keys:
            return {"first_start": False}
        request = KeyRequest(name="first", comment="made at the first start")
        made = create_key(self._store, request, pepper=self._kept.pepper, now_s=time.time())
        link = create_setup_link(self._store, now_s=time.time())
        return {"first_start": True, "key": made.key, "setup_link": link}

    def _reload(self) -> None:
        """Read the configuration again (SIGHUP)."""
        if self._kept.read_again():
            log.info("configuration reloaded")
            self._tasks.start(self._note_reloaded(), "note of the configuration")

    async def _note_reloaded(self) -> None:
        """Note that the configuration counts, once every data process of this node serves by it, or in `KNOWN_S`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(KNOWN_S):
                await self._channel.wait_applied(self._kept.catalog.version)
        self._kept.note_taken()

    async def _tell_conditions(self) -> None:
        """Tell the data processes how providers are, and write it down, whenever that has changed."""
        gathering = self._kept.gathering
        while True:
            if (news := gathering.conditions.news()) is not None:
                self._channel.broadcast(ConditionsMessage(news))
            gathering.write_down(self._provider_statuses())
            await asyncio.sleep(CONDITIONS_S)

    def _hear(self) -> None:
        """Another node has changed something, or may have: look at once."""
        self._tasks.start(self._kept.look_quietly(), "news")


def _certificate_message(state: TlsState) -> TlsMessage:
    return TlsMessage(str(state.path), dict(state.answers), dict(state.challenges))


def _end(server: uvicorn.Server | None) -> None:
    if server is not None:
        server.should_exit = True


def _open(settings: Settings) -> Store:
    secret = load_or_create_secret(settings)
    return prepare_store(
        settings.database_url, fingerprint=fingerprint(secret), migrate_on_start=settings.migrate_on_start
    )


async def _serve(arguments: ChildArguments) -> None:
    try:
        settings = load(config=arguments.config, environ=os.environ, overrides=arguments.overrides())
        settings.paths.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        process = ControlProcess(settings, arguments, _open(settings), start_log(settings, "control"))
    except (ConfigErrors, OSError, ValueError) as error:  # of the file, the state folder, the secret in it
        arguments.tell_ready(msgspec.json.encode({"ready": False, "problem": str(error)}))
        sys.exit(1)
    await process.run()


def main() -> None:
    """Run until told to stop; a database that cannot be used is told in one line, and nothing of it is touched."""
    arguments = parse_child_arguments(sys.argv[1:])
    try:
        uvloop.run(_serve(arguments))
    except StoreError as error:
        is_refused = isinstance(error, REFUSED)
        arguments.tell_ready(msgspec.json.encode({"ready": False, "problem": str(error), "refused": is_refused}))
        sys.exit(1 if is_refused and arguments.ready_fd >= 0 else f"torod: {error}")


if __name__ == "__main__":
    main()
