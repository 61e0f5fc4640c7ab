"""The real programs as objects: start one, wait until it is ready, speak to it, end it.

Tests of what a user sees run the programs a user runs, over real sockets, with nothing of theirs replaced.
Every process is ended by its own id, children too, and what it printed stays in a file that the failure
message quotes.
"""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from tokenrouter.testing.ports import Ports
from tokenrouter.testing.process_table import descendants, is_running

READY_TIMEOUT_S: Final = 60.0
"""A start takes about a second; this is for a machine that runs everything else at the same time."""
PATIENCE_S: Final = 60.0
"""For whatever a test waits for: long, because how fast the machine is decides no test."""
STOP_TIMEOUT_S: Final = 40.0
"""Longer than a drain may take (`drain_s`, 30 s), so that only a hang is killed."""
POLL_S: Final = 0.02
LOG_TAIL_CHARS: Final = 4000
_ALONE: Final = {
    "TOKENROUTER_AUTO_DETECT_LOCAL_SERVERS": "false",
    "TOKENROUTER_AUTO_ENABLE_PUBLIC_FREE_MODELS": "false",
}
"""What happens to run on the machine, or in the network, decides no test."""


_PORTS: Final = Ports(Path(tempfile.gettempdir()) / f"tokenrouter-test-ports-{os.getuid()}")
"""Of this process, all of whose tests have to agree with themselves, too; nothing is opened before it is asked."""


class ProcessFailure(AssertionError):
    """A program did not do what the test needs of it; the message ends with the last lines of its output."""


