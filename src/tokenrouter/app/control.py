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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

import msgspec
import structlog
import uvicorn
import uvloop
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.admin.ledger_metrics import AfterRequests, LedgerMetrics
from tokenrouter.admin.process_metrics import ProcessMetrics
from tokenrouter.admin.state import ControlState
from tokenrouter.admin.tls_metrics import TlsMetrics
from tokenrouter.app.alarms import Alarms
from tokenrouter.app.arguments import ChildArguments, parse_child_arguments
from tokenrouter.app.channel import (
    CatalogMessage,
    ChannelServer,
    ConditionsMessage,
    Explained,
    ExplainWanted,
    TlsMessage,
    ToData,
)
from tokenrouter.app.cluster import Cluster
from tokenrouter.app.control_servers import metrics_server, relay_server
from tokenrouter.app.listener_road import FILE_NAME as LISTENERS
from tokenrouter.app.logs import secrets_in, start_log
from tokenrouter.app.snapshot import FILE_NAME, read_snapshot, write_snapshot
from tokenrouter.app.taken import TakenConfiguration
from tokenrouter.app.telemetry import start_telemetry
from tokenrouter.app.told_counters import tell_counters, tell_sums
from tokenrouter.app.told_keys import ToldKeys
from tokenrouter.config.automatic import public_candidates, still_wanted
from tokenrouter.config.keyfile import (
    conversations_key,
    fingerprint,
    load_or_create_secret,
    pepper,
    sign_in_key,
    snapshot_key,
)
from tokenrouter.config.keyring import ring_of
from tokenrouter.config.load import load
from tokenrouter.config.moved import moved_to
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.sealing import Sealing
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Catalog
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limits import LimitTable
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.jobs.acme import Acme
from tokenrouter.jobs.automatic_providers import AutomaticProviders
from tokenrouter.jobs.benchmark import Benchmark
from tokenrouter.jobs.catalog_builder import build_catalog, keys_bear_limits, unshadowed_keys
from tokenrouter.jobs.condition_book import ConditionBook
from tokenrouter.jobs.conversation_drain import ConversationDrain
from tokenrouter.jobs.conversation_retention import delete_old_conversations
from tokenrouter.jobs.discovery import Discovery
from tokenrouter.jobs.explanations import Explanations, RouteAnswer, RouteQuestion
from tokenrouter.jobs.front_door import FrontDoor
from tokenrouter.jobs.health_checks import HealthChecks
from tokenrouter.jobs.heartbeat_watch import LOOK_S as HEARTBEATS_S
from tokenrouter.jobs.heartbeat_watch import HeartbeatWatch
from tokenrouter.jobs.ledger_drain import LedgerDrain
from tokenrouter.jobs.limit_adjustments import carry_use
from tokenrouter.jobs.limit_use import NameOfKey, forget_ended_windows
from tokenrouter.jobs.listener_desk import ListenerDesk, declared_url, url_of
from tokenrouter.jobs.local_servers import LocalServers, looking_of
from tokenrouter.jobs.model_figures import ModelFigures
from tokenrouter.jobs.model_question import TEST_TIMEOUTS, ask_for_models
from tokenrouter.jobs.own_way import OwnWay
from tokenrouter.jobs.pricing import Pricing
from tokenrouter.jobs.pricing_cache import FILE_NAME as PRICES_FILE
from tokenrouter.jobs.pricing_sources import price_sources
from tokenrouter.jobs.provider_quotas import ProviderQuotas
from tokenrouter.jobs.provider_status import FILE_NAME as STATUS_FILE
from tokenrouter.jobs.provider_status import ProviderStatus, StatusFile, provider_statuses, with_problems
from tokenrouter.jobs.public_providers import PublicProviders
from tokenrouter.jobs.recent_rows import RecentRows
from tokenrouter.jobs.retention import delete_old_rows
from tokenrouter.jobs.spent_keys import remove_spent_keys
from tokenrouter.jobs.stored_configuration import StoredConfiguration, join_configuration, read_stored
from tokenrouter.jobs.tls_keeper import TlsKeeper, TlsState
from tokenrouter.jobs.troubles import (
    certificate_troubles,
    journal_troubles,
    secret_troubles,
)
from tokenrouter.journal.conversation_files import FOLDER as CONVERSATIONS_FOLDER
from tokenrouter.journal.reader import damaged_files
from tokenrouter.limits.adjusting import Adjusted
from tokenrouter.observe.logging import ProcessLog
from tokenrouter.observe.process_figures import ProcessFigures
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.signin.oidc.clients import OidcClients
from tokenrouter.store.adjustments import adjustments_since
from tokenrouter.store.aliases import chosen_profile, list_aliases
from tokenrouter.store.capture_rules import list_capture_rules
from tokenrouter.store.catalog_version import CatalogWatch
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import ForeignDatabase, SchemaTooNew, StoreError, WrongSecret
from tokenrouter.store.key_news import KeyNews
from tokenrouter.store.keys import KeyRequest, create_key, remove_expired_keys
from tokenrouter.store.limits import list_limits
from tokenrouter.store.prepare import prepare_store
from tokenrouter.store.setup_links import create_setup_link
from tokenrouter.store.teams import list_teams
from tokenrouter.store.users import list_users
from tokenrouter.upstream.client import UpstreamClient

