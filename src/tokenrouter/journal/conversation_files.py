"""Files of captured requests: how they are written, by whom they are held, and reading them when they are complete.

A file lives for about a second. Its writer holds its lock, and lets go of it when it is complete; a file whose lock can
be had is complete, or its writer is dead. What it holds is sealed, so the disk never has anybody's words in clear.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import DecodeError, msgpack

from tokenrouter.config.sealing import SealBroken, Sealing
from tokenrouter.domain.capture import Captured

FOLDER: Final = "conversations"
SUFFIX: Final = ".captured"
FRESH_SUFFIX: Final = ".fresh"
"""Of a file that is not locked yet; no reader looks at it."""
BOUND_TO: Final = "captured"
MAX_RECORD_BYTES: Final = 64 * 2**20
_LENGTH: Final = struct.Struct(">I")
_captured: Final = msgpack.Decoder(Captured)


def framed(sealing: Sealing, captured: Captured) -> bytes:
    """Return `captured` as it stands in a file."""
    sealed = sealing.seal(msgpack.encode(captured), BOUND_TO)
    return _LENGTH.pack(len(sealed)) + sealed


def captured_files(folder: Path) -> list[Path]:
    """Return every file of `folder`, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []


def files_bytes(folder: Path) -> int:
    """Return how many bytes all files of `folder` have."""
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                size += entry.stat().st_size
            except FileNotFoundError:
                continue
    return size


def open_file(path: Path) -> int:
    """Create the file `path`, locked, and return its descriptor.

    Raises:
        OSError: it cannot be made.
    """
    fresh = path.with_suffix(FRESH_SUFFIX)
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fresh.rename(path)
    except OSError:
        os.close(fd)
        fresh.unlink(missing_ok=True)
        raise
    return fd


@contextmanager
def taken_over(path: Path) -> Iterator[bool]:
    """Hold the lock of a file that is complete; yields False when its writer still holds it, or it is gone."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield os.fstat(fd).st_nlink > 0
    finally:
        os.close(fd)


def read_captured(path: Path, sealing: Sealing) -> Iterator[Captured]:
    """Yield what a file holds, up to the first record that is not whole, or that cannot be read."""
    with path.open("rb") as file:
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            (length,) = _LENGTH.unpack(head)
            if length > MAX_RECORD_BYTES or len(sealed := file.read(length)) != length:
                return
            try:
                yield _captured.decode(sealing.unseal(sealed, BOUND_TO))
            except (SealBroken, DecodeError):
                return
