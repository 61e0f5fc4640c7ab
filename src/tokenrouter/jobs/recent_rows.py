"""The ledger's newest rows as they came in, for those who watch requests live.

Rows come in when requests end, not in the order of their beginnings, so no question to the ledger says what is new.
Whoever writes rows hands them on here instead; they are numbered, and the last ones are kept, so that a reader who was
away for a moment goes on where it was. Rows of other nodes are taken in from the ledger and known by their ids.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tokenrouter.domain.ledger import LedgerEntry

ROOM: Final = 2000
"""Rows that are kept: 2 MB, and some seconds of a busy gateway, which is as long as a browser takes to come back."""


@dataclass(slots=True)
class RecentRow:
    """A row with its number; `told` is what is told of it, once somebody has put that into bytes for all."""

    number: int
    entry: LedgerEntry
    told: bytes = b""


class RecentRows:
    """The rows that came in last, each with its number. Safe to use from several threads."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._rows: OrderedDict[str, RecentRow] = OrderedDict()
        self._lock = threading.Lock()
        self._last = 0

    @property
    def last(self) -> int:
        """The number of the newest row; 0 while there was none."""
        return self._last

    def take(self, entries: Iterable[LedgerEntry]) -> None:
        """Keep rows that are new, in the order in which they are to be told; those that are known stay as they are."""
        with self._lock:
            for entry in entries:
                if entry.id not in self._rows:
                    self._last += 1
                    self._rows[entry.id] = RecentRow(self._last, entry)
            while len(self._rows) > self._room:
                self._rows.popitem(last=False)

    def reaches(self, number: int) -> bool:
        """Whether nothing that came in after `number` has been forgotten."""
        return self._last - len(self._rows) <= number <= self._last

    def after(self, number: int) -> list[RecentRow]:
        """Return what came in after `number`, as far as it is kept, oldest first."""
        with self._lock:
            new = min(max(0, self._last - number), len(self._rows))
            found = list(islice(reversed(self._rows.values()), new))
        return found[::-1]
