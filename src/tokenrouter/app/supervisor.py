"""The supervisor: owns the listening sockets, starts the processes and starts them again when they die.

It loads the standard library only and does nothing per request. The sockets are bound here and inherited,
so while a data process is replaced, clients wait in their backlog instead of being refused. The children
learn of the supervisor's own death by the end of a pipe.

A child that was ready once is started again for ever. Where the data process or the sandbox never becomes
ready, trying on would only hide why: the server ends. The control process may stay away however long, unless it says at
the first start that the database is not for this server.
"""

import asyncio
import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tokenrouter.app import banner
from tokenrouter.app.listener_road import FILE_NAME as ROAD
from tokenrouter.app.listener_road import ListenerRoad
from tokenrouter.app.listeners import BIND_PATIENCE_S, CannotListen, Listeners
from tokenrouter.app.plan import Plan
from tokenrouter.app.runtime_folder import make_runtime_folder
from tokenrouter.app.service_manager import READY, STOPPING, tell_service_manager
from tokenrouter.observe.log_files import LogBounds, LogFiles
from tokenrouter.observe.redaction import redact_text

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 5.0
LONG_LIFE_S: Final = 10.0
"""A child that lived this long is restarted at once again."""
START_TRIES: Final = 3
"""How often a child may end without having been ready once; a lack that passes by itself is over by then."""
RENEW_S: Final = 2.0
"""How long a process may take to end that is started anew, for a developer who waits for it."""
STOP_CONTROL_S: Final = 10.0
STOP_SLACK_S: Final = 5.0


class StartFailed(Exception):
    """The server cannot start; the message says why and what to do."""


