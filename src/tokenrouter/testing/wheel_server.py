"""A server program out of a wheel: started in a folder of its own, stopped or killed, started again, gone at the end.

What PostgreSQL and Valkey have in common. What they are called with, how they say that they are ready and with which
signal they end is theirs.
"""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tokenrouter.testing.processes import LOG_TAIL_CHARS, READY_TIMEOUT_S, ProcessFailure, wait_until

STOP_TIMEOUT_S: Final = 30.0


class WheelServer:
    """One program and its folder, which also holds what it printed (`log`)."""

    def __init__(self, name: str) -> None:
        """`name` is for messages, and in lower case for the folder."""
        self._name = name
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        assert self._folder is not None, "not opened"
        return self._folder

    def open(self) -> Path:
        """Make the folder and return it."""
        self._folder = Path(tempfile.mkdtemp(prefix=f"tokenrouter-{self._name.lower()}-"))
        return self._folder

    def start(self, argv: Sequence[str], is_ready: Callable[[], bool], **options: Any) -> None:
        """Start the program, and return when `is_ready`; `options` are those of `subprocess.Popen`.

        Raises:
            ProcessFailure: it ended, or was not ready in time; the message ends with what it printed.
        """
        with (self.folder / "log").open("ab") as log:
            process = self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, **options
            )

        def is_alive_and_ready() -> bool:
            if process.poll() is not None:
                raise ProcessFailure(f"{self._name} ended with {process.returncode}")
            return is_ready()

        try:
            wait_until(f"{self._name} answers", is_alive_and_ready, READY_TIMEOUT_S)
        except ProcessFailure as failure:
            self.end(signal.SIGKILL)
            raise ProcessFailure(f"{failure}\n{(self.folder / 'log').read_text()[-LOG_TAIL_CHARS:]}") from None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program, which must be running."""
        assert self._process is not None, "not running"
        self._process.send_signal(number)

    def end(self, number: signal.Signals) -> None:
        """End the program by a signal, and after `STOP_TIMEOUT_S` by force; does nothing when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End the program and remove its folder."""
        self.end(number)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
