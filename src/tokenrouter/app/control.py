"""The control process: the database, the admin plane, and everything that runs beside requests.

It may die at any moment: the data processes go on, their journals wait, and its successor takes over
where the database says it stopped.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import wait
from typing import Final

import msgspec
import structlog
import uvicorn
import uvloop
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.admin.app import create_app
from tokenrouter.admin.state import ControlState
from tokenrouter.app.arguments import ChildArguments, parse_child_arguments
from tokenrouter.app.channel import CatalogMessage, ChannelServer, CountersMessage, CountersWanted
from tokenrouter.app.snapshot import FILE_NAME, write_snapshot
from tokenrouter.config.keyfile import load_or_create_secret, pepper, snapshot_key
from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Catalog
from tokenrouter.domain.limits import LimitTable
from tokenrouter.domain.windows import window_start
from tokenrouter.jobs.catalog_builder import build_catalog
from tokenrouter.jobs.discovery import Discovery
from tokenrouter.jobs.ledger_drain import LedgerDrain
from tokenrouter.jobs.limit_use import NameOfKey
from tokenrouter.observe.logging import configure_logging
from tokenrouter.observe.tasks import BackgroundTasks
from tokenrouter.store.catalog_version import CatalogWatch
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import StoreError
from tokenrouter.store.keys import KeyRequest, create_key, list_keys, remove_expired_keys
from tokenrouter.store.limit_use import LimitCharge, carry_use
from tokenrouter.store.prepare import prepare_store
from tokenrouter.store.setup_links import create_setup_link
from tokenrouter.upstream.client import UpstreamClient

WATCH_S: Final = 0.25
"""How often the database is asked whether keys changed: well within the second that is promised."""
DRAIN_S: Final = 0.2
CLEAN_S: Final = 60.0
HEARD_S: Final = 3.0
"""How long a start waits for a data process to connect before it says that it is ready."""
LONGEST_PAUSE_S: Final = 10.0
"""Between attempts while the database is away."""

log = structlog.get_logger(__name__)


class ControlProcess:
    """The control process, put together."""

    def __init__(self, settings: Settings, arguments: ChildArguments, store: Store) -> None:
        self._settings = settings
        self._arguments = arguments
        self._store = store
        secret = load_or_create_secret(settings)
        self._pepper = pepper(secret)
        self._snapshot_key = snapshot_key(secret)
        self._upstream = UpstreamClient(settings.proxies)
        self._discovery = Discovery(settings.paths.cache_dir / "models.json", self._upstream, self._rebuild)
        self._catalog = Catalog(version=time.time_ns() // 1_000_000)
        self._limits: tuple[LimitTable, NameOfKey] = (LimitTable(()), str)
        self._drain = LedgerDrain(store, settings.paths.state_dir / "journal", lambda: self._limits)
        self._channel = ChannelServer(arguments.runtime / "channel.sock", self._welcome, self._answer)
        self._watcher = CatalogWatch(store)
        self._admin: ControlState | None = None
        self._stop = asyncio.Event()
        self._rebuild()

    def _rebuild(self) -> None:
        """Make the Catalog anew, keep it, and tell everybody."""
        stored = list_keys(self._store)
        version = self._catalog.version + 1
        self._catalog = build_catalog(self._settings, stored, self._discovery.models(), self._pepper, version=version)
        names = {key.id: key.name for key in self._catalog.keys}
        self._limits = (LimitTable(self._catalog.limits), lambda key_id: names.get(key_id, key_id))
        write_snapshot(self._settings.paths.state_dir / FILE_NAME, self._catalog, self._snapshot_key)
        self._channel.broadcast(CatalogMessage(self._catalog))

    def _welcome(self) -> CatalogMessage:
        return CatalogMessage(self._catalog)

    async def _answer(self, wanted: CountersWanted) -> CountersMessage:
        """Tell what has been used of limits, once every dead process's journal is in."""
        while True:
            try:
                known, counters = await asyncio.to_thread(self._drain.counters)
            except (StoreError, SQLAlchemyError, OSError) as error:
                log.warning("counters cannot be restored yet", reason=str(error))
                await asyncio.sleep(1.0)
                continue
            told = known.intersection(wanted.limit_ids)
            used = [(limit_id, scope, amount) for (limit_id, scope), amount in counters.items() if limit_id in told]
            return CountersMessage(wanted.asked, sorted(told), used)

    async def run(self) -> None:
        """Serve until told to stop; then drain once more."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        first = await asyncio.to_thread(self._first_start)
        self._rebuild()
        await asyncio.to_thread(self._carry_use)
        await self._channel.start()
        server = self._new_server(loop)
        tasks = BackgroundTasks()
        serving = tasks.start(server.serve(), "admin server")
        tasks.start(self._repeat("watch", WATCH_S, self._watch), "watch")
        tasks.start(self._repeat("drain", DRAIN_S, self._drain_quietly), "drain")
        tasks.start(self._repeat("clean", CLEAN_S, self._clean), "clean")
        if self._settings.discovery:
            tasks.start(self._discovery.run(lambda: self._catalog.providers), "discovery")
        self._watch_parent(loop)
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        await self._be_heard()
        self._arguments.tell_ready(msgspec.json.encode({"ready": True, **first}))
        await self._stop.wait()
        server.should_exit = True
        await asyncio.wait([serving], timeout=2.0)
        await tasks.close()
        await self._channel.close()
        await asyncio.to_thread(self._last_drain)
        self._upstream.close()

    async def _be_heard(self) -> None:
        """Wait until a data process has the state, so that a key which is shown now works now."""
        deadline_s = time.monotonic() + HEARD_S
        while not self._channel.workers and time.monotonic() < deadline_s:
            await asyncio.sleep(0.01)

    def _new_server(self, loop: asyncio.AbstractEventLoop) -> uvicorn.Server:
        self._admin = ControlState(
            settings=self._settings,
            store=self._store,
            pepper=self._pepper,
            catalog=lambda: self._catalog,
            figures=lambda: self._channel.workers,
            drain_now=self._drain.drain,
            discovery=self._discovery.status,
            address=f"http://{self._settings.listen_addr}",
            keys_changed=lambda: self._show_changes(loop),
        )
        app = create_app(self._admin)
        config = uvicorn.Config(
            app,
            uds=str(self._arguments.runtime / "control.sock"),
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        return server

    def _show_changes(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at the keys now, for a route's thread: who has changed a key finds it changed.

        Never raises: the change is made, and the watch would see it a moment later anyway.
        """
        wait([asyncio.run_coroutine_threadsafe(self._watch(), loop)], timeout=2.0)

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
        by_id = {limit.id: limit for limit in self._settings.limits}
        charges = []
        for carried in self._settings.carried_use:
            limit = by_id[carried.limit_id]
            start_s = carried.window_started_s or time.time()
            start_us = 0 if limit.window.kind == "lifetime" else int(window_start(limit.window, start_s, start_s) * 1e6)
            charges.append(LimitCharge(carried.limit_id, carried.scope, start_us, carried.used))
        if charges:
            carry_use(self._store, charges, now_s=time.time())

    def _reload(self) -> None:
        """Read the configuration again (SIGHUP); one that is wrong changes nothing."""
        try:
            self._settings = load(
                config=self._arguments.config, environ=os.environ, overrides=self._arguments.overrides()
            )
        except ConfigErrors as error:
            log.error("the configuration is wrong and was not applied", problems=[str(one) for one in error.problems])
            return
        if self._admin is not None:
            self._admin.settings = self._settings
        self._carry_use()
        self._rebuild()
        log.info("configuration reloaded")

    # What runs beside.

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

    async def _watch(self) -> None:
        if self._watcher.changed():
            self._rebuild()

    async def _drain_quietly(self) -> None:
        await asyncio.to_thread(self._drain.drain)

    async def _clean(self) -> None:
        if self._settings.auto_remove_expired_tokens:
            await asyncio.to_thread(remove_expired_keys, self._store, now_s=time.time())

    def _last_drain(self) -> None:
        try:
            self._drain.drain()
        except (StoreError, SQLAlchemyError, OSError) as error:
            log.error("the journal stays for the next start", reason=str(error))
        self._watcher.close()
        self._store.close()


async def _serve(arguments: ChildArguments) -> None:
    try:
        settings = load(config=arguments.config, environ=os.environ, overrides=arguments.overrides())
        configure_logging(settings.log_level, settings.log_format, "control")
        settings.paths.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        process = ControlProcess(settings, arguments, prepare_store(settings.database_url))
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
        arguments.tell_ready(msgspec.json.encode({"ready": False, "problem": str(error)}))
        sys.exit(f"torod: {error}")


if __name__ == "__main__":
    main()