@dataclass(frozen=True, slots=True)
class Home:
    """An installation of its own: a `TOKENROUTER_HOME` and an environment without any provider's key."""

    path: Path
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens, and which no other test is given meanwhile."""
    return _PORTS.free()


def make_home(folder: Path) -> Home:
    """Return a fresh home below `folder`; of this process's environment only what a program needs is kept."""
    path = folder / "home"
    path.mkdir(parents=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR") if name in os.environ}
    return Home(path, {**kept, **_ALONE, "HOME": str(path), "TOKENROUTER_HOME": str(path)})


def wait_until(what: str, condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    """Return as soon as `condition` holds.

    Raises:
        ProcessFailure: it did not within `timeout_s`; `what` says what was waited for.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise ProcessFailure(f"{what}: not within {timeout_s:g} s")
        time.sleep(POLL_S)


class ServerProcess:
    """One program that serves until it is stopped, its output in `log_file` (appended over restarts)."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], log_file: Path) -> None:
        self.argv = tuple(argv)
        self.env = env
        self.log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None
        self._log_begin = 0

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by role: `main` and, by the last word of `python -m tokenrouter.…`, each child."""
        roles = {}
        for row in descendants(self.pid):
            module = next((word for word in row.argv if word.startswith("tokenrouter.")), "")
            roles[module.rpartition(".")[2]] = row.pid
        roles.pop("", None)
        return {"main": self.pid, **roles}

    def log(self) -> str:
        """Return what the program printed since its latest start, both streams."""
        with self.log_file.open("rb") as file:
            file.seek(self._log_begin)
            return file.read().decode(errors="replace")

    def start(self) -> None:
        """Start the program and return when it is ready."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._log_begin = log.tell()
            self._process = subprocess.Popen(
                self.argv,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a test run reaches the runner, which then stops us
            )
        try:
            wait_until(f"{self.argv[0]} is ready", self._check_ready, READY_TIMEOUT_S)
        except ProcessFailure as failure:
            self.kill()
            raise ProcessFailure(f"{failure}\n{self.log()[-LOG_TAIL_CHARS:]}") from None

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Ask the program to end (SIGTERM) and return its exit code; does nothing more when it has ended.

        Raises:
            ProcessFailure: it did not end in time, or a child outlived it (both are killed first).
        """
        process, children = self._started()
        process.terminate()
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcessFailure(f"{self.argv[0]} did not stop\n{self.log()[-LOG_TAIL_CHARS:]}") from None
        orphans = [pid for pid in children if is_running(pid)]
        _kill_all(orphans)
        if orphans:
            raise ProcessFailure(f"{self.argv[0]} left children behind\n{self.log()[-LOG_TAIL_CHARS:]}")
        return code

    def kill(self) -> None:
        """End the program and its children at once (SIGKILL), as a crash of the machine would."""
        process, children = self._started()
        process.kill()  # first, so that it starts no child again
        process.wait()
        _kill_all(children)

    def kill_child(self, role: str) -> None:
        """End one child at once (SIGKILL); the others are left alone."""
        os.kill(self.pids[role], signal.SIGKILL)

    def ask_to_stop(self) -> None:
        """Send SIGTERM and return at once; `stop` waits for the end."""
        process, _ = self._started()
        process.terminate()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _started(self) -> tuple[subprocess.Popen[bytes], list[int]]:
        assert self._process is not None, "not started"
        return self._process, [row.pid for row in descendants(self._process.pid)]

    def _check_ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise ProcessFailure(f"{self.argv[0]} ended with {self._process.returncode}")
        return self.is_ready()

    def is_ready(self) -> bool:
        """Return whether the program serves; asked again and again while it starts."""
        raise NotImplementedError


class SandboxProcess(ServerProcess):
    """The sandbox provider as its own program; `args` are further arguments of it.

    Attributes:
        books: the file in which it writes down what it was asked and what it delivered.
    """

    def __init__(self, folder: Path, *, env: Mapping[str, str], port: int = 0, args: Sequence[str] = ()) -> None:
        self.books = folder / "sandbox-books.jsonl"
        argv = [sys.executable, "-m", "tokenrouter.sandbox", "--port", str(port), "--books", str(self.books), *args]
        super().__init__(argv, env=env, log_file=folder / "sandbox.log")

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT/v1`, as the program printed it."""
        announced = re.search(r"^sandbox listening on (\S+)$", self.log(), re.MULTILINE)
        return announced[1] if announced else ""

    def booked(self) -> list[dict[str, Any]]:
        """Return what stands in its books, oldest first; a line that is being written is none yet."""
        return [json.loads(line) for line in self.books.read_bytes().split(b"\n")[:-1]]

    def is_ready(self) -> bool:
        return bool(self.base_url)


class GatewayProcess(ServerProcess):
    """`torod serve` with a configuration of the test's, on a port of its own, which it keeps over restarts.

    `config` is the text of `torod.toml`, to whose end an admin key is added; `args` are further arguments of
    `serve`, `env` variables on top of the home's.

    Attributes:
        key: an admin key that the configuration declares.
        home: where its files lie; `home.path / "data"` is its state.
        config_file: what it reads; a test may rewrite it.
    """

    def __init__(
        self, home: Home, config: str = "", *, args: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self.key = "tr_test-" + secrets.token_urlsafe(24)
        self.address = f"127.0.0.1:{free_port()}"
        self.config_file = home.path / "torod.toml"
        self.config_file.write_text(config + _key_table("test-admin", "admin", self.key))
        argv = [str(Path(sys.executable).with_name("torod")), "serve", "--config", str(self.config_file)]
        argv += ["--listen-addr", self.address, *args]
        super().__init__(argv, env={**home.env, **(env or {})}, log_file=home.path / "serve.log")

    @property
    def origin(self) -> str:
        return f"http://{self.address}"

    @property
    def base_url(self) -> str:
        """What an SDK is pointed at."""
        return f"{self.origin}/v1"

    def reload(self) -> None:
        """Make it read its configuration again (SIGHUP)."""
        os.kill(self.pid, signal.SIGHUP)

    def is_ready(self) -> bool:
        with suppress(OSError, HTTPException):
            return self.call("GET", "/readyz").status == 200
        return False

    def call(
        self,
        method: str,
        path: str,
        *,
        json_body: object = None,
        raw_body: bytes | None = None,
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 60.0,
    ) -> Answer:
        """Send one request and return the whole answer. `key`: another one than the admin's, or None for none."""
        sent = dict(headers or {})
        body = raw_body
        if json_body is not None:
            body = json.dumps(json_body).encode()
            sent.setdefault("Content-Type", "application/json")
        if key is not None:
            sent.setdefault("Authorization", f"Bearer {key or self.key}")
        return call(self.origin, method, path, body=body, headers=sent, timeout_s=timeout_s)


def call(
    origin: str,
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 60.0,
) -> Answer:
    """Send one request over a connection of its own and return the whole answer."""
    address = urlsplit(origin)
    connection = HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=timeout_s)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def _key_table(name: str, role: str, key: str) -> str:
    return f'\n\n[[incoming_tokens]]\nname = "{name}"\nrole = "{role}"\nkey = "{key}"\n'


def _kill_all(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until("the children have ended", lambda: not any(map(is_running, pids)), STOP_TIMEOUT_S)
