"""The data process: everything a request needs, and nothing else.

It starts from the file, the environment and the snapshot of the last Catalog, so it serves before the
control process has loaded, and goes on serving when that one is away.
"""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
import uvloop

from tokenrouter import __version__
from tokenrouter.app.answers import Answers
from tokenrouter.app.arguments import ChildArguments, parse_child_arguments
from tokenrouter.app.channel import (
    Applied,
    CatalogMessage,
    ChannelClient,
    ConditionsMessage,
    CountersMessage,
    CountersWanted,
    Echo,
    EchoWanted,
    ExplainWanted,
    FiguresMessage,
    Hello,
    KeysMessage,
    KeysWanted,
    QuotasMessage,
    SumsMessage,
    SumsWanted,
    TlsMessage,
    ToData,
)
from tokenrouter.app.doors import Doors
from tokenrouter.app.explained import explained
from tokenrouter.app.hooks import HookShelf
from tokenrouter.app.key_feed import KeyFeed
from tokenrouter.app.key_file import read_keys
from tokenrouter.app.ledger_sums import ChannelSums
from tokenrouter.app.listener_feed import follow_listeners
from tokenrouter.app.listener_road import FILE_NAME as ROAD
from tokenrouter.app.logs import secrets_in, start_log
from tokenrouter.app.snapshot import FILE_NAME, read_snapshot
from tokenrouter.config.automatic import still_wanted
from tokenrouter.config.keyfile import (
    conversations_key,
    load_or_create_secrets,
    pepper,
    responses_key,
    snapshot_key,
)
from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.sealing import Sealing
from tokenrouter.config.settings import Settings
from tokenrouter.domain.addresses import read_networks
from tokenrouter.domain.catalog import Catalog
from tokenrouter.domain.limits import Limit, LimitState
from tokenrouter.edge.capturing import Capture
from tokenrouter.edge.control import ControlRelay
from tokenrouter.edge.forwarded import TrustedProxies
from tokenrouter.edge.protocol import Bounds, Connections
from tokenrouter.edge.service import Service
from tokenrouter.gateway.account.resources import Resources
from tokenrouter.gateway.after_hooks import AfterHooks
from tokenrouter.gateway.answer_heads import take_quotas
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.hooks import HookLayer
from tokenrouter.gateway.key_ring import KeyRing
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.stored_responses import StoredResponses
from tokenrouter.jobs.catalog_builder import build_catalog
from tokenrouter.jobs.joined_settings import remembered_settings
from tokenrouter.journal.conversation_files import FOLDER as CONVERSATIONS_FOLDER
from tokenrouter.journal.conversation_writer import ConversationWriter
from tokenrouter.journal.ownership_log import OwnershipLog
from tokenrouter.journal.response_files import ResponseFiles
from tokenrouter.journal.writer import JournalWriter
from tokenrouter.limits.adjusting import Adjusting, AdjustingThere
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.limits.redis import RedisLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.observe.logging import ProcessLog
from tokenrouter.observe.process_figures import ProcessFigures
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.upstream.client import UpstreamClient
from tokenrouter.upstream.credentials import TokenKeeper, fetch_by

FIGURES_EVERY_S: Final = 1.0
SWEEP_RESPONSES_S: Final = 600.0
TEND_BATCHES_S: Final = 10.0
"""How often shared limits are looked after for batches, which run for minutes at least."""
READY_S: Final = 0.02
"""How often it is looked whether new limits count at the server by now; only while they do not."""
GC_THRESHOLDS: Final = (50_000, 20, 50)
"""Fewer collections: the road makes no cycles, and what lives from start to end is frozen."""

log = structlog.get_logger(__name__)


