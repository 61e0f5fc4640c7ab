"""Appending to the journal: one positioned write per record, into space that is already on the disk.

A write of 250 bytes costs 1.6 µs (measured; DESIGN.md, "Journal"), so nothing is gained by gathering
records, and order is plain: when `begin` returns, the record survives this process. Segments are
allocated before they are needed, so a full disk is met while allocating, never in the middle of a
request; a reserve then lets the requests that are open end properly.
"""

import asyncio
import fcntl
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tokenrouter.domain.errors import JournalUnavailable
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal import format as record_format

SEGMENT_BYTES: Final = 8 * 2**20
RESERVE_BYTES: Final = 16 * 2**20
"""Room for the ends of some 20,000 open requests."""
RETRY_S: Final = 1.0
"""How often a full disk is asked again."""

Allocate = Callable[[int, int], None]


def allocate(fd: int, size: int) -> None:
    """Give the file `size` bytes of zeros that are really on the disk.

    Raises:
        OSError: there is no room.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size)
        return
    block = bytes(2**20)
    for start in range(0, size, len(block)):
        os.pwrite(fd, block[: size - start], start)


class _Segment:
    """One open file of the journal, locked by this process as long as it is open."""

    __slots__ = ("at", "fd", "path", "size")

    def __init__(self, path: Path, size: int, make_room: Allocate) -> None:
        self.path = path
        self.size = size
        self.at = len(record_format.MAGIC)
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            make_room(self.fd, size)
            os.pwrite(self.fd, record_format.MAGIC, 0)
        except OSError:
            os.close(self.fd)
            path.unlink(missing_ok=True)
            raise

    def has_room(self, size: int) -> bool:
        return self.at + size <= self.size

    def append(self, record: bytes) -> None:
        if os.pwrite(self.fd, record, self.at) != len(record):
            raise OSError("short write to the journal")
        self.at += len(record)

    def close(self) -> None:
        """Cut the file to what it holds and let go of it."""
        os.ftruncate(self.fd, self.at)
        os.fdatasync(self.fd)
        os.close(self.fd)


class JournalWriter:
    """The journal of one data process. Everything but `keep_synced` is synchronous.

    Attributes:
        records, bytes_written, failures: counters since the start.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        reserve_bytes: int = RESERVE_BYTES,
        sync_s: float = 0.1,
        make_room: Allocate = allocate,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the first segment and the reserve.

        Raises:
            JournalUnavailable: there is no room for them, or the folder cannot be written.
        """
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._reserve_bytes = reserve_bytes
        self._sync_s = sync_s
        self._make_room = make_room
        self._clock = clock
        self._writer = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
        self._number = 0
        self._dirty = False
        self._failed_at_s = float("-inf")
        self._segment: _Segment | None = None
        self._spare: _Segment | None = None
        self._reserve: Path | None = None
        self.records = 0
        self.bytes_written = 0
        self.failures = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._segment = self._new_segment()
            self._build_reserve()
        except OSError as error:
            raise self._unavailable(error) from error

    @property
    def writable(self) -> bool:
        """Whether a new request may begin."""
        return self._reserve is not None or self._clock() - self._failed_at_s >= RETRY_S

    def begin(self, entry: LedgerEntry, held: Amounts) -> None:
        """Record that `entry` is about to contact a provider and may consume `held`.

        Raises:
            JournalUnavailable: nothing was written.
        """
        if self._reserve is None:
            self._recover()
        self._append(record_format.encode_begin(entry, held), may_use_reserve=False)

    def progress(self, entry_id: str, held: Amounts) -> None:
        """Record that what a request may consume grew to `held`.

        Raises:
            JournalUnavailable: even the reserve is used up.
        """
        self._append(record_format.encode_progress(entry_id, held), may_use_reserve=True)

    def end(self, entry: LedgerEntry) -> None:
        """Record how `entry` ended.

        Raises:
            JournalUnavailable: even the reserve is used up.
        """
        self._append(record_format.encode_end(entry), may_use_reserve=True)

    def _append(self, record: bytes, *, may_use_reserve: bool) -> None:
        try:
            segment = self._segment
            if segment is None or not segment.has_room(len(record)):
                segment = self._next_segment(may_use_reserve=may_use_reserve)
            segment.append(record)
        except OSError as error:
            self.failures += 1
            self._failed_at_s = self._clock()
            raise self._unavailable(error) from error
        self._dirty = True
        self.records += 1
        self.bytes_written += len(record)

    def _next_segment(self, *, may_use_reserve: bool) -> _Segment:
        spare, self._spare = self._spare, None
        if spare is None:
            spare = self._segment_from_reserve() if may_use_reserve else self._new_segment()
        if self._segment is not None:
            self._segment.close()
        self._segment = spare
        return spare

    def _segment_from_reserve(self) -> _Segment:
        """Allocate a segment; on a full disk, in the room that the reserve gives up."""
        try:
            return self._new_segment()
        except OSError:
            if self._reserve is None:
                raise
            self._release_reserve()
            return self._new_segment()

    def _new_segment(self) -> _Segment:
        self._number += 1
        path = self._folder / f"{self._writer}-{self._number:06d}.journal"
        return _Segment(path, self._segment_bytes, self._make_room)

    def _build_reserve(self) -> None:
        path = self._folder / f"{self._writer}.reserve"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._make_room(fd, self._reserve_bytes)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        self._reserve = path

    def _release_reserve(self) -> None:
        if self._reserve is not None:
            self._reserve.unlink(missing_ok=True)
            self._reserve = None

    def _recover(self) -> None:
        """Try to have the reserve again; while the disk is full, no request may begin."""
        if self._clock() - self._failed_at_s < RETRY_S:
            raise self._unavailable(None)
        try:
            self._build_reserve()
        except OSError as error:
            self._failed_at_s = self._clock()
            raise self._unavailable(error) from error

    def _unavailable(self, error: OSError | None) -> JournalUnavailable:
        why = f": {error.strerror or error}" if error is not None else ""
        return JournalUnavailable(
            f"The journal cannot be written{why}; free some space on the disk of the state folder.",
            retry_after_s=RETRY_S,
        )

    async def keep_synced(self) -> None:
        """Bring what was written to the disk every `sync_s`, and allocate ahead; runs until cancelled."""
        while True:
            await asyncio.sleep(self._sync_s)
            if self._dirty:
                self._dirty = False
                await asyncio.to_thread(self.sync)
            if self._needs_spare():
                await self._allocate_ahead()

    def sync(self) -> None:
        """Wait until everything written is on the disk. Safe in another thread."""
        segment = self._segment
        if segment is not None:
            fd = os.dup(segment.fd)
            try:
                os.fdatasync(fd)
            finally:
                os.close(fd)

    def _needs_spare(self) -> bool:
        segment = self._segment
        return self._spare is None and segment is not None and segment.at > segment.size // 2

    async def _allocate_ahead(self) -> None:
        """Have the next segment ready, so that no request waits for the disk."""
        try:
            spare = await asyncio.to_thread(self._new_segment)
        except OSError:
            self.failures += 1
            return
        if self._spare is None:
            self._spare = spare
        else:
            spare.close()

    def close(self) -> None:
        """Give everything back; what was written stays for the drain."""
        for segment in (self._segment, self._spare):
            if segment is not None:
                segment.close()
        self._segment = self._spare = None
        self._release_reserve()
