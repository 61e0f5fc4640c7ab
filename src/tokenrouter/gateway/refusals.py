"""Rows for requests that were refused before any provider was asked.

A client in a loop is refused thousands of times a minute. The first of them are rows of their own; the
rest of that minute becomes one row that says how many there were (DESIGN.md, "Journal and ledger").
"""

from dataclasses import dataclass
from typing import Final

from tokenrouter.domain.ledger import Begun, Ended, Subject
from tokenrouter.gateway.ports import Clock, Journal

ROWS_PER_MINUTE: Final = 60
"""Refusals of one key that get rows of their own in a minute."""
MAX_KEYS: Final = 10_000
"""Keys that are watched at once; beyond it the counts are written and started anew."""


@dataclass(slots=True)
class _Minute:
    minute: int
    rows: int = 0
    last: tuple[Subject, Begun, Ended] | None = None
    uncounted: int = 0


class Refusals:
    """Writes refusals to the journal, few enough."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        """`clock` gives seconds, of any origin."""
        self._journal = journal
        self._clock = clock
        self._by_key: dict[str, _Minute] = {}

    def record(self, subject: Subject, begun: Begun, ended: Ended) -> None:
        """Take in one refusal; written now, or counted.

        Raises:
            JournalUnavailable: it could not be written.
        """
        minute = int(self._clock() // 60)
        watched = self._by_key.get(subject.key_id)
        if watched is None or watched.minute != minute:
            watched = self._begin_minute(subject.key_id, minute)
        if watched.rows < ROWS_PER_MINUTE:
            watched.rows += 1
            self._journal.whole(subject, begun, ended)
        else:
            watched.uncounted += 1
            watched.last = (subject, begun, ended)

    def flush(self) -> None:
        """Write every count that is still open."""
        for key_id in list(self._by_key):
            self._write_count(key_id)
        self._by_key.clear()

    def flush_before(self) -> None:
        """Write the counts of minutes that are over."""
        minute = int(self._clock() // 60)
        for key_id in [key_id for key_id, watched in self._by_key.items() if watched.minute != minute]:
            self._write_count(key_id)
            del self._by_key[key_id]

    def _begin_minute(self, key_id: str, minute: int) -> _Minute:
        self._write_count(key_id)
        if len(self._by_key) >= MAX_KEYS:
            self.flush()
        watched = self._by_key[key_id] = _Minute(minute)
        return watched

    def _write_count(self, key_id: str) -> None:
        watched = self._by_key.get(key_id)
        if watched is not None and watched.last is not None:
            last, count = watched.last, watched.uncounted
            watched.last, watched.uncounted = None, 0
            self._journal.whole(*last, count)
