"""`torod serve --reload`, for development: the process that looks whether anything has changed.

Files of the configuration are read again by the running server; where that takes a restart, or where the program itself
has changed, the processes behind the listener are started anew, and who connects meanwhile waits. What cannot be read
or loaded is told, and what ran before goes on. It looks at times and sizes twice a second: that works on every file
system, and a few hundred files take a few milliseconds.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import tokenrouter
from tokenrouter.app.arguments import ChildArguments, parse_child_arguments
from tokenrouter.config.file_values import file_values
from tokenrouter.config.load import load
from tokenrouter.config.paths import dotenv_file, find_paths
from tokenrouter.config.pointers import is_pointer
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.restarts import NEEDS_NEW_START, settle
from tokenrouter.config.settings import Settings

LOOK_S: Final = 0.5
"""Between two looks. What has changed must look the same twice: an editor, or a checkout, is not done with the first
file."""
CHECK_S: Final = 60.0
"""Longest that loading the changed program may take."""
RELOAD: Final = signal.SIGHUP
RENEW: Final = signal.SIGUSR1
"""Has the supervisor start its children anew; it listens to it only where this process runs."""
PROGRAMS: Final = ("tokenrouter.app.data", "tokenrouter.app.control", "tokenrouter.sandbox.program")
"""What must be loadable before anything that runs is ended for it."""
_SUFFIXES: Final = (".py", ".toml")
_ONCE: Final = ("app/supervisor.py", "app/plan.py", "app/watching.py")
"""Parts of the program that run once: the supervisor does not start itself anew."""

Marks = Mapping[str, tuple[int, int, int]]
"""By path, what a change of a file changes: its time, its size, and which file it is."""


def marks_of(paths: Iterator[str]) -> Marks:
    """Return the marks of those files that are there."""
    found = {}
    for path in paths:
        try:
            state = os.stat(path)
        except OSError:
            continue
        found[path] = (state.st_mtime_ns, state.st_size, state.st_ino)
    return found


def changed_files(before: Marks, now: Marks) -> list[str]:
    """Return the files that changed, came or went."""
    return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))


def source_files(package: Path) -> Iterator[str]:
    """Yield the files of the program; none where it is installed as a copy, which nobody edits."""
    if {"site-packages", "dist-packages"} & set(package.parts):
        return
    for folder, _, names in os.walk(package):
        yield from (f"{folder}/{name}" for name in names if name.endswith(_SUFFIXES))


def configuration_files(arguments: ChildArguments) -> Iterator[str]:
    """Yield the files that the configuration is read from, there or not: itself, `.env`, and what `file:` names."""
    try:
        paths = find_paths(os.environ, arguments.config)
        file = paths.config_file or paths.default_config_file
        yield str(file)
        yield str(dotenv_file(os.environ, paths) or file.with_name(".env"))
        values = [value.value for value in file_values(file)] if file.exists() else []
    except ConfigErrors:
        return
    for value in values:
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and is_pointer(text) and text.startswith("file:"):
                yield str(Path(text.removeprefix("file:")).expanduser())


class Watch:
    """Looks, and has the supervisor do what has to be done."""

    def __init__(self, arguments: ChildArguments, package: Path) -> None:
        self._arguments = arguments
        self._package = package
        self._supervisor = os.getppid()
        self._sources = marks_of(source_files(package))
        self._configuration = marks_of(configuration_files(arguments))
        self._started = self._read()

    def run(self) -> None:
        """Look until the supervisor is gone."""
        sources = f" and {len(self._sources)} files of the program" if self._sources else ""
        _say(f"watching the configuration{sources}")
        while os.getppid() == self._supervisor:
            time.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Look once; what has changed is done when it has come to rest."""
        if files := changed_files(self._sources, marks_of(source_files(self._package))):
            self._sources = _settled(lambda: marks_of(source_files(self._package)))
            self._take_sources(files)
        if files := changed_files(self._configuration, marks_of(configuration_files(self._arguments))):
            self._configuration = _settled(lambda: marks_of(configuration_files(self._arguments)))
            self._take_configuration(files)

    def _take_sources(self, files: list[str]) -> None:
        names = [os.path.relpath(file, self._package) for file in files]
        _say(f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''} changed")
        if once := [name for name in names if name in _ONCE]:
            _say(f"{', '.join(once)} counts when `torod serve` is started again")
        if (problem := why_not_loadable()) is not None:
            _say(f"the program cannot be loaded, so the old one goes on:\n{problem}")
            return
        self._tell(RENEW)

    def _take_configuration(self, files: list[str]) -> None:
        _say(f"{', '.join(map(os.path.basename, files))} changed")
        read = self._read()
        if read is None or self._started is None:
            self._started = self._started or read
            self._tell(RELOAD)  # which says what is wrong with it
            return
        _, waiting = settle(read, self._started)
        if by_hand := [name for name in waiting if name in NEEDS_NEW_START]:
            _say(f"{', '.join(by_hand)} counts when `torod serve` is started again")
        if len(by_hand) == len(waiting):
            self._tell(RELOAD)
            return
        self._started = read
        self._tell(RENEW)

    def _read(self) -> Settings | None:
        try:
            return load(config=self._arguments.config, environ=os.environ, overrides=self._arguments.overrides())
        except ConfigErrors:
            return None

    def _tell(self, number: signal.Signals) -> None:
        if os.getppid() == self._supervisor:
            os.kill(self._supervisor, number)


def _settled(look: Callable[[], Marks]) -> Marks:
    """Return what is seen twice in a row."""
    before = look()
    while True:
        time.sleep(LOOK_S)
        now = look()
        if now == before:
            return now
        before = now


def _say(message: str) -> None:
    sys.stderr.write(f"torod: {message}\n")
    sys.stderr.flush()


def why_not_loadable() -> str | None:
    """Return what is wrong with the program as it is now, None when it can be loaded."""
    command = [sys.executable, "-c", f"import {', '.join(PROGRAMS)}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CHECK_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return f"it has not been loaded within {CHECK_S:.0f} s"
    return done.stderr.strip() or f"exit status {done.returncode}" if done.returncode else None


def main() -> None:
    """Watch until the supervisor ends, or says so."""
    Watch(parse_child_arguments(sys.argv[1:]), Path(tokenrouter.__file__).parent).run()


if __name__ == "__main__":
    main()
