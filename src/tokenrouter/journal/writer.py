"""Appending to the journal: one positioned write per record, into space that is already on the disk.

A write of 250 bytes costs 1.6 µs (measured; DESIGN.md, "Journal"), so nothing is gained by gathering
records, and order is plain: when `begin` returns, the record survives this process. Segments are
allocated before they are needed, so a full disk is met while allocating, never in the middle of a
request. Then no request may begin, and those that are open end in a reserve: a larger segment that was
allocated at the start for this moment, so nobody else can take its room.
"""

import asyncio
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tokenrouter.domain.errors import JournalUnavailable
from tokenrouter.domain.ledger import OWN_ANSWER, Begun, Borrowed, Ended, Subject
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal.format import encode_begin, encode_end, encode_progress, encode_subject, encode_whole
from tokenrouter.journal.names import RESERVE_SUFFIX, SPARE_SUFFIX, segment_name
from tokenrouter.journal.segment import MakeRoom, Segment, make_room

SEGMENT_BYTES: Final = 8 * 2**20
RESERVE_BYTES: Final = 16 * 2**20
"""Room for the ends of some 50,000 open requests."""
RETRY_S: Final = 1.0
"""How often a full disk is asked again."""


class JournalWriter:
    """The journal of one data process. Everything but `keep_synced` is synchronous.

    Attributes:
        name: what its files begin with, unlike that of any other writer, ever.
        writable: whether a new request may begin.
        records, bytes_written, failures: counters since the start.
        sync_seconds: time spent on waiting for the disk, in a thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        reserve_bytes: int = RESERVE_BYTES,
        sync_s: float = 0.1,
        room: MakeRoom = make_room,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the first segment and the reserve; on a full disk start all the same, not `writable`."""
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._reserve_bytes = reserve_bytes
        self._sync_s = sync_s
        self._room = room
        self._clock = clock
        self.name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
        self._number = 0
        self._dirty = False
        self._asked_at_s = float("-inf")
        self._why = ""
        self._segment: Segment | None = None
        self._spare: Segment | None = None
        self._reserve: Segment | None = None
        self._full: deque[Segment] = deque()
        self._allocating = threading.Lock()
        self._syncing = threading.Lock()
        self.writable = True
        self.records = 0
        self.bytes_written = 0
        self.failures = 0
        self.sync_seconds = 0.0
        self._start()

    def _start(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._turn(may_use_reserve=False)
            self._ask_for_room()
        except OSError as error:
            self._note_failure(error)
            self.writable = False

    def subject(self, subject: Subject) -> bytes:
        """Return `subject` as `begin` wants it; encoded once for many requests."""
        return encode_subject(subject)

    def begin(self, subject: bytes, begun: Begun, held: Amounts) -> None:
        """Record that a request is about to contact a provider and may consume `held`.

        Raises:
            JournalUnavailable: nothing was written.
        """
        if not self.writable and not self._recover():
            raise self._unavailable()
        self._append(encode_begin(subject, begun, held), may_use_reserve=False)

    def progress(self, entry_id: str, held: Amounts) -> None:
        """Record that what a request may consume grew to `held`.

        Raises:
            JournalUnavailable: even the reserve is used up.
        """
        self._append(encode_progress(entry_id, held), may_use_reserve=True)

    def end(self, ended: Ended) -> None:
        """Record how a request ended whose `begin` was written.

        Raises:
            JournalUnavailable: even the reserve is used up.
        """
        self._append(encode_end(ended), may_use_reserve=True)

    def whole(
        self, subject: Subject, begun: Begun, ended: Ended, count: int = 1, borrowed: Borrowed = OWN_ANSWER
    ) -> None:
        """Record a request without a `begin`, for instance one that no provider was asked for; or `count` of them.

        Raises:
            JournalUnavailable: even the reserve is used up.
        """
        self._append(encode_whole(subject, begun, ended, count, borrowed), may_use_reserve=True)

    def _append(self, record: bytes, *, may_use_reserve: bool) -> None:
        size = len(record)
        segment = self._segment
        try:
            if segment is None or segment.at + size > segment.size:
                segment = self._turn(may_use_reserve=may_use_reserve)
            segment.append(record)
        except OSError as error:
            self._note_failure(error)
            raise self._unavailable() from error
        self._dirty = True
        self.records += 1
        self.bytes_written += size

    def _turn(self, *, may_use_reserve: bool) -> Segment:
        """Go on in the next segment; the full one is closed by `sync`, after the next one can be seen."""
        segment = self._next_segment(may_use_reserve=may_use_reserve)
        self._number += 1
        segment.rename(self._folder / segment_name(self.name, self._number))
        if self._segment is not None:
            self._full.append(self._segment)
        self._segment = segment
        self._dirty = True
        return segment

    def _next_segment(self, *, may_use_reserve: bool) -> Segment:
        with self._allocating:
            try:
                segment, self._spare = self._spare or self._new_spare(), None
            except OSError as error:
                self.writable = False
                self._asked_at_s = self._clock()
                if not may_use_reserve or self._reserve is None:
                    raise
                self._note_failure(error)
                segment, self._reserve = self._reserve, None
        return segment

    def _new_spare(self) -> Segment:
        return Segment(self._folder / f"{self.name}{SPARE_SUFFIX}", self._segment_bytes, self._room)

    def _recover(self) -> bool:
        """Ask for room again, at most every `RETRY_S`; return whether requests may begin."""
        if self._clock() - self._asked_at_s < RETRY_S:
            return False
        try:
            self._ask_for_room()
        except OSError as error:
            self._note_failure(error)
            return False
        self.writable = True
        return True

    def _ask_for_room(self) -> None:
        """Have a spare segment and the reserve.

        Raises:
            OSError: there is no room for both.
        """
        with self._allocating:
            self._asked_at_s = self._clock()
            if self._reserve is None:
                path = self._folder / f"{self.name}{RESERVE_SUFFIX}"
                self._reserve = Segment(path, self._reserve_bytes, self._room)
            if self._spare is None and not self._has_far_to_go():
                self._spare = self._new_spare()

    def _has_far_to_go(self) -> bool:
        segment = self._segment
        return segment is not None and segment.at < segment.size // 2

    def _note_failure(self, error: OSError) -> None:
        self.failures += 1
        self._why = error.strerror or str(error)

    def _unavailable(self) -> JournalUnavailable:
        return JournalUnavailable(
            f"The journal cannot be written ({self._why}); make room on the disk of the state folder.",
            retry_after_s=RETRY_S,
        )

    async def keep_synced(self) -> None:
        """Bring what was written to the disk every `sync_s`, and allocate ahead; runs until cancelled."""
        while True:
            await asyncio.sleep(self._sync_s)
            if self._dirty or self._full:
                await asyncio.to_thread(self.sync)
            if self._wants_room():
                await asyncio.to_thread(self._recover)

    def _wants_room(self) -> bool:
        if self._clock() - self._asked_at_s < RETRY_S:
            return False
        return not self.writable or (self._spare is None and not self._has_far_to_go())

    def sync(self) -> None:
        """Wait until everything written is on the disk, and close what is full. Safe in another thread.

        A disk that fails is counted and asked again the next time.
        """
        with self._syncing:
            started_s = self._clock()
            self._dirty = False
            try:
                while self._full:
                    self._full.popleft().close()
                    _sync_folder(self._folder)
                if self._segment is not None:
                    self._segment.sync()
            except OSError as error:
                self._dirty = True
                self._note_failure(error)
            self.sync_seconds += self._clock() - started_s

    def close(self) -> None:
        """Give everything back; what was written stays for the drain."""
        self.sync()
        with self._syncing, self._allocating:
            self.writable = False
            self._asked_at_s = float("inf")
            segment, self._segment = self._segment, None
            if segment is not None:
                segment.close()
            for unused in (self._spare, self._reserve):
                if unused is not None:
                    unused.discard()
            self._spare = self._reserve = None


def _sync_folder(folder: Path) -> None:
    """Bring the names of new files to the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
