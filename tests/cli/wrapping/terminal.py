"""A program on a terminal of its own, as a person sits before it."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

BASH: Final = ["bash", "--norc", "--noprofile", "-i"]
_ON_TERMINAL: Final = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
TIMEOUT_S: Final = 60.0


class Terminal:
    """Runs a program while it is entered; `bash` has job control in it."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self._master, slave = os.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ON_TERMINAL, *argv],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**env, "TERM": "dumb", "PS1": "$ ", "PS2": "", "HISTFILE": ""},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._master)  # hangs up
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def type(self, text: str) -> None:
        """Type it."""
        os.write(self._master, text.encode())

    def wait_for(self, text: str) -> str:
        """Return what came before `text`, since the last time."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while text not in self.seen:
            left_s = deadline_s - time.monotonic()
            assert left_s > 0, f"{text!r} did not come, but {self.seen!r}"
            if select.select([self._master], [], [], left_s)[0]:
                try:
                    self.seen += os.read(self._master, 4096).decode(errors="replace")
                except OSError:
                    raise AssertionError(f"{text!r} did not come, but {self.seen!r}, and the end") from None
        before, _, self.seen = self.seen.partition(text)
        return before


@contextmanager
def spawned(argv: Sequence[str], env: Mapping[str, str], **more: Any) -> Iterator["subprocess.Popen[str]"]:
    """Run a program whose output is read; it has to end by itself, and is ended with its children after a failure."""
    more = {"stdout": subprocess.PIPE, "text": True, **more}
    with subprocess.Popen(argv, env=env, **more) as process:
        try:
            yield process
            process.wait(TIMEOUT_S)
        finally:
            if process.poll() is None:
                for pid in (*children(process.pid), process.pid):
                    os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]