WATCH_S: Final = 0.25
"""How often the database is asked whether keys changed: well within the second that is promised."""
DRAIN_S: Final = 0.2
CONVERSATIONS_S: Final = 0.25
CLEAN_S: Final = 60.0
RETENTION_S: Final = 600.0
ALERTS_S: Final = 5.0
TROUBLES_S: Final = 1.0
PUBLIC_S: Final = 20.0
MAX_PUBLIC_S: Final = 900.0
"""How often public providers are asked whether they are there: as TokenRouter-Go, and seldom while nobody answers."""
CONDITIONS_S: Final = 0.25
"""How often it is looked whether there is news of how providers are."""
ADJUSTED_S: Final = 86_400.0
"""How far back resets are told with the Catalog: longer than this process is ever away while data processes serve."""
KNOWN_S: Final = 2.0
"""How long the answer to a change waits for this node's data processes to know of it."""
HEARD_S: Final = 3.0
"""How long a start waits for a data process to connect before it says that it is ready."""
REFUSED: Final = (SchemaTooNew, ForeignDatabase, WrongSecret)
"""Databases that are not for this server: it does not start on one, and no waiting mends that."""
LONGEST_PAUSE_S: Final = 10.0
"""Between attempts while the database is away."""

log = structlog.get_logger(__name__)


