"""What somebody at a terminal sees while `toro` waits: for whom, and how long already.

It stands on standard error, appears when a wait is long enough to be felt, and is gone before anything else is written.
Pipes, files and programs (`--json`) see nothing of it. A thread draws it, because what waits is a socket's `read`; it
sends blanks and returns, and hides no cursor, which a toro that is stopped or killed meanwhile could not bring back.
"""

import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import cycle
from typing import Final, Self

from tokenrouter.cli.terminal.texts import plain

DELAY_S: Final = 0.4
"""Most answers come sooner; a line that flashes would tell nobody anything."""
FRAME_S: Final = 0.125
FRAMES: Final = "-\\|/"
"""Letters that every terminal has."""
USUAL_COLUMNS: Final = 80


class Waiting:
    """One wait, drawn while it is entered; one that goes on at once is the same, as that for a list's next page."""

    def __init__(self, words: str = "", *, is_shown: bool = True) -> None:
        self._words = words
        self._is_shown = is_shown
        self._begun_s = 0.0
        self._ended_s = -math.inf
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Wait, or wait again."""
        if self._thread is not None or not self._is_shown:
            return
        now_s = time.monotonic()
        if now_s - self._ended_s >= DELAY_S:
            self._begun_s = now_s
        self._over.clear()
        thread = threading.Thread(target=self._draw, name="waiting", daemon=True)
        with suppress(RuntimeError):  # there can be no more threads: what is waited for comes all the same
            thread.start()
            self._thread = thread

    def say(self, words: str) -> None:
        """Tell something else from now on."""
        self._words = words

    def stop(self) -> None:
        """Take away what is drawn; nothing is when this returns."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._ended_s = time.monotonic()

    def _draw(self) -> None:
        if sys.platform != "win32":  # they are for the thread that waits, which knows what to do with them
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        if self._over.wait(max(0.0, self._begun_s + DELAY_S - time.monotonic())):
            return
        with suppress(OSError, ValueError):  # a terminal that was closed
            self._animate()

    def _animate(self) -> None:
        drawn = ""
        for frame in cycle(FRAMES):
            line = f"{frame} {plain(self._words)} ({time.monotonic() - self._begun_s:.0f} s)"[: _columns() - 1]
            _write(f"\r{line.ljust(len(drawn))}")
            drawn = line
            if self._over.wait(FRAME_S):
                break
        _write(f"\r{' ' * len(drawn)}\r")


def waits(words: str, *, quietly: bool = False) -> Callable[[], AbstractContextManager[object]]:
    """Return what is to be entered around each wait of a command."""
    if quietly or not is_watched():
        return nullcontext
    waiting = Waiting(words)
    return lambda: waiting


def is_watched() -> bool:
    """Return whether somebody reads standard error as it comes."""
    return sys.stderr is not None and sys.stderr.isatty()


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or USUAL_COLUMNS
    except OSError:
        return USUAL_COLUMNS


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
