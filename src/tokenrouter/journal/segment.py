"""One file of the journal while it is written: locked, and of a size that the disk has already promised.

A segment is made under a name that no reader looks for and renamed when it is taken into use, so a
reader never meets a file that is not locked yet.
"""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tokenrouter.journal.format import MAGIC

MakeRoom = Callable[[int, int], None]

_ZEROS: Final = bytes(2**20)
_CANNOT: Final = (errno.EOPNOTSUPP, errno.EINVAL)
"""What file systems answer that know no allocation; zeros are written instead."""


def make_room(fd: int, size: int) -> None:
    """Give the file `size` bytes of zeros that are really on the disk.

    Raises:
        OSError: there is no room.
    """
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(fd, 0, size)
            return
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
    write_zeros(fd, size)


def write_zeros(fd: int, size: int) -> None:
    """Fill the first `size` bytes of the file with zeros.

    Raises:
        OSError: there is no room.
    """
    at = 0
    while at < size:
        at += os.pwrite(fd, _ZEROS[: size - at], at)


class Segment:
    """An open file of the journal, locked by this process as long as it is open.

    Attributes:
        at: where the next record goes.
        size: bytes that are allocated.
    """

    __slots__ = ("at", "fd", "path", "size")

    def __init__(self, path: Path, size: int, room: MakeRoom = make_room) -> None:
        """Create `path` with `size` bytes.

        Raises:
            OSError: there is no room, or the folder cannot be written; nothing is left behind.
        """
        self.path = path
        self.size = size
        self.at = len(MAGIC)
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            room(self.fd, size)
            os.pwrite(self.fd, MAGIC, 0)
        except OSError:
            self.discard()
            raise

    def rename(self, path: Path) -> None:
        """Show it to readers under its final name; the lock stays."""
        self.path.rename(path)
        self.path = path

    def append(self, record: bytes) -> None:
        """Write one record, whole.

        Raises:
            OSError: it is not whole on file; the segment takes no more.
        """
        try:
            written = os.pwrite(self.fd, record, self.at)
        except OSError:
            self.size = self.at
            raise
        if written != len(record):
            self.size = self.at
            raise OSError(errno.EIO, "short write")
        self.at += written

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        os.fdatasync(self.fd)

    def close(self) -> None:
        """Cut the file to what it holds, bring it to the disk and let go of it."""
        try:
            os.ftruncate(self.fd, self.at)
            self.sync()
        finally:
            os.close(self.fd)

    def discard(self) -> None:
        """Remove a file that was never used."""
        os.close(self.fd)
        self.path.unlink(missing_ok=True)
