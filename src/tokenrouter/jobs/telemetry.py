"""Traces and metrics of requests that have ended, sent beside everything else.

What is told comes from the ledger, when rows are written: so no request waits for it, and it says what the bill says.
Rows go into a bounded queue; a thread takes them from there and gives them to an exporter. Where a collector is away or
slow, the queue fills, and what does not fit is counted and gone: nothing else notices.
"""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from tokenrouter.domain.ledger import LedgerEntry

MAX_WAITING: Final = 20_000
"""Rows that wait: some 30 MiB, and a minute of a busy gateway."""
BATCH_ROWS: Final = 512
CLOSE_S: Final = 3.0
"""How long an end waits for a last delivery."""

log = structlog.get_logger(__name__)


class Exporter(Protocol):
    """Sends what rows tell; used by one thread."""

    def export(self, entries: Sequence[LedgerEntry]) -> str:
        """Send them, and return what went wrong, or ""; may take its time."""

    def close(self) -> None:
        """Send what is left, and end."""


class Telemetry:
    """The queue and its thread.

    Attributes:
        counts: rows by what became of them: `sent`, `failed`, `dropped`.
    """

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._waiting: deque[LedgerEntry] = deque()
        self._wake = threading.Event()
        self._is_closing = False
        self._problem = ""
        self.counts = {"sent": 0, "failed": 0, "dropped": 0}
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self._thread.start()

    def take(self, entries: Sequence[LedgerEntry]) -> None:
        """Take rows that were written; returns at once."""
        room = MAX_WAITING - len(self._waiting)
        self._waiting.extend(entries[:room] if room < len(entries) else entries)
        self.counts["dropped"] += max(0, len(entries) - room)
        self._wake.set()

    def close(self) -> None:
        """Send what waits, as far as that takes no longer than `CLOSE_S`."""
        self._is_closing = True
        self._wake.set()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while not self._is_closing or self._waiting:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH_ROWS, len(self._waiting)))]
                problem = self._exporter.export(batch)
                self.counts["failed" if problem else "sent"] += len(batch)
                self._say(problem)
        self._exporter.close()

    def _say(self, problem: str) -> None:
        """Say when it begins to fail, and when that is over; not at each attempt."""
        if problem and not self._problem:
            log.warning("traces and metrics cannot be sent; what is lost is counted", reason=problem)
        elif self._problem and not problem:
            log.info("traces and metrics are sent again")
        self._problem = problem