class Child:
    """One process that is kept alive.

    Attributes:
        first_word: what it said when it was ready for the first time.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        fds: Sequence[int],
        environment: Mapping[str, str],
        *,
        is_vital: bool = False,
        says_ready: bool = True,
        start_s: float = 0.0,
        say: Callable[[str], None] | None = None,
        listeners: Listeners | None = None,
    ) -> None:
        """`is_vital`: without it there is no server; `start_s`: how long its first start may take, 0 for ever.

        `listeners`: those that are open when it starts are inherited.
        One that does not say when it is ready has worked when it has lived for `LONG_LIFE_S`.
        """
        self.name = name
        self.first_word: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._is_vital = is_vital
        self._listeners = listeners or Listeners()
        self._say = say or _say
        self._says_ready = says_ready
        self._start_s = start_s
        self._problem = ""
        self._refused = ""
        self._was_up = False
        self._tries = 0
        self._command = list(command)
        self._fds = tuple(fds)
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._renewing: asyncio.TimerHandle | None = None
        self._pause_s = FIRST_PAUSE_S

    async def keep_running(self) -> None:
        """Start the process, and again whenever it ends, until `stop`.

        Raises:
            StartFailed: a vital one has ended `START_TRIES` times and was never ready, or one that was never ready says
                that it is not to be started again.
        """
        while not self._must_end():
            began_s = time.monotonic()
            try:
                how = _how(await self._run_once())
            except OSError as error:
                how = error.strerror or str(error)
            if self._must_end():
                return
            if self._refused:
                raise StartFailed(self._refused)
            if self._renewing is not None:
                self._renewing.cancel()
                self._renewing = None
                self._say(f"the {self.name} process starts anew")
                continue
            self._note_end(how, time.monotonic() - began_s)
            self._say(f"the {self.name} process ended ({how}); starting it again")
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    def _note_end(self, how: str, lived_s: float) -> None:
        if lived_s > LONG_LIFE_S:
            self._pause_s = FIRST_PAUSE_S
        self._was_up |= self.first_word.done() if self._says_ready else lived_s > LONG_LIFE_S
        self._tries += 1
        if self._is_vital and not self._was_up and self._tries == START_TRIES:
            why = self._problem or "what it said last stands above"
            raise StartFailed(
                f"the {self.name} process ended {START_TRIES} times without being ready once ({how}): {why}"
            )

    def _must_end(self) -> bool:
        return self._stopping

    async def _run_once(self) -> int:
        ready_read, ready_write = os.pipe()
        os.set_inheritable(ready_write, True)
        inherited = self._listeners.inherited()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                *(["--ready-fd", str(ready_write)] if self._says_ready else []),
                *(part for one in inherited for part in ("--listener", str(one))),
                pass_fds=(*self._fds, *(one.fd for one in inherited), ready_write),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=None if self._says_ready else asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            os.close(ready_read)
            raise
        finally:
            os.close(ready_write)
        loop = asyncio.get_running_loop()
        patience = loop.call_later(self._start_s, self._lose_patience) if self._start_s else None
        listening = loop.create_task(self._hear(ready_read))
        code = await self._process.wait()
        if patience is not None:
            patience.cancel()
        await listening
        return code

    def _lose_patience(self) -> None:
        """End a process that hangs in its first start."""
        if not self.first_word.done() and not self._stopping:
            self._problem = f"it was not ready within {self._start_s:g} s"
            self.send(signal.SIGKILL)

    async def _hear(self, fd: int) -> None:
        """Take the child's one line, if it ever says it."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0)
        )
        line = await reader.readline()
        transport.close()
        with suppress(ValueError):
            self._take(json.loads(line))

    def _take(self, word: dict[str, Any]) -> None:
        """Keep the first good news, and tell bad news once."""
        problem = word.get("problem", "")
        if word.get("refused") and not self.first_word.done():
            self._refused = problem
            return
        if problem and problem != self._problem:
            self._say(f"the {self.name} process cannot work: {problem}")
        self._problem = problem
        if not problem and not self.first_word.done():
            self.first_word.set_result(word)

    def send(self, number: int) -> None:
        """Send a signal to the process and what it has started, if it is there."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def renew(self) -> None:
        """Have it ended, and started anew at once; what it has not finished within `RENEW_S` is cut."""
        is_there = self._process is not None and self._process.returncode is None
        if not is_there or self._stopping or self._renewing is not None:
            return
        self._renewing = asyncio.get_running_loop().call_later(RENEW_S, self.send, signal.SIGKILL)
        self.send(signal.SIGTERM)

    async def stop(self, patience_s: float) -> None:
        """Ask it to end; after `patience_s`, end it."""
        self._stopping = True
        self.send(signal.SIGTERM)
        if self._process is None:
            return
        try:
            async with asyncio.timeout(patience_s):
                await self._process.wait()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self._process.wait()


class Supervisor:
    """One running server."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._state = Path(plan.state_dir)
        self._asked_to_stop = asyncio.Event()
        self._stops = 0
        self._log: LogFiles | None = None
        self._listeners = Listeners()

    async def run(self) -> None:
        """Serve until a signal says to stop.

        Raises:
            StartFailed: the address or the state folder is taken, or a process that is needed cannot start.
            OSError: something else that is needed cannot be had.
        """
        lock = _lock(self._state)
        if self._plan.log_folder:
            bounds = LogBounds(self._plan.log_lines, self._plan.log_bytes)
            self._log = LogFiles(Path(self._plan.log_folder), "supervisor", bounds)
        await self._listen()
        runtime = make_runtime_folder(self._state)
        parent_read, parent_write = os.pipe()
        try:
            await self._supervise(runtime, parent_read)
        finally:
            os.close(parent_write)
            os.close(parent_read)
            self._listeners.close_all()
            shutil.rmtree(runtime, ignore_errors=True)
            if self._log is not None:
                self._log.close()
            os.close(lock)

    async def _listen(self) -> None:
        for bound in self._plan.listeners:
            try:
                await self._listeners.bind(bound)
            except CannotListen as error:
                self._listeners.close_all()
                raise StartFailed(
                    f"{error}; stop what uses that address, or choose another one with {_named(bound.setting)}"
                ) from None

    async def _supervise(self, runtime: Path, parent: int) -> None:
        loop = asyncio.get_running_loop()
        road = ListenerRoad(runtime / ROAD, self._listeners)
        road.start()
        environment = dict(os.environ)
        sandbox = self._sandbox(parent, environment)
        usual = ["--runtime", str(runtime), "--parent-fd", str(parent), *self._flags()]
        data = [
            Child(
                f"data {number}" if number > 1 else "data",
                [*self._plan.data, *usual],
                (parent,),
                environment,
                is_vital=True,
                start_s=self._plan.start_s,
                say=self._say,
                listeners=self._listeners,
            )
            for number in range(1, self._plan.workers + 1)
        ]
        control = Child("control", [*self._plan.control, *usual], (parent,), environment, say=self._say)
        children = [*data, control, *([sandbox] if sandbox is not None else [])]
        watcher = self._watcher(children, usual, parent, environment)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask_to_stop, children)
        loop.add_signal_handler(signal.SIGHUP, control.send, signal.SIGHUP)
        keepers = [loop.create_task(child.keep_running()) for child in [*children, *watcher]]
        greeting = loop.create_task(self._greet(data, control))
        asked = loop.create_task(self._asked_to_stop.wait())
        await asyncio.wait([asked, *keepers], return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        greeting.cancel()
        tell_service_manager(STOPPING)
        self._listeners.close_all()
        await asyncio.gather(*(child.stop(0.0) for child in watcher))
        await asyncio.gather(*(child.stop(self._plan.drain_s + STOP_SLACK_S) for child in data))
        await control.stop(STOP_CONTROL_S)
        if sandbox is not None:
            await sandbox.stop(STOP_SLACK_S)
        road.close()
        await asyncio.gather(*keepers)

    def _say(self, message: str) -> None:
        """Say what an operator must know, and keep it with what the other processes say."""
        _say(message)
        if self._log is not None:
            self._log.write({"event": redact_text(message), "level": "warning"})

    def _flags(self) -> list[str]:
        flags = ["--config", self._plan.config] if self._plan.config else []
        return [*flags, "--listen-addr", self._plan.listen_addr] if self._plan.listen_addr else flags

    def _sandbox(self, parent: int, environment: dict[str, str]) -> Child | None:
        """Prepare the sandbox on a free port, and tell the others where it is."""
        if not self._plan.sandbox:
            return None
        own = {name: value for name, value in environment.items() if name != "TOKENROUTER_SANDBOX_URL"}
        listener = socket.create_server(("127.0.0.1", 0))
        listener.set_inheritable(True)
        fd = listener.detach()
        port = socket.socket(fileno=os.dup(fd)).getsockname()[1]
        environment["TOKENROUTER_SANDBOX_URL"] = f"http://127.0.0.1:{port}/v1"
        books = self._state / "sandbox" / "books.jsonl"
        books.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [*self._plan.sandbox, "--fd", str(fd), "--parent-fd", str(parent), "--books", str(books)]
        return Child("sandbox", command, (fd, parent), own, is_vital=True, says_ready=False, say=self._say)

    def _watcher(
        self, children: Sequence[Child], usual: Sequence[str], parent: int, environment: Mapping[str, str]
    ) -> list[Child]:
        """Prepare the one that looks for changes, if there is to be one, and listen to it."""
        if not self._plan.watcher:
            return []

        def renew() -> None:
            for child in children:
                child.renew()

        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, renew)
        command = [*self._plan.watcher, *usual]
        return [Child("watching", command, (parent,), environment, says_ready=False, say=self._say)]

    def _ask_to_stop(self, children: Sequence[Child]) -> None:
        """The first signal drains; a second one ends everything at once."""
        self._stops += 1
        self._asked_to_stop.set()
        if self._stops > 1:
            for child in children:
                child.send(signal.SIGKILL)

    async def _greet(self, data: Sequence[Child], control: Child) -> None:
        await asyncio.gather(*(child.first_word for child in data))
        tell_service_manager(READY)
        address, *others = (one.url(self._plan.name) for one in self._listeners.all())
        _print(banner.address_lines(address, others, self._plan.lines))
        word = await control.first_word
        if word.get("first_start"):
            link, key = word["setup_link"], word["key"]
            if sys.stdout.isatty():
                _print(banner.first_start_lines(address, link, key, self._plan.model, self._plan.ca_file))
            else:
                _print(banner.first_start_file(self._state, address, link, key, self._plan.model, self._plan.ca_file))
        else:
            _print([f"More keys: torod keys create NAME; the admin UI: {address}/admin"])