class CurrentDirectory:
    """The Directory that counts now."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def current(self) -> Directory:
        """Return it; never waits."""
        return self._directory

    def swap(self, directory: Directory) -> None:
        """Put another one in its place; requests that hold the old one keep it."""
        self._directory = directory


def _shared_limiter(settings: Settings, limits: Sequence[Limit], sums: ChannelSums, node: str) -> RedisLimiter | None:
    """Return the limiter that processes share, if there is one; `node` is the journal's name, never used before."""
    if not settings.redis_url:
        return None
    address = parse_redis_url(settings.redis_url)
    return RedisLimiter(address, limits, sums, node=node, redis_loss=settings.redis_loss)


class DataProcess:
    """One data process, put together."""

    def __init__(self, settings: Settings, arguments: ChildArguments, process_log: ProcessLog) -> None:
        self._settings = settings
        self._arguments = arguments
        self._log = process_log
        secrets = load_or_create_secrets(settings)
        secret = secrets[0]
        self._pepper = pepper(secret)
        self._keys = KeyFeed(_kept_keys(settings, secrets))
        self._keys_asked = False
        catalog = _first_catalog(settings, secrets, self._pepper)
        self._source = CurrentDirectory(Directory(catalog, self._pepper, self._keys.ring))
        self._limiter = MemoryLimiter(() if settings.redis_url else catalog.limits)
        self._adjusting = Adjusting(self._limiter.adjust)
        self._adjusting_there: AdjustingThere | None = None
        self._journal = JournalWriter(
            settings.paths.state_dir / "journal",
            reserve_bytes=settings.journal_reserve_bytes,
            sync_s=settings.journal_sync_s,
        )
        self._figures = Figures()
        self._process_figures = ProcessFigures()
        self._upstream = UpstreamClient(settings.proxies)
        self._tokens = TokenKeeper(fetch_by(self._upstream))
        self._sums = ChannelSums(self._send_to_control)
        self._shared = _shared_limiter(settings, catalog.limits, self._sums, self._journal.name)
        if self._shared is not None:
            self._adjusting_there = AdjustingThere(self._shared.adjust)
        after = AfterHooks(self._figures)
        self._shelf = HookShelf()
        self._hooks = HookLayer(after)
        self._hooks.apply(self._shelf.rules(catalog.guardrails, catalog.hooks, is_start=True))
        self._ports = ports = Ports(self._journal, self._limiter, after, self._tokens, self._shared)
        self._owners = OwnershipLog(settings.paths.state_dir / "owners", is_shared=settings.redis_url != "")
        ownership = Ownership(self._owners)
        self._response_files = ResponseFiles(settings.paths.state_dir / "responses", responses_key(secret))
        stored = StoredResponses(self._response_files)
        self._answers = Answers(settings, secret, self._source, ports)
        layers = (*self._answers.first, self._hooks, *self._answers.last)
        self._gateway = Gateway(self._source, self._upstream, ports, ownership, stored, layers)
        self._gateway.apply(catalog.policy)
        self._conversations = ConversationWriter(
            settings.paths.state_dir / CONVERSATIONS_FOLDER, Sealing(conversations_key(secret))
        )
        self._capture = Capture(self._source, self._conversations)
        self._capture.apply(catalog.capture)
        control = ControlRelay(self._upstream, arguments.runtime / "control.sock")
        guard = self._hooks.require_readable
        self._resources = Resources(self._gateway, self._source, self._upstream, ports, ownership, guard)
        self._service = Service(
            self._gateway,
            self._source,
            self._limit_states,
            control,
            readiness=self,
            is_draining=lambda: self._draining,
            resources=self._resources,
            stored=stored,
            capture=self._capture,
        )
        self._connections = Connections(
            self._service, _bounds(settings), TrustedProxies(read_networks(settings.trusted_proxies))
        )
        self._doors = Doors(self._connections, self._service, settings)
        self._channel = ChannelClient(
            arguments.runtime / "channel.sock", Hello(str(os.getpid()), os.getpid(), __version__), self._on_message
        )
        self._wanted: frozenset[str] = frozenset()
        self._asked = 0
        self._draining = False
        self._stop = asyncio.Event()
        self._tasks = BackgroundTasks()

    async def _limit_states(self, scopes: Sequence[str]) -> list[LimitState]:
        return self._limiter.states(scopes) if self._shared is None else await self._shared.states(scopes)

    def why_not_ready(self) -> str:
        """Return why requests should go elsewhere, or ""."""
        return "" if self._journal.writable else "the journal cannot be written"

    async def run(self) -> None:
        """Serve until told to stop, then drain."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        await self._doors.follow(self._arguments.listeners)
        tasks = self._tasks
        tasks.start(self._journal.keep_synced(), "journal sync")
        if self._shared is not None:
            tasks.start(self._shared.run(), "shared limits")
        tasks.start(self._connections.sweep(), "connection sweep")
        tasks.start(self._gateway.sweep(), "stream sweep")
        if self._shared is None or self._owners.is_first:
            tasks.start(self._resources.watch.run(), "batch watch")
        if self._shared is not None:
            tasks.start(self._tend_batches(), "what batches hold")
        if self._adjusting_there is not None:
            tasks.start(self._adjusting_there.run(), "adjustments")
        tasks.start(self._answers.run(), "kept answers")
        tasks.start(self._sweep_responses(), "stored responses sweep")
        tasks.start(self._channel.run(), "channel")
        tasks.start(follow_listeners(self._arguments.runtime / ROAD, self._doors.follow), "listeners")
        tasks.start(self._send_figures(), "figures")
        self._watch_parent(loop)
        self._arguments.tell_ready(b'{"ready":true}')
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        async with self._tokens:
            await self._stop.wait()
            await self._drain()
        if self._shared is not None:
            await self._shared.close()
        await tasks.close()
        self._upstream.close()
        self._conversations.close()
        self._journal.close()

    def _watch_parent(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop when the supervisor's end of the pipe closes: it is dead, and somebody else may start."""
        fd = self._arguments.parent_fd
        if fd >= 0:
            loop.add_reader(fd, self._parent_died, loop, fd)

    def _parent_died(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        loop.remove_reader(fd)
        self._stop.set()

    async def _drain(self) -> None:
        """Take no new connection, let running answers end, at most `drain_s`; then cut the rest."""
        self._draining = True
        self._doors.close()
        self._connections.drain()
        deadline_s = time.monotonic() + self._settings.drain_s
        while self._connections.open and time.monotonic() < deadline_s:
            await asyncio.sleep(0.02)
        self._connections.abort("shutdown")
        while self._connections.busy:
            await asyncio.sleep(0.01)
        await self._gateway.close(max(0.0, deadline_s - time.monotonic()))

    def _on_message(self, message: ToData) -> None:
        match message:
            case CatalogMessage(catalog, adjusted):
                self._apply(catalog)
                (self._adjusting_there or self._adjusting).take(adjusted)
                self._tell_state()
            case KeysMessage():
                self._take_keys(message)
            case ConditionsMessage(conditions):
                self._gateway.learn(conditions)
            case TlsMessage():
                self._doors.take_certificate(message)
            case CountersMessage(asked, limit_ids, used, past, adjusted_to) if asked == self._asked:
                self._limiter.restore(
                    {(limit_id, scope): amount for limit_id, scope, amount in used},
                    limit_ids,
                    {(limit_id, scope): one for limit_id, scope, one in past},
                )
                self._adjusting.restored(limit_ids, adjusted_to)
                self._tell_applied()
                self._tasks.start(self._resources.batches.hold_again(), "batches hold again")

            case SumsMessage():
                self._sums.take(message)
            case EchoWanted(number):
                self._channel.send(Echo(number))
            case ExplainWanted():
                self._tasks.start(self._explain(message), "explanation")

    async def _explain(self, wanted: ExplainWanted) -> None:
        self._channel.send(await explained(self._service.explainer, self._source.current(), wanted))

    async def _tend_batches(self) -> None:
        """Hold what batches of an earlier process need, and let go of what another process has charged."""
        is_whole = not self._owners.is_first
        while True:
            is_whole = is_whole or await self._resources.batches.hold_again()
            self._resources.batches.let_go_of_paid()
            await asyncio.sleep(TEND_BATCHES_S)

    def _take_keys(self, message: KeysMessage) -> None:
        """Let other keys count from now on; requests that run keep what they have."""
        self._keys_asked = self._keys_asked and message.part != 0
        directory = self._source.current()
        match self._keys.take(message):
            case "waiting":
                return
            case "lost":
                if not self._keys_asked:
                    self._keys_asked = self._channel.send(KeysWanted())
                return
            case "whole":
                directory.forget_keys()
            case "changed":
                directory.forget_keys([*message.gone, *(key.id for key in message.put)])
        directory.note_version(message.version)
        self._tell_state()

    def _tell_state(self) -> None:
        """Tell that what is here counts, once it does."""
        if self._shared is None:
            self._tell_applied()
        else:
            version = self._source.current().catalog.version
            self._tasks.start(self._tell_followed(self._shared, version), "shared limits follow")

    def _tell_applied(self) -> None:
        """Tell that the Catalog counts, unless limits in it wait for their counters: they admit nobody until then."""
        if not self._limiter.unrestored:
            self._channel.send(Applied(self._source.current().catalog.version))

    async def _tell_followed(self, shared: RedisLimiter, version: int) -> None:
        """Tell the control process when the shared counters follow this Catalog and know what was adjusted."""
        while shared.is_connected and not self._is_followed(shared):
            if self._source.current().catalog.version != version:
                return
            await asyncio.sleep(READY_S)
        self._channel.send(Applied(version))

    def _is_followed(self, shared: RedisLimiter) -> bool:
        is_told = self._adjusting_there is None or self._adjusting_there.is_told
        return is_told and shared.is_up_to_date and not shared.unrestored

    def _send_to_control(self, message: SumsWanted) -> bool:
        return self._channel.send(message)

    def _apply(self, catalog: Catalog) -> None:
        directory = Directory(catalog, self._pepper, self._keys.ring)
        self._log.hide(secrets_in(self._settings, catalog))
        for name, why in directory.skipped.items():
            log.warning("provider cannot be used", provider=name, reason=why)
        if self._shared is None:
            self._limiter.reload(catalog.limits)
        else:
            self._shared.reload(catalog.limits)
        self._adjusting.reload(limit.id for limit in catalog.limits)
        self._gateway.apply(catalog.policy)
        self._capture.apply(catalog.capture)
        self._hooks.apply(self._shelf.rules(catalog.guardrails, catalog.hooks))
        self._source.swap(directory)
        self._ask_for_counters()

    def _ask_for_counters(self) -> None:
        """Ask what was used of limits that are new here; requests that began without them are in that answer."""
        wanted = self._limiter.unrestored
        if wanted != self._wanted:
            self._wanted = wanted
            self._asked += 1
        if wanted:
            self._channel.send(CountersWanted(self._asked, sorted(wanted)))

    async def _send_figures(self) -> None:
        while True:
            self._figures.gauges = self._gauges()
            self._channel.send(
                FiguresMessage({**self._figures.snapshot(), "cooling": self._cooling(), **self._own_figures()})
            )
            self._send_quotas()
            await asyncio.sleep(FIGURES_EVERY_S)

    def _own_figures(self) -> dict[str, Any]:
        return {"process": self._process_figures.snapshot(), "logs": self._log.figures()}

    def _send_quotas(self) -> None:
        """Tell what answers have said of their providers' limits; it waits until somebody listens."""
        heads, providers = self._ports.heads, self._source.current().providers
        if heads and self._channel.is_connected and (quotas := take_quotas(heads, providers, time.time())):
            self._channel.send(QuotasMessage(quotas))

    async def _sweep_responses(self) -> None:
        while True:
            await asyncio.to_thread(self._response_files.sweep)
            await asyncio.sleep(SWEEP_RESPONSES_S)

    def _cooling(self) -> list[tuple[str, str, int]]:
        """Return what is left alone, why, and until when, in seconds since the epoch."""
        now_s = time.time()
        return [
            (target, reason, round(now_s + left_s)) for target, reason, left_s in self._gateway.wisdom.health.cooling()
        ]

    def _gauges(self) -> dict[str, float]:
        upstream = {f"upstream_{name}": float(value) for name, value in asdict(self._upstream.figures).items()}
        return {
            "in_flight": len(self._gateway.in_flight),
            "waiting": self._gateway.admission.waiting,
            "connections": len(self._connections.open),
            "handshakes": self._doors.handshakes,
            "failed_handshakes": self._doors.failed_handshakes,
            "journal_records": self._journal.records,
            "journal_bytes": self._journal.bytes_written,
            "journal_failures": self._journal.failures,
            "journal_unwritable": float(not self._journal.writable),
            "catalog_version": self._source.current().catalog.version,
            "captured_requests": self._conversations.captured,
            "captured_requests_dropped": self._conversations.dropped,
            "captured_waiting_bytes": self._conversations.folder_bytes,
            **self._answers.gauges(),
            **upstream,
        }


def _kept_keys(settings: Settings, secrets: Sequence[bytes]) -> KeyRing:
    """Return the keys of the database that were told last."""
    ring = read_keys(settings.paths.state_dir, *map(snapshot_key, reversed(secrets)))
    ring.is_awaited = ring.version < 0 and _may_have_keys(settings)
    return ring


def _may_have_keys(settings: Settings) -> bool:
    """Return whether the database may have keys: one of SQLite that is not there yet has none."""
    kind, _, file = settings.database_url.partition(":///")
    return kind != "sqlite" or Path(file).exists()


def _first_catalog(settings: Settings, secrets: Sequence[bytes], pepper_bytes: bytes) -> Catalog:
    """Return what the file says now, with what of the database and of providers was known last time.

    Whose conversations are kept is not taken over, only whose are not: it may have been switched off meanwhile.
    """
    last = read_snapshot(settings.paths.state_dir / FILE_NAME, *map(snapshot_key, reversed(secrets))) or Catalog()
    settings = remembered_settings(settings, last)
    limits = [limit for limit in last.limits if limit.origin == "database"]
    models = {provider.name: provider.models for provider in last.providers}
    local, public = still_wanted(settings, last.providers)
    return build_catalog(
        settings,
        (),
        models,
        pepper_bytes,
        version=last.version,
        stored_limits=limits,
        stored_aliases=[alias for alias in last.aliases if alias.origin == "database"],
        chosen_profile=last.chosen_profile,
        gathered_facts=(last.facts,),
        automatic=(*local, *public),
        teams=last.teams,
        disabled_users=last.disabled_users,
        stored_capture={scope: False for scope, is_on in last.capture.scopes.items() if not is_on},
        switched=last.switched,
        changed=last.changed,
    )


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        max_head_bytes=settings.max_head_bytes,
        max_body_bytes=settings.max_body_bytes,
        head_timeout_s=settings.head_timeout_s,
        body_timeout_s=settings.body_timeout_s,
        idle_timeout_s=settings.idle_timeout_s,
        client_stall_s=settings.client_stall_s,
        max_connections=settings.max_connections,
    )


async def _serve(arguments: ChildArguments) -> None:
    try:
        settings = load(config=arguments.config, environ=os.environ, overrides=arguments.overrides())
        process = DataProcess(settings, arguments, start_log(settings, "data"))
    except (ConfigErrors, OSError, ValueError) as error:  # of the file, the state folder, the secret in it
        arguments.tell_ready(msgspec.json.encode({"ready": False, "problem": str(error)}))
        sys.exit(1)
    await process.run()


def main() -> None:
    """Run until told to stop."""
    uvloop.run(_serve(parse_child_arguments(sys.argv[1:])))


if __name__ == "__main__":
    main()
