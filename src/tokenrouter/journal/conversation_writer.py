"""Writes captured requests down beside the road: a thread compresses, seals and writes; no request waits for it.

What cannot be kept is counted and left out: when more comes than the thread can take, when the folder is full, and when
the disk is. A file is let go of a moment after its first record, so that what was captured is in the database, and what
is deleted there lies nowhere else, about a second later.
"""

import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from tokenrouter.config.sealing import Sealing
from tokenrouter.domain.capture import Captured
from tokenrouter.journal.conversation_files import FRESH_SUFFIX, SUFFIX, files_bytes, framed, open_file

MAX_WAITING_BYTES: Final = 32 * 2**20
"""Most bytes of bodies that wait for the thread; beyond it requests are not captured."""
MAX_FOLDER_BYTES: Final = 256 * 2**20
"""Most bytes of all files, of all processes together: what has come since the database went away, compressed."""
MIN_FREE_BYTES: Final = 256 * 2**20
"""So much is left on the disk for the journal, without which no request is served."""
FILE_BYTES: Final = 4 * 2**20
FILE_BODY_BYTES: Final = 16 * 2**20
FILE_S: Final = 0.25
"""A file is complete when it is as long, holds as much before it was compressed, or is this old."""
CLOSE_S: Final = 5.0
SAY_S: Final = 60.0
"""How often it is said in the log that something was left out."""

log = structlog.get_logger(__name__)

Make = Callable[[], Captured]
_Job = tuple[Make, int]


class ConversationWriter:
    """One data process's; the thread starts with the first record.

    Attributes:
        captured: how many were written.
        dropped: how many were not.
        folder_bytes: what lay in the folder when a file was last begun.
    """

    def __init__(
        self,
        folder: Path,
        sealing: Sealing,
        *,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        max_folder_bytes: int = MAX_FOLDER_BYTES,
        min_free_bytes: int = MIN_FREE_BYTES,
    ) -> None:
        self._folder = folder
        self._sealing = sealing
        self._max_waiting_bytes = max_waiting_bytes
        self._max_folder_bytes = max_folder_bytes
        self._min_free_bytes = min_free_bytes
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._taken_bytes = self._done_bytes = 0
        self._refused = self._failed = 0
        self._thread: threading.Thread | None = None
        self._name = f"{time.time_ns():020d}-{os.getpid()}"
        self._files = 0
        self._fd = -1
        self._size = self._body_bytes = 0
        self._until_s = 0.0
        self._said_s = -SAY_S
        self.captured = 0
        self.folder_bytes = 0

    @property
    def dropped(self) -> int:
        return self._refused + self._failed

    def put(self, make: Make, size: int) -> None:
        """Have the thread write what `make`, called there, returns; `size` is about how many bytes it holds on to.

        Never waits and never raises.
        """
        if self._taken_bytes - self._done_bytes + size > self._max_waiting_bytes:
            self._refused += 1
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="conversations", daemon=True)
            self._thread.start()
        self._taken_bytes += size
        self._jobs.put((make, size))

    def close(self) -> None:
        """Write what waits, and end the thread; a disk that does not answer is not waited for long."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(CLOSE_S)

    # In the thread.

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._patience_s())
            except queue.Empty:
                self._let_go()
                continue
            if job is None:
                self._let_go()
                return
            self._do(job)
            if self._fd >= 0 and self._is_complete():
                self._let_go()

    def _is_complete(self) -> bool:
        is_full = self._size >= FILE_BYTES or self._body_bytes >= FILE_BODY_BYTES
        return is_full or time.monotonic() >= self._until_s

    def _patience_s(self) -> float | None:
        return None if self._fd < 0 else max(0.0, self._until_s - time.monotonic())

    def _do(self, job: _Job) -> None:
        make, size = job
        try:
            self._write(framed(self._sealing, make()))
            self._body_bytes += size
            self.captured += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, requests go on, and the next one is tried
            self._failed += 1
            self._say(error)
        finally:
            self._done_bytes += size

    def _write(self, record: bytes) -> None:
        """Append a record, whole or not at all.

        Raises:
            OSError: there is no room, or the folder cannot be written.
        """
        if self._fd < 0:
            self._begin_file()
        try:
            if os.write(self._fd, record) != len(record):
                raise OSError("the disk took only a part of it")
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._fd, self._size)
            self._let_go()
            raise
        self._size += len(record)

    def _begin_file(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder_bytes = files_bytes(self._folder)
        if self.folder_bytes >= self._max_folder_bytes:
            raise OSError(f"{self.folder_bytes} bytes wait in {self._folder}; the database takes none")
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize < self._min_free_bytes:
            raise OSError(f"less than {self._min_free_bytes} bytes are free on the disk")
        self._files += 1
        self._fd = open_file(self._folder / f"{self._name}-{self._files:08d}{SUFFIX}")
        self._size = self._body_bytes = 0
        self._until_s = time.monotonic() + FILE_S

    def _let_go(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _say(self, error: Exception) -> None:
        if time.monotonic() - self._said_s >= SAY_S:
            self._said_s = time.monotonic()
            log.warning("a request could not be captured", reason=str(error), dropped=self.dropped)


def remove_abandoned(folder: Path, older_than_s: float) -> None:
    """Delete files that their writer died in making, before anything was in them."""
    for path in folder.glob(f"*{FRESH_SUFFIX}"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < older_than_s:
                path.unlink()