class ControlProcess:
    """The control process, put together."""

    def __init__(self, settings: Settings, arguments: ChildArguments, store: Store, process_log: ProcessLog) -> None:
        self._declared = self._settings = settings
        self._log = process_log
        self._arguments = arguments
        self._store = store
        self._ring = ring_of(settings)
        secret = self._ring.secrets[0]
        self._taken = TakenConfiguration(settings, arguments, secret)
        self._pepper = pepper(secret)
        self._stored = StoredConfiguration()
        self._unusable: Mapping[str, str] = {}
        self._upstream = UpstreamClient(settings.proxies)
        self._oidc = OidcClients(lambda: self._settings.oidc, self._upstream, sign_in_key(secret))
        self._discovery = Discovery(settings.paths.cache_dir / "models.json", self._upstream, self._note_change)
        self._conditions = ConditionBook()
        self._checks = HealthChecks(self._discovery, self._conditions, asks=lambda: self._settings.discovery)
        self._status_file = StatusFile(settings.paths.cache_dir / STATUS_FILE)
        self._bundled_facts: Mapping[str, ModelFacts] = {}
        self._keys = ToldKeys(store, settings.paths.state_dir, self._newest_key)
        self._is_stale = self._are_keys_stale = False
        self._pricing = Pricing(
            settings.paths.cache_dir / PRICES_FILE,
            price_sources(settings.price_sources, self._discovery, self._upstream, self._take_facts),
            self._rebuild,
        )
        self._catalog = Catalog(version=time.time_ns() // 1_000_000)
        self._automatic = AutomaticProviders(self._note_change)
        self._look_for_providers()
        self._adjusted: list[Adjusted] = []
        self._limits: tuple[LimitTable, NameOfKey] = (LimitTable(()), str)
        self._cluster = Cluster(settings.redis_url, self._hear)
        self._node = socket.gethostname()
        self._model_figures, self._recent_rows = ModelFigures(), RecentRows()
        self._telemetry = start_telemetry(settings.otel, self._kind_of, instance=self._node)
        self._drain = LedgerDrain(
            store,
            settings.paths.state_dir / "journal",
            lambda: self._limits,
            elsewhere=self._cluster if settings.redis_url else None,
            written=self._take_rows,
        )
        self._sealing = Sealing(conversations_key(secret))
        self._conversations = ConversationDrain(store, settings.paths.state_dir / CONVERSATIONS_FOLDER, self._sealing)
        self._quotas = ProviderQuotas(
            lambda: self._settings, lambda: self._catalog.providers, store, self._upstream, self._conditions
        )
        self._own = OwnWay(lambda: self._settings)
        self._benchmark = Benchmark(FrontDoor(self._own.upstream, self._own.address).chat)
        self._alarms = Alarms(lambda: self._settings, self._upstream, store)
        self._channel = ChannelServer(
            arguments.runtime / "channel.sock",
            self._welcome,
            lambda wanted: tell_counters(self._drain, wanted),
            lambda wanted: tell_sums(self._drain, wanted),
            lambda message: self._quotas.take(message.quotas),
            self._keys.all,
            self._take_explanation,
        )
        self._explanations = Explanations(self._ask_for_explanation)
        self._tls = TlsKeeper(lambda: self._settings, self._tell_certificate)
        self._acme = Acme(
            lambda: self._settings,
            store,
            self._ring,
            self._tls,
            self._channel.wait_heard,
            lambda: self._cluster.is_elected,
            self._cluster.tell if settings.redis_url else None,
        )
        self._desk = ListenerDesk(arguments.runtime / LISTENERS, self._note_address)
        self._watcher, self._heartbeats = CatalogWatch(store), HeartbeatWatch(store)
        self._watching, self._process_figures = asyncio.Lock(), ProcessFigures()
        self._admin: ControlState | None = None
        self._stop, self._tasks = asyncio.Event(), BackgroundTasks()
        self._take_keys()
        self._rebuild()

    def _look_for_providers(self) -> None:
        """Let those look who find providers that join by themselves; those of the last start are there at once."""
        keys = map(snapshot_key, reversed(self._ring.secrets))
        last = read_snapshot(self._settings.paths.state_dir / FILE_NAME, *keys) or Catalog()
        local, public = still_wanted(self._settings, last.providers)
        status = lambda name: self._conditions.of(name).status  # noqa: E731 (one line, asked at each look)
        self._automatic.add(
            LocalServers(self._upstream, lambda: looking_of(self._settings), on_models=self._checks.ask_soon),
            lambda: self._settings.local_check_s,
            remembered=local,
        )
        self._automatic.add(
            PublicProviders(self._upstream, lambda: public_candidates(self._settings), status),
            lambda: PUBLIC_S,
            longest_pause_s=MAX_PUBLIC_S,
            remembered=public,
        )

    def _kind_of(self, provider: str) -> str:
        return next((one.kind for one in self._catalog.providers if one.name == provider), "")

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

    def _note_change(self) -> None:
        """Have the Catalog made anew by the watch, which goes on when the database is away."""
        self._is_stale = True

    def _rebuild(self) -> None:
        """Make the Catalog anew, keep it, and tell everybody."""
        self._join_configuration()
        self._catalog = build_catalog(
            self._settings,
            self._keys.keys.values(),
            self._discovery.models(),
            self._pepper,
            version=self._catalog.version + 1,
            stored_limits=[stored.limit for stored in list_limits(self._store)],
            stored_aliases=[stored.alias for stored in list_aliases(self._store)],
            chosen_profile=chosen_profile(self._store),
            gathered_prices=self._pricing.prices(),
            gathered_facts=(self._discovery.facts(), self._bundled_facts),
            automatic=self._automatic.providers(),
            teams=list_teams(self._store),
            disabled_users=[user.name for user in list_users(self._store) if not user.enabled],
            stored_capture={rule.scope: rule.enabled for rule in list_capture_rules(self._store)},
            switched=self._stored.switched,
            changed=self._stored.changed,
        )
        self._log.hide(secrets_in(self._settings, self._catalog))
        names = {key.id: key.name for key in self._catalog.keys if key.origin != "database"}
        self._limits = (LimitTable(self._catalog.limits), lambda key_id: names.get(key_id) or self._keys.name(key_id))
        write_snapshot(self._settings.paths.state_dir / FILE_NAME, self._told_catalog(), self._newest_key())
        since_us = int((time.time() - ADJUSTED_S) * 1e6)
        self._adjusted = [
            Adjusted(one.number, one.limit_id, one.scope, one.used)
            for one in adjustments_since(self._store, since_us)
            if one.used
        ]
        self._conditions.keep(provider.name for provider in self._catalog.providers)
        self._channel.broadcast(CatalogMessage(self._told_catalog(), self._adjusted))
        self._acme.note_change()

    def _newest_key(self) -> bytes:
        """Return what is written down is encrypted under: after a rotation, the new secret's."""
        return snapshot_key(self._ring.secrets[-1])

    def _told_catalog(self) -> Catalog:
        """Return the Catalog as data processes are told it: their keys of the database come by `KeysMessage`."""
        owned = tuple(key for key in self._catalog.keys if key.origin != "database")
        return replace(self._catalog, keys=owned)

    def _take_keys(self, news: KeyNews | None = None) -> None:
        """Take in what has become of the keys of the database (read here, where nothing is given), and tell everybody.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        news = news or self._keys.look()
        version = self._catalog.version + 1
        told = self._keys.take(news, version)
        self._is_stale = self._is_stale or news.others
        if told is None:
            return
        self._is_stale = self._is_stale or keys_bear_limits(self._settings)
        keys = unshadowed_keys(self._catalog.keys, self._keys.keys.values())
        self._catalog = replace(self._catalog, version=version, keys=keys)
        for message in told.messages:
            self._channel.broadcast(message)
        self._keys.write_down(told)

    def _join_configuration(self) -> None:
        """Let count what the file says together with what the database adds, and know the keys of its secrets."""
        self._stored = read_stored(self._store, self._ring)
        joined = join_configuration(self._declared, self._stored)
        for name, reason in joined.unusable.items():
            if self._unusable.get(name) != reason:
                log.error("a provider cannot be used", provider=name, reason=reason)
        self._settings, self._unusable = joined.settings, joined.unusable
        if self._stored.key_id not in self._ring.ids:
            self._ring.read_again()
        if self._admin is not None:
            self._admin.settings, self._admin.declared = self._settings, self._declared

    def _take_facts(self, facts: Mapping[str, ModelFacts]) -> None:
        """Take in what the bundled data know of models."""
        if facts != self._bundled_facts:
            self._bundled_facts = facts
            self._rebuild()

    def _welcome(self) -> list[ToData]:
        return [
            *self._keys.all(),
            CatalogMessage(self._told_catalog(), self._adjusted),
            ConditionsMessage(self._conditions.current()),
            *([] if self._tls.state is None else [_certificate_message(self._tls.state)]),
        ]

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
        self._take_keys()
        self._rebuild()
        await asyncio.to_thread(self._carry_use)
        await self._pricing.begin(self._catalog.providers)
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
        await asyncio.to_thread(self._last_drain)  # before the connections end over which its news is told
        await self._close()

    def _begin_jobs(self) -> None:
        """Start what is done beside requests, again and again until the end."""
        tasks = self._tasks
        tasks.start(self._cluster.run(), "cluster")
        self._begin_repeating()
        tasks.start(self._quotas.run(), "quotas")
        tasks.start(self._checks.run(lambda: self._catalog.providers, lambda: self._channel.workers), "provider checks")
        tasks.start(self._tell_conditions(), "conditions")
        tasks.start(self._tls.run(), "certificate")
        tasks.start(self._acme.run(), "certificate authority")
        tasks.start(self._desk.run(), "listeners")
        tasks.start(self._automatic.run(), "providers that join")
        tasks.start(self._pricing.run(lambda: self._catalog.providers), "prices")

    async def _close(self) -> None:
        await self._tasks.close()
        await self._alarms.close()
        if self._telemetry is not None:
            await asyncio.to_thread(self._telemetry.close)
        await self._benchmark.close()
        self._quotas.save()
        await self._channel.close()
        self._watcher.close()
        self._store.close()
        self._own.upstream.close()
        self._upstream.close()

    async def _be_heard(self) -> None:
        """Wait until a data process has the state, so that a key which is shown now works now; note what counts."""
        deadline_s = time.monotonic() + HEARD_S
        while not self._channel.workers and time.monotonic() < deadline_s:
            await asyncio.sleep(0.01)
        self._taken.note()

    def _lend(self, loop: asyncio.AbstractEventLoop) -> ControlState:
        """Return what routes work with."""
        self._admin = ControlState(
            settings=self._settings,
            declared=self._declared,
            ring=self._ring,
            store=self._store,
            ask_models=lambda provider: ask_for_models(self._upstream, provider, TEST_TIMEOUTS),
            refresh_models=self._refresh_models,
            pepper=self._pepper,
            catalog=lambda: self._catalog,
            figures=lambda: self._channel.workers,
            drain_now=self._drain.drain,
            provider_statuses=self._provider_statuses,
            pricing=self._pricing,
            address=declared_url(self._settings),
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
            clean_keys=self._clean_now,
            explain=self._explanations.ask,
            tls=lambda: self._tls.state,
            acme=self._acme,
            listeners=self._desk,
            keep_moved=self._keep_moved,
            damaged_journals=lambda: len(damaged_files(self._settings.paths.state_dir / "journal")),
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
            self._admin.address = url_of(first.kind, first.address, self._settings.tls.domains)

    def _keep_moved(self, name: str, address: str) -> None:
        self._taken.move(name, address)
        self._declared = moved_to(self._declared, name, address)
        self._rebuild()

    def _start_metrics_server(self, state: ControlState) -> uvicorn.Server | None:
        """Serve `/metrics` on an address of its own, if there is to be one."""
        found = metrics_server(state, self._settings.metrics_addr)
        if found is None:
            return None
        server, listener = found
        self._tasks.start(server.serve([listener]), "metrics server")
        return server

    async def _refresh_models(self, name: str) -> None:
        """Ask one provider for its models, whether it is due or not."""
        await self._discovery.ask([provider for provider in self._catalog.providers if provider.name == name])

    def _provider_statuses(self) -> list[ProviderStatus]:
        rows = provider_statuses(
            self._catalog.providers,
            self._checks.shown(),
            self._conditions.current(),
            self._channel.workers,
            time.time(),
        )
        return with_problems(rows, self._unusable)

    async def _ask_providers(self) -> None:
        """Ask every provider for its models, and return when the Catalog shows what they have answered."""
        await self._checks.ask_now(self._catalog.providers)
        await self._watch_quietly()

    def _show_changes(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at what has changed, for a route's thread: who is told of a change finds it in force on this node.

        Never raises: the change is made, and the watch would see it a moment later anyway.
        """
        asyncio.run_coroutine_threadsafe(self._cluster.tell(), loop)
        wait([asyncio.run_coroutine_threadsafe(self._make_known(), loop)], timeout=KNOWN_S)

    async def _make_known(self) -> None:
        """Look at what has changed, and return when every data process of this node serves by it, or in `KNOWN_S`."""
        looking = self._tasks.start(self._watch_quietly(), "changes")  # goes on when it takes too long
        with suppress(TimeoutError):
            async with asyncio.timeout(KNOWN_S):
                await asyncio.wait([looking])
                await self._channel.wait_applied(self._catalog.version)

    def _watch_parent(self, loop: asyncio.AbstractEventLoop) -> None:
        fd = self._arguments.parent_fd
        if fd >= 0:
            loop.add_reader(fd, self._parent_died, loop, fd)

    def _parent_died(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        loop.remove_reader(fd)
        self._stop.set()

    def _first_start(self) -> dict[str, object]:
        """Make a first key and a set-up link where there is no key at all."""
        if self._catalog.keys:
            return {"first_start": False}
        request = KeyRequest(name="first", comment="made at the first start")
        made = create_key(self._store, request, pepper=self._pepper, now_s=time.time())
        link = create_setup_link(self._store, now_s=time.time())
        return {"first_start": True, "key": made.key, "setup_link": link}

    def _carry_use(self) -> None:
        carry_use(self._store, self._settings.limits, self._settings.carried_use, time.time())

    def _reload(self) -> None:
        """Read the configuration again (SIGHUP); one that is wrong changes nothing."""
        try:
            declared = self._taken.read_again()
        except ConfigErrors as error:
            log.error("the configuration is wrong and was not applied", problems=[str(one) for one in error.problems])
            self._taken.refuse(error.problems)
            return
        self._declared = declared
        try:
            self._rebuild()
            self._carry_use()
        except (StoreError, SQLAlchemyError, OSError) as error:
            self._is_stale = True
            log.error("the configuration was read and counts as soon as the database is there", reason=str(error))
            self._taken.refuse([f"it was read and counts as soon as the database is there: {error}"])
            return
        self._automatic.look_now()
        log.info("configuration reloaded")
        self._tasks.start(self._note_taken(), "note of the configuration")

    async def _note_taken(self) -> None:
        """Note that the configuration counts, once every data process of this node serves by it, or in `KNOWN_S`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(KNOWN_S):
                await self._channel.wait_applied(self._catalog.version)
        self._taken.note()

    # What runs beside.

    def _begin_repeating(self) -> None:
        """Start what is done again and again, each with its pause."""
        for name, pause_s, work in (
            ("watch", WATCH_S, self._watch),
            ("retention", RETENTION_S, self._delete_old_rows),
            ("drain", DRAIN_S, self._drain_quietly),
            ("conversations", CONVERSATIONS_S, self._take_in_conversations),
            ("clean", CLEAN_S, self._clean),
            ("heartbeats", HEARTBEATS_S, self._look_for_heartbeats),
            ("alerts", ALERTS_S, self._look_for_alerts),
            ("troubles", TROUBLES_S, self._look_for_troubles),
        ):
            self._tasks.start(self._repeat(name, pause_s, work), name)

    async def _repeat(self, name: str, pause_s: float, work: Callable[[], Awaitable[None]]) -> None:
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

    async def _tell_conditions(self) -> None:
        """Tell the data processes how providers are, and write it down, whenever that has changed."""
        while True:
            if (news := self._conditions.news()) is not None:
                self._channel.broadcast(ConditionsMessage(news))
            self._status_file.write(self._provider_statuses())
            await asyncio.sleep(CONDITIONS_S)

    async def _watch(self) -> None:
        """Rebuild the Catalog if it has changed; return when it shows all that had changed before the call."""
        async with self._watching:
            self._are_keys_stale = await asyncio.to_thread(self._watcher.changed) or self._are_keys_stale
            if self._are_keys_stale:
                self._take_keys(await asyncio.to_thread(self._keys.look))
                self._are_keys_stale = False
            if self._is_stale:
                self._rebuild()
                self._is_stale = False

    async def _drain_quietly(self) -> None:
        await asyncio.to_thread(self._drain.drain)

    async def _take_in_conversations(self) -> None:
        await asyncio.to_thread(self._conversations.drain)

    def _hear(self) -> None:
        """Another node has changed something, or may have: look at once."""
        self._tasks.start(self._watch_quietly(), "news")

    async def _watch_quietly(self) -> None:
        try:
            await self._watch()
        except (StoreError, SQLAlchemyError, OSError) as error:
            log.info("what has changed is read later", reason=str(error))

    async def _delete_old_rows(self) -> None:
        if self._cluster.is_elected:
            days, now_s = self._settings.ledger_retention_days, time.time()
            goes_on = lambda: not self._stop.is_set()  # noqa: E731 (asked in another thread, between transactions)
            await asyncio.to_thread(delete_old_rows, self._store, days=days, now_s=now_s, goes_on=goes_on)

    async def _clean(self) -> None:
        if self._cluster.is_elected:
            only_temporary = not self._settings.auto_remove_expired_tokens
            gone = partial(remove_expired_keys, self._store, now_s=time.time(), only_temporary=only_temporary)
            for key in await asyncio.to_thread(gone):
                log.info("a key was removed: it has expired, or the key above it", key=key.name, id=key.id)
        if self._settings.auto_remove_empty_quota_tokens and self._cluster.is_elected:
            for key, limit in await asyncio.to_thread(remove_spent_keys, self._store, self._catalog, time.time()):
                log.info("a key was removed: its quota is used up", key=key.name, id=key.id, limit=limit.id)
        if self._cluster.is_elected:
            kept = self._settings.conversations
            await asyncio.to_thread(delete_old_conversations, self._store, kept, time.time())
            await asyncio.to_thread(forget_ended_windows, self._store, self._catalog.limits, time.time())

    async def _look_for_heartbeats(self) -> None:
        """Suspend temporary keys of which nobody says any more that they are wanted; one node does it for all."""
        if not self._cluster.is_elected:
            self._heartbeats.forget()
            return
        suspended = await asyncio.to_thread(self._heartbeats.look)
        for key in suspended:
            log.info("a temporary key was suspended: its program has fallen silent", key=key.name, id=key.id)
        if suspended:
            await self._watch_quietly()

    async def _clean_now(self) -> None:
        """Clean up, and return when this node serves by it."""
        await self._clean()
        await self._watch_quietly()

    async def _look_for_alerts(self) -> None:
        """Tell of limits, ours and providers', that come to an end; one node does it for all."""
        if self._cluster.is_elected:
            await self._alarms.look_at_limits(self._catalog.limits)
            self._alarms.telling.send(await self._quotas.look_for_alerts())

    async def _look_for_troubles(self) -> None:
        """Tell of what does not work on this node, and, where this one does that for all, of providers."""
        rows = self._provider_statuses() if self._cluster.is_elected else []
        lag_s, longest_s = time.time() - self._drain.drained_at_s, self._settings.alerts.journal_lag_s
        journal = journal_troubles(self._channel.workers, self._node, lag_s, longest_s)
        node = (*journal, *certificate_troubles(self._tls.state, self._node, time.time()))
        self._alarms.look_at_troubles((*node, *secret_troubles(self._stored.unreadable)), rows)

    def _last_drain(self) -> None:
        try:
            self._drain.drain()
            self._conversations.drain()
        except (StoreError, SQLAlchemyError, OSError) as error:
            log.error("the journal stays for the next start", reason=str(error))


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
