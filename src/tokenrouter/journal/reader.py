"""Reading journals: live ones while they grow, and those that a dead process left behind."""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tokenrouter.domain.ledger import Begun, Ended, LedgerEntry, Subject, Usage, entry_of
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal.format import (
    HEADER,
    MAGIC,
    MAX_RECORD_BYTES,
    Begin,
    End,
    Progress,
    Record,
    RecordDecoder,
    Whole,
)
from tokenrouter.journal.names import DAMAGED_SUFFIX, RESERVE_SUFFIX, SPARE_SUFFIX, SUFFIX, room_of

BLOCK_BYTES: Final = 256 * 2**10
"""Read at once."""


def journal_files(folder: Path, writer: str = "") -> list[Path]:
    """Return every journal file of `folder`, or of one writer in it, oldest first.

    Where a newer file of a writer can be seen, the older ones grow no more.
    """
    return sorted(folder.glob(f"{writer}*{SUFFIX}")) if folder.is_dir() else []


def damaged_files(folder: Path) -> list[Path]:
    """Return the files of `folder` that were put away unread, oldest first: what only they hold is in no ledger."""
    return sorted(folder.glob(f"*{DAMAGED_SUFFIX}"))


@contextmanager
def adopt(path: Path) -> Iterator[bool]:
    """Hold the lock of a file that nobody writes any more; yields False when somebody does (or the file is gone).

    A living writer lets go of a full segment too, but only after its next one can be seen: a writer is dead when
    all its files can be held and listing them again shows no other.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
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


def read_records(path: Path, offset: int = 0, decoder: RecordDecoder | None = None) -> Iterator[tuple[Record, int]]:
    """Yield each record from `offset` on, with the offset after it; stops at the first that is not whole.

    Raises:
        ValueError: the file is no journal, or holds a record of a newer version.
    """
    decode = (decoder or RecordDecoder()).decode
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            if file.seek(0) == 0 and not any(file.read(len(MAGIC))):
                return
            raise ValueError(f"{path.name} is not a journal of this version")
        at = max(offset, len(MAGIC))
        file.seek(at)
        block = b""
        while more := file.read(BLOCK_BYTES):
            block += more
            start = 0
            while (payload := _payload(block, start)) is not None:
                start += HEADER.size + len(payload)
                yield decode(payload), at + start
            if len(block) - start > HEADER.size + MAX_RECORD_BYTES or _is_over(block, start):
                return
            at += start
            block = block[start:]


def _payload(block: bytes, start: int) -> bytes | None:
    """Return the record at `start`, or None when it is not whole."""
    body_at = start + HEADER.size
    if body_at > len(block):
        return None
    length, checksum = HEADER.unpack_from(block, start)
    payload = block[body_at : body_at + length]
    return payload if 0 < length == len(payload) and zlib.crc32(payload) == checksum else None


def _is_over(block: bytes, start: int) -> bool:
    """Whether no further bytes can make a record of what stands at `start`."""
    if start + HEADER.size > len(block):
        return False
    length, _ = HEADER.unpack_from(block, start)
    return not 0 < length <= MAX_RECORD_BYTES or start + HEADER.size + length <= len(block)


def put_away(path: Path, read_to: int) -> bool:
    """Delete a file that nobody writes any more and that has been read up to `read_to`.

    One that has not been read to its end is kept under another name for a person to look at, and False is returned.
    """
    if is_read_to_its_end(path, read_to):
        path.unlink(missing_ok=True)
        return True
    path.rename(path.with_suffix(DAMAGED_SUFFIX))
    return False


def is_read_to_its_end(path: Path, read_to: int) -> bool:
    """Whether nothing stands behind `read_to`; if not, it is damage, or a record that the machine's death cut."""
    try:
        with path.open("rb") as file:
            file.seek(max(read_to, len(MAGIC)))
            return not any(any(block) for block in iter(lambda: file.read(2**16), b""))
    except FileNotFoundError:
        return True


def remove_room(folder: Path, writer: str) -> None:
    """Delete what a dead writer kept allocated for itself."""
    for path in room_of(folder, writer):
        path.unlink(missing_ok=True)


def remove_abandoned_room(folder: Path) -> None:
    """Delete what writers kept allocated for themselves that are dead by now, also those without a journal file.

    A file that still has no size is left alone: a living writer may be about to lock it.
    """
    for suffix in (SPARE_SUFFIX, RESERVE_SUFFIX):
        for path in folder.glob(f"*{suffix}"):
            with suppress(FileNotFoundError, BlockingIOError):
                _remove_unlocked(path)


def _remove_unlocked(path: Path) -> None:
    """Delete a file which its writer had locked before it gave it a size, and holds no more.

    Raises:
        FileNotFoundError: it is gone.
        BlockingIOError: its writer lives.
    """
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if os.fstat(fd).st_size:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    finally:
        os.close(fd)


@dataclass(slots=True)
class OpenRequests:
    """Turns the records of one writer into finished entries."""

    _open: dict[str, Begin] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._open)

    def take(self, record: Record) -> LedgerEntry | None:
        """Take in one record; return the entry that it finishes, if it does."""
        match record:
            case Begin(_, begun):
                self._open[begun.id] = record
            case Progress(entry_id, held):
                if (known := self._open.get(entry_id)) is not None:
                    self._open[entry_id] = known._replace(held=Amounts(*map(max, known.held, held)))
            case End(ended):
                known = self._open.pop(ended.id, None)
                return _unknown(ended) if known is None else entry_of(known.subject, known.begun, ended)
            case Whole(subject, begun, ended, times, borrowed):
                return entry_of(subject, begun, ended, times, borrowed)
        return None

    def held(self) -> list[LedgerEntry]:
        """Return an entry for each open request, as if it had used what it is allowed."""
        return [_interrupted(known) for known in self._open.values()]

    def interrupt_all(self) -> list[LedgerEntry]:
        """Return the entries of requests that their dead process never ended, charged what they were allowed."""
        interrupted = self.held()
        self._open.clear()
        return interrupted


def _unknown(ended: Ended) -> LedgerEntry:
    """Return an entry for an end whose begin the disk has lost: what was paid counts, for whom is not known."""
    return entry_of(Subject("chat"), Begun(ended.id, ended.started_us), ended)


def _interrupted(known: Begin) -> LedgerEntry:
    entry, held = entry_of(known.subject, known.begun), known.held
    entry.error_code = "interrupted"
    entry.estimated = True
    entry.usage = Usage(input_tokens=held.input_tokens, output_tokens=held.output_tokens)
    entry.cost_nano_usd = held.cost_nano_usd if known.subject.price_source else held.cost_nano_usd or None
    return entry