def _named(setting: str) -> str:
    """Return how an operator says `setting` the fastest."""
    return "--listen-addr" if setting == "listen_addr" else setting


def _lock(state: Path) -> int:
    """Hold the state folder for this server alone; return the lock's descriptor."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(state / "torod.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartFailed(
            f"the state folder {state} cannot be used: {error.strerror}; mend that, "
            "or choose another one with TOKENROUTER_HOME"
        ) from None
    deadline_s = time.monotonic() + BIND_PATIENCE_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline_s:
                owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
                os.close(fd)
                raise StartFailed(
                    f"another server (process {owner}) uses the state folder {state}; stop it, "
                    "or give this one a folder of its own with TOKENROUTER_HOME"
                ) from None
            time.sleep(0.05)
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _print(lines: Sequence[str]) -> None:
    print("\n".join(lines), flush=True)


def _say(message: str) -> None:
    print(f"torod: {message}", file=sys.stderr, flush=True)


def main() -> None:
    """Run the plan that stands on standard input's file descriptor number in argv[1]."""
    with os.fdopen(int(sys.argv[1]), encoding="utf-8") as file:
        plan = Plan.from_json(file.read())
    _write_no_memory()
    try:
        asyncio.run(_run(plan))
    except (StartFailed, OSError) as error:
        sys.exit(f"torod: {error}")


def _write_no_memory() -> None:
    """Let no crash of ours, or of a child, write its memory down: it holds every key and what is being said.

    One byte and not none: where the system hands dumps to a program, Linux passes a limit of 0 over (fs/coredump.c).
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = 1 if most == resource.RLIM_INFINITY else min(1, most)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


async def _run(plan: Plan) -> None:
    await Supervisor(plan).run()


if __name__ == "__main__":
    main()
