"""From the journals into the ledger: every ending becomes one row, whatever dies in between.

Files are read where they lie, live ones too, and rows are written idempotently by request id together
with the position up to which a file is done. That position never passes the begin of a request that is
still open, so a drain that dies reads it again. When all files of a writer are unlocked, the writer is
dead: what it never ended is charged as interrupted, and its files go.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limits import LimitTable
from tokenrouter.jobs.limit_use import ChargeReader, NameOfKey
from tokenrouter.journal.format import Begin, RecordDecoder
from tokenrouter.journal.names import writer_of
from tokenrouter.journal.reader import OpenRequests, adopt, journal_files, put_away, read_records, remove_room
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, forget_journal, journal_positions, record

log = structlog.get_logger(__name__)

BATCH_ROWS: Final = 500
"""Rows of one transaction: enough that its fixed cost hardly matters, few enough to take little memory."""


@dataclass(slots=True)
class _Writer:
    """What the drain knows of one writer: how far it has read, and what is open."""

    read: dict[str, int] = field(default_factory=dict)
    open: OpenRequests = field(default_factory=OpenRequests)
    begun_at: dict[str, tuple[str, int]] = field(default_factory=dict)

    def positions(self, files: list[Path]) -> dict[str, int]:
        """Return up to where each file is done for good: up to the oldest begin that is open.

        What comes after it is read again after a restart, in later files too, or the ends of what began there
        would be missed.
        """
        oldest, offset = min(self.begun_at.values(), default=("", 0))
        done = {path.name: self.read.get(path.name, 0) for path in files}
        if oldest:
            done.update({name: 0 for name in done if name > oldest})
            done[oldest] = offset
        return done


class LedgerDrain:
    """Moves what the journals hold into the store. Safe to call from several threads."""

    def __init__(self, store: Store, folder: Path, limits: Callable[[], tuple[LimitTable, NameOfKey]]) -> None:
        self._store = store
        self._folder = folder
        self._limits = limits
        self._writers: dict[str, _Writer] = {}
        self._lock = threading.Lock()
        self._decoder = RecordDecoder()
        self._charges_for: tuple[LimitTable, NameOfKey] | None = None
        self._charges: ChargeReader | None = None
        self.rows = 0

    def drain(self) -> int:
        """Write everything that has ended by now; return the number of new rows.

        Raises:
            StoreError, sqlalchemy.exc.SQLAlchemyError: the database is away; nothing is lost, call again.
        """
        with self._lock:
            by_writer: dict[str, list[Path]] = {}
            for path in journal_files(self._folder):
                by_writer.setdefault(writer_of(path), []).append(path)
            for gone in self._writers.keys() - by_writer.keys():
                del self._writers[gone]
            written = 0
            for name, files in by_writer.items():
                try:
                    written += self._drain_writer(name, files)
                except BaseException:
                    self._writers.pop(name, None)
                    raise
            self.rows += written
            return written

    def _drain_writer(self, name: str, files: list[Path]) -> int:
        writer = self._writers.get(name)
        if writer is None:
            known = journal_positions(self._store)
            writer = self._writers[name] = _Writer({path.name: known.get(path.name, 0) for path in files})
        with ExitStack() as locks:
            adopted = [locks.enter_context(adopt(path)) for path in files]
            is_dead = all(adopted) and journal_files(self._folder, name) == files
            written = sum(self._read_file(writer, path, files) for path in files)
            if is_dead:
                written += self._bury(writer, name, files)
            else:
                self._drop_finished(writer, files[:-1])
        return written

    def _read_file(self, writer: _Writer, path: Path, files: list[Path]) -> int:
        written = 0
        batch: list[LedgerEntry] = []
        at = writer.read.get(path.name, 0)
        for item, after in read_records(path, at, self._decoder):
            if isinstance(item, Begin):
                writer.begun_at[item.begun.id] = (path.name, at)
            at = after
            entry = writer.open.take(item)
            if entry is not None:
                writer.begun_at.pop(entry.id, None)
                batch.append(entry)
            if len(batch) >= BATCH_ROWS:
                writer.read[path.name] = at
                written += self._record(batch, writer.positions(files))
                batch.clear()
        moved = at != writer.read.get(path.name, 0)
        writer.read[path.name] = at
        if batch or moved:
            written += self._record(batch, writer.positions(files))
        return written

    def _record(self, entries: list[LedgerEntry], positions: dict[str, int]) -> int:
        charges_of = self._charge_reader().charges_of
        rows = [Row(entry, charges_of(entry)) for entry in entries]
        return record(self._store, rows, positions)

    def _charge_reader(self) -> ChargeReader:
        """Return the reader for the limits of now; the last one, if nothing has changed."""
        limits = self._limits()
        if self._charges is None or self._charges_for is not limits:
            self._charges_for, self._charges = limits, ChargeReader(*limits)
        return self._charges

    def _bury(self, writer: _Writer, name: str, files: list[Path]) -> int:
        """Charge what a dead writer left open, then delete its files."""
        writer.begun_at.clear()
        interrupted = writer.open.interrupt_all()
        written = self._record(interrupted, writer.positions(files)) if interrupted else 0
        for path in files:
            if not put_away(path, writer.read[path.name]):
                log.error("journal file is damaged and kept", file=path.name, read_to=writer.read[path.name])
            forget_journal(self._store, path.name)
        remove_room(self._folder, name)
        self._writers.pop(name, None)
        return written

    def _drop_finished(self, writer: _Writer, full: list[Path]) -> None:
        """Delete the full segments of a living writer that are older than everything that is open."""
        oldest, _ = min(writer.begun_at.values(), default=("", 0))
        for path in full:
            if oldest and path.name >= oldest:
                return
            path.unlink(missing_ok=True)
            forget_journal(self._store, path.name)
            writer.read.pop(path.name, None)
