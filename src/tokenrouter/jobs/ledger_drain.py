"""From the journals into the ledger: every ending becomes one row, whatever dies in between.

Files are read where they lie, live ones too, and rows are written idempotently by request id together
with the position up to which a file is done. That position never passes the begin of a request that is
still open, so a drain that dies reads it again. When all files of a writer are unlocked, the writer is
dead: what it never ended is charged as interrupted, and its files go.

A file that is damaged keeps nobody waiting: it is told at once, what can be read around it is read, and
it is kept under another name for a person.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, TypeVar

import structlog

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.limit_text import limit_of_id
from tokenrouter.domain.limits import Amounts, Limit, LimitTable
from tokenrouter.jobs.limit_sums import Counted, limit_sums
from tokenrouter.jobs.limit_use import (
    ChargeReader,
    FirstUses,
    LimitFigures,
    NameOfKey,
    follow_limits,
    limit_figures,
    was_admitted,
)
from tokenrouter.journal.format import Begin, Record, RecordDecoder
from tokenrouter.journal.names import writer_of
from tokenrouter.journal.reader import (
    OpenRequests,
    adopt,
    is_read_to_its_end,
    journal_files,
    put_away,
    read_records,
    remove_abandoned_room,
    remove_room,
)
from tokenrouter.limits.redis_corrections import Correction, Remains
from tokenrouter.limits.redis_restore import LedgerUse
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import StoreError
from tokenrouter.store.ledger import CoverageChanged, Row, forget_journal, journal_positions, record, rows_of
from tokenrouter.store.limit_use import Coverage, coverage_in

log = structlog.get_logger(__name__)

RECENT_S: Final = 60.0
"""How long after its end a request may be unsettled at a limiter that is asked over the network."""
RECENT_ROWS: Final = 20_000
BATCH_ROWS: Final = 500
"""Rows of one transaction: enough that its fixed cost hardly matters, few enough to take little memory."""
FOLLOWED_AT_ONCE: Final = 10
"""How often in a row limits may change on other nodes before a drain gives up and is called again."""
Result = TypeVar("Result")


class LimitsInMotion(StoreError):
    """Other nodes change limits faster than this one can follow; the next call may be luckier."""


@dataclass(slots=True)
class _Writer:
    """What the drain knows of one writer: how far it has read, what is open, and which damage it has told."""

    read: dict[str, int] = field(default_factory=dict)
    open: OpenRequests = field(default_factory=OpenRequests)
    begun_at: dict[str, tuple[str, int]] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    recent: deque[tuple[float, LedgerEntry]] = field(default_factory=lambda: deque(maxlen=RECENT_ROWS))

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


class Elsewhere(Protocol):
    """Where limits are counted that several processes share, as far as it must hear of dead ones."""

    def bury(self, node: str) -> Remains | None:
        """Take it that the process `node` is dead, and return what is left of it; None: ask again."""

    def correct(self, corrections: Sequence[Correction]) -> bool:
        """Charge requests of a dead process what they used; False: tell it again."""


class LedgerDrain:
    """Moves what the journals hold into the store. Safe to call from several threads.

    Attributes:
        rows: that were written since the start.
        drained_at_s: when all that had ended was in the store last, in seconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        limits: Callable[[], tuple[LimitTable, NameOfKey]],
        clock: Callable[[], float] = time.time,
        elsewhere: Elsewhere | None = None,
        written: Callable[[Sequence[LedgerEntry]], None] = lambda _: None,
    ) -> None:
        """`limits` gives the limits of now and what keys are called; `clock` seconds since the epoch.

        `written` is told of the rows that are new in the store; it must return at once.
        """
        self._written = written
        self._elsewhere = elsewhere
        self._clock = clock
        self._store = store
        self._folder = folder
        self._limits = limits
        self._writers: dict[str, _Writer] = {}
        self._lock = threading.Lock()
        self._decoder = RecordDecoder()
        self._followed: tuple[LimitTable, NameOfKey] | None = None
        self._coverage = Coverage(0, frozenset())
        self._charges = ChargeReader(LimitTable(()), str)
        self.rows = 0
        self.drained_at_s = clock()

    def drain(self) -> int:
        """Write everything that has ended by now; return the number of new rows.

        Raises:
            StoreError, sqlalchemy.exc.SQLAlchemyError: the database is away; nothing is lost, call again.
        """
        with self._lock:
            return self._drain()

    def figures(self, limit_ids: Collection[str] | None = None) -> LimitFigures:
        """Return what has been used of every limit, what running requests may use, and what was before.

        `limit_ids`: of which limits it is asked; None is all of them.

        Raises:
            StoreError, sqlalchemy.exc.SQLAlchemyError: as `drain`.
        """

        def look(limits: LimitTable) -> LimitFigures:
            running = [entry for writer in self._writers.values() for entry in writer.open.held()]
            return limit_figures(self._store, limits, running, self._charges, self._clock(), wanted=limit_ids)

        with self._lock:
            return self._at_one_coverage(look)

    def sums(self, limit_ids: Collection[str], counted: Counted) -> LedgerUse:
        """Return what ended requests used of `limit_ids`, but for those that each limit has `counted`, and the past.

        Everything that ended on this machine before the call is in it.

        Raises:
            StoreError, sqlalchemy.exc.SQLAlchemyError: as `drain`.
        """

        def look(limits: LimitTable) -> LedgerUse:
            return limit_sums(self._store, limits, limit_ids, counted, self._charges, self._clock())

        with self._lock:
            return self._at_one_coverage(look)

    def _at_one_coverage(self, look: Callable[[LimitTable], Result]) -> Result:
        """Drain, then return what `look` sees of the limits of now, all of which were covered while it looked."""
        for _ in range(FOLLOWED_AT_ONCE):
            self._drain()
            limits, _ = self._follow_limits()
            seen = look(limits)
            if self._covered_now() == self._coverage:
                return seen
        raise LimitsInMotion("limits change faster than their use can be read")

    def _drain(self) -> int:
        self._follow_limits()
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
        remove_abandoned_room(self._folder)
        self.rows += written
        self.drained_at_s = self._clock()
        return written

    def _drain_writer(self, name: str, files: list[Path]) -> int:
        writer = self._writers.get(name)
        if writer is None:
            known = journal_positions(self._store)
            writer = self._writers[name] = _Writer({path.name: known.get(path.name, 0) for path in files})
        with ExitStack() as locks:
            closed = [path for path in files if locks.enter_context(adopt(path))]
            is_dead = closed == files and journal_files(self._folder, name) == files
            written = sum(self._read_file(writer, path, files) for path in files)
            self._look_for_damage(writer, closed)
            if is_dead:
                written += self._bury(writer, name, files)
            else:
                self._drop_finished(writer, [path for path in closed if path != files[-1]])
        return written

    def _read_file(self, writer: _Writer, path: Path, files: list[Path]) -> int:
        written = 0
        batch: list[LedgerEntry] = []
        at = writer.read.setdefault(path.name, 0)
        for item, after in self._records(writer, path):
            if isinstance(item, Begin):
                writer.begun_at[item.begun.id] = (path.name, at)
            at = after
            entry = writer.open.take(item)
            if entry is not None:
                writer.begun_at.pop(entry.id, None)
                batch.append(entry)
                if self._elsewhere is not None:
                    writer.recent.append((self._clock(), entry))
            if len(batch) >= BATCH_ROWS:
                writer.read[path.name] = at
                written += self._record(batch, writer.positions(files))
                batch.clear()
        moved = at != writer.read[path.name]
        writer.read[path.name] = at
        if batch or moved:
            written += self._record(batch, writer.positions(files))
        return written

    def _records(self, writer: _Writer, path: Path) -> Iterator[tuple[Record, int]]:
        """Yield what is new in a file, up to where it cannot be read."""
        at = writer.read[path.name]
        try:
            for item, at in read_records(path, at, self._decoder):  # noqa: B020 (where reading stopped)
                yield item, at
        except ValueError as error:
            _tell_damage(writer, path, at, str(error))

    def _look_for_damage(self, writer: _Writer, closed: list[Path]) -> None:
        """Tell of each file that nobody writes any more and that has not been read to its end."""
        for path in closed:
            if not is_read_to_its_end(path, writer.read[path.name]):
                _tell_damage(writer, path, writer.read[path.name], "what follows is no whole record")

    def _record(self, entries: list[LedgerEntry], positions: dict[str, int]) -> int:
        """Write rows, charged to what is covered when they are written."""
        for _ in range(FOLLOWED_AT_ONCE):
            rows = [Row(entry, self._charges.charges_of(entry)) for entry in entries]
            try:
                new = record(self._store, rows, positions, coverage_known=self._coverage.version)
            except CoverageChanged as changed:
                self._charge_to(changed.coverage)
            else:
                if new:  # none is where a journal is read again after a crash
                    self._written(entries)
                return new
        raise LimitsInMotion("limits change faster than rows can be charged to them")

    def _follow_limits(self) -> tuple[LimitTable, NameOfKey]:
        """Charge to the limits of now, which the store keeps from the ledger's beginning on; return them."""
        limits = self._limits()
        ids = frozenset(limit.id for limit in limits[0])
        if limits is not self._followed or not ids <= self._coverage.limit_ids:
            gone = None if self._followed is None else frozenset(limit.id for limit in self._followed[0]) - ids
            reader = ChargeReader(*limits, FirstUses(self._store))
            coverage = follow_limits(self._store, limits[0], reader, self._clock(), gone)
            self._followed = limits
            self._charge_to(coverage)
        return limits

    def _charge_to(self, coverage: Coverage) -> None:
        """Charge to what is covered, also where this node has not heard of it yet, and to nothing else."""
        limits, name_of_key = self._followed or (LimitTable(()), str)
        own = [limit for limit in limits if limit.id in coverage.limit_ids]
        others = coverage.limit_ids - {limit.id for limit in own}
        self._coverage = coverage
        self._charges = ChargeReader(LimitTable([*own, *_named(others)]), name_of_key, FirstUses(self._store))

    def _covered_now(self) -> Coverage:
        with self._store.read() as connection:
            return coverage_in(connection)

    def _bury(self, writer: _Writer, name: str, files: list[Path]) -> int:
        """Charge what a dead writer left open, then delete its files; not before those who count have heard of it."""
        if self._elsewhere is not None and not self._is_told(self._elsewhere, writer, name):
            return 0
        writer.begun_at.clear()
        interrupted = writer.open.interrupt_all()
        written = self._record(interrupted, writer.positions(files)) if interrupted else 0
        for path in files:
            put_away(path, writer.read[path.name])
            forget_journal(self._store, path.name)
        remove_room(self._folder, name)
        self._writers.pop(name, None)
        return written

    def _is_told(self, elsewhere: Elsewhere, writer: _Writer, name: str) -> bool:
        """Tell whoever counts elsewhere what a dead writer's last requests used; False when nobody can be told."""
        remains = elsewhere.bury(name)
        if remains is None:
            return False
        entries = {entry.id: entry for entry in writer.open.held()}
        if not remains.was_here:
            # Nobody there has heard of its last endings.
            since_s = self._clock() - RECENT_S
            entries |= {entry.id: entry for ended_s, entry in writer.recent if ended_s >= since_s}
        corrections = [self._correction(entry.id, entry) for entry in entries.values() if was_admitted(entry)]
        left = remains.request_ids - {correction.request_id for correction in corrections}
        corrections += self._corrections_of(left, is_whole=not writer.damaged)
        return not corrections or elsewhere.correct(corrections)

    def _corrections_of(self, left: Collection[str], *, is_whole: bool) -> Iterator[Correction]:
        """Yield what requests used that a dead process left behind: what their rows say, else nothing.

        One without a row never asked its provider, or is a batch that somebody else holds by now; where not all of the
        journal could be read (not `is_whole`) nobody can say.
        """
        rows_by_id = {request_id: _row_of(request_id) for request_id in left}
        with self._store.read() as connection:
            rows = {entry.id: entry for entry in rows_of(connection, set(rows_by_id.values()))}
        for request_id, row_id in rows_by_id.items():
            entry = rows.get(row_id)
            if entry is not None and was_admitted(entry):
                yield self._correction(request_id, entry)
            elif entry is not None or is_whole:
                yield Correction(request_id, self._clock(), Amounts(), ())

    def _correction(self, request_id: str, entry: LedgerEntry) -> Correction:
        used = Amounts(entry.count, entry.usage.input_tokens, entry.usage.output_tokens, entry.cost_nano_usd or 0)
        return Correction(request_id, entry.started_us / 1e6, used, self._charges.limits_of(entry))

    def _drop_finished(self, writer: _Writer, full: list[Path]) -> None:
        """Put away the closed segments of a living writer that are older than everything that is open."""
        oldest, _ = min(writer.begun_at.values(), default=("", 0))
        for path in full:
            if oldest and path.name >= oldest:
                return
            put_away(path, writer.read.pop(path.name))
            forget_journal(self._store, path.name)


def _named(limit_ids: Collection[str]) -> Iterator[Limit]:
    """Yield limits that only their ids tell of; what no version of the program has named is left out."""
    for limit_id in sorted(limit_ids):
        with suppress(ValueError):
            yield limit_of_id(limit_id)


def _row_of(request_id: str) -> str:
    """Return which row says what a reservation used: `+` is a second attempt, `/…` one of several for one debt."""
    return request_id.rstrip("+").partition("/")[0]


def _tell_damage(writer: _Writer, path: Path, read_to: int, reason: str) -> None:
    if path.name not in writer.damaged:
        writer.damaged.add(path.name)
        log.error("journal file is damaged and kept", file=path.name, read_to=read_to, reason=reason)
