"""The owners of provider-side ids, on disk: one file to which each change is appended.

It lies beside the journal and is framed like it, but is not drained: the data process reads it whole when it starts.
A record is on the disk before its id reaches a client, so an id that somebody knows has an owner after any crash.

Several processes may append: one that drains while its successor starts, or all workers all the time. Two locks keep
them apart. That of the file itself is held for as long as a process has it open, and says who came first; that of
a file beside it is held for the moment of one write. So what is unfinished at the end then was left by one that died,
and is cut off first, or nobody could read what comes after it.
"""

import fcntl
import os
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from tokenrouter.domain.errors import JournalUnavailable
from tokenrouter.domain.ownership import OwnedId
from tokenrouter.journal.format import HEADER

FILE_NAME: Final = "owners.log"
LOCK_NAME: Final = "owners.lock"
MAGIC: Final = b"TRO1\0\0\0\0"
MAX_RECORD_BYTES: Final = 64 * 2**10
"""Longer than any record: every text in it is bounded."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(OwnedId).decode


class OwnershipLog:
    """The file. Every call may be made from any thread, and waits for the disk.

    Attributes:
        records: how many the file holds, outdated ones included.
        is_shared: whether other processes append too while this one runs.
        is_first: whether this process came before the others that have it open, and does what only one need do.
    """

    def __init__(self, folder: Path, *, is_shared: bool = False) -> None:
        """Open or create the file in `folder`; `is_shared`: several processes write it all the time.

        Raises:
            OSError: it cannot be written.
        """
        self.is_shared = is_shared
        self._seen = len(MAGIC)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / FILE_NAME
        self._writing = threading.Lock()
        self._lock_fd = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.records = 0
        with self._others_wait():
            self._open()

    @contextmanager
    def _others_wait(self) -> Iterator[None]:
        """Be the only one, of all threads and processes, who writes."""
        with self._writing:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock_fd, fcntl.LOCK_UN)

    def _open(self) -> None:
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.is_first = True
        except OSError:
            self.is_first = False
        self._is_alone = self.is_first and not self.is_shared
        self._whole = len(MAGIC)
        if os.fstat(self._fd).st_size == 0:
            os.write(self._fd, MAGIC)

    def load(self) -> list[OwnedId]:
        """Return every record, oldest first. Records of a newer version are passed over."""
        found = list(_records(self._path.read_bytes()))
        self.records = len(found)
        self._seen = found[-1][1] if found else len(MAGIC)
        return [record for record, _ in found if record is not None]

    def news(self) -> list[OwnedId]:
        """Return what was appended since the last look, by whomever; what is half written waits for the next one."""
        size = os.fstat(self._fd).st_size
        if size < self._seen:
            self._seen = len(MAGIC)
        if size == self._seen:
            return []
        found = list(_records(MAGIC + os.pread(self._fd, size - self._seen, self._seen)))
        if found:
            self._seen += found[-1][1] - len(MAGIC)
        return [record for record, _ in found if record is not None]

    def append(self, record: OwnedId) -> None:
        """Write one record, and wait until it is on the disk.

        Raises:
            JournalUnavailable: it is not.
        """
        framed = _framed(record)
        try:
            with self._others_wait():
                self._reach_end()
                if os.write(self._fd, framed) != len(framed):
                    raise OSError("short write")
                self._whole += len(framed)
                os.fdatasync(self._fd)
                self.records += 1
        except OSError as error:
            raise JournalUnavailable(
                f"The register of owners cannot be written ({error.strerror or error}); make room on the disk.",
                retry_after_s=1.0,
            ) from error

    def _reach_end(self) -> None:
        """Make the file end with a whole record, and be the one that others see."""
        if not os.path.samestat(os.fstat(self._fd), self._path.stat()):
            os.close(self._fd)
            self._open()  # the one who was first has rewritten it
        size = os.fstat(self._fd).st_size
        if size < self._whole:
            self._whole = len(MAGIC)  # somebody found damage further up, and cut there
        tail = list(_records(MAGIC + os.pread(self._fd, max(0, size - self._whole), self._whole)))
        if tail:
            self._whole += tail[-1][1] - len(MAGIC)
        if size > self._whole:
            os.ftruncate(self._fd, self._whole)

    def rewrite(self, records: Iterable[OwnedId]) -> None:
        """Put a file with only `records` in the place of this one; nothing happens where another process writes too.

        Raises:
            JournalUnavailable: there is no room; the old file stays.
        """
        if not self._is_alone:
            return
        kept = [_framed(record) for record in records]
        fresh = self._path.with_suffix(".new")
        with self._others_wait():
            try:
                fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                with os.fdopen(fd, "wb") as file:
                    file.write(MAGIC + b"".join(kept))
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(self._path)
            except OSError as error:
                raise JournalUnavailable(f"The register of owners cannot be rewritten: {error}.") from error
            os.close(self._fd)
            self._open()
            self.records = len(kept)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)
        os.close(self._lock_fd)


def _framed(record: OwnedId) -> bytes:
    payload = _encode(record)
    return HEADER.pack(len(payload), zlib.crc32(payload)) + payload


def _records(data: bytes) -> Iterator[tuple[OwnedId | None, int]]:
    """Yield each whole record, if it can be understood, and where the next one begins."""
    at = len(MAGIC)
    if not data.startswith(MAGIC):
        return
    while at + HEADER.size <= len(data):
        size, checksum = HEADER.unpack_from(data, at)
        payload = data[at + HEADER.size : at + HEADER.size + size]
        if not 0 < size <= MAX_RECORD_BYTES or len(payload) < size or zlib.crc32(payload) != checksum:
            return
        at += HEADER.size + size
        yield _understood(payload), at


def _understood(payload: bytes) -> OwnedId | None:
    try:
        return _decode(payload)
    except msgspec.ValidationError:
        return None
