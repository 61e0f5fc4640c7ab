"""Ports for tests and load runs, of which no two that run at the same time get the same one.

Between the moment when a port is found to be free and the one when a program listens on it, and while that program is
started again, nobody holds it but by agreement. So it is agreed: whoever was given a port locks the byte of its number
in a file that all of a user's test processes share. Such a lock ends with its process, however that ends, and is not
inherited by what the process starts.
"""

import fcntl
import os
import secrets
import socket
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final

FIRST_PORT: Final = 20_000
LAST_PORT: Final = 32_000
"""Below the range from which systems give ports to outgoing connections, so that none is taken in between."""
MOST_HELD: Final = 1_000
"""Those that a process was given before are given up, so that many processes find some."""


class Ports:
    """The ports that one process was given."""

    def __init__(self, file: Path) -> None:
        """`file`: shared by all who are not to get in each other's way; made when it is missing."""
        self._file = file
        self._owner = 0
        self._fd = -1
        self._held: deque[int] = deque()

    def free(self) -> int:
        """Return a port of 127.0.0.1 on which nothing listens, and which nobody else is given meanwhile."""
        self._open()
        while True:
            port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT)
            if port in self._held:
                continue
            with suppress(OSError):
                fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
                self._hold(port)
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
                    return port

    def _open(self) -> None:
        """Open the file; in a process that was forked anew, because locks stay with the one that took them."""
        if self._owner != os.getpid():
            self._fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._owner = os.getpid()
            self._held.clear()

    def _hold(self, port: int) -> None:
        self._held.append(port)
        if len(self._held) > MOST_HELD:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, self._held.popleft())
