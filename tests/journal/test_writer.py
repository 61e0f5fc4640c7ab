import asyncio
import errno
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.journal.entries import HELD, begin, begin_record, ended
from tokenrouter.domain.errors import JournalUnavailable
from tokenrouter.journal.format import Begin, End, Progress, Record
from tokenrouter.journal.names import writer_of
from tokenrouter.journal.reader import adopt, journal_files, read_records
from tokenrouter.journal.segment import make_room
from tokenrouter.journal.writer import RETRY_S, JournalWriter

SMALL = 4096
"""A segment of some twenty records."""


class Disk:
    """A disk with room for so many allocations."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.asked = 0

    def __call__(self, fd: int, size: int) -> None:
        self.asked += 1
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= 1
        make_room(fd, size)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def open_journals() -> Iterator[ExitStack]:
    with ExitStack() as journals:
        yield journals


@pytest.fixture
def clock() -> Clock:
    return Clock()


def small_journal(journals: ExitStack, folder: Path, clock: Clock, disk: Disk) -> JournalWriter:
    journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=2 * SMALL, room=disk, clock=clock)
    journals.callback(journal.close)
    return journal


def records_in(folder: Path) -> list[Record]:
    return [record for path in journal_files(folder) for record, _ in read_records(path)]


def begin_until_refused(journal: JournalWriter) -> list[str]:
    begun: list[str] = []
    with suppress(JournalUnavailable):
        for number in range(1000):
            begin(journal, f"req_{number}")
            begun.append(f"req_{number}")
    assert len(begun) < 1000
    return begun


def test_a_record_is_on_file_when_the_call_returns(tmp_path: Path, open_journals: ExitStack, clock: Clock) -> None:
    journal = small_journal(open_journals, tmp_path, clock, Disk(9))

    begin(journal)
    assert records_in(tmp_path) == [begin_record()]
    journal.progress("req_1", HELD)
    journal.end(ended())

    assert records_in(tmp_path)[1:] == [Progress("req_1", HELD), End(ended())]
    assert journal.records == 3


def test_records_go_on_in_the_next_segment(tmp_path: Path, open_journals: ExitStack, clock: Clock) -> None:
    journal = small_journal(open_journals, tmp_path, clock, Disk(99))

    for number in range(400):
        journal.end(ended(f"req_{number}"))
    journal.sync()

    files = journal_files(tmp_path)
    assert len(files) > 3
    assert [record.ended.id for record in records_in(tmp_path) if isinstance(record, End)] == [
        f"req_{number}" for number in range(400)
    ]
    assert all(path.stat().st_size <= SMALL for path in files[:-1])


def test_only_the_newest_file_of_a_living_writer_is_held(
    tmp_path: Path, open_journals: ExitStack, clock: Clock
) -> None:
    journal = small_journal(open_journals, tmp_path, clock, Disk(99))
    for number in range(100):
        journal.end(ended(f"req_{number}"))
    journal.sync()

    with ExitStack() as locks:
        free = [locks.enter_context(adopt(path)) for path in journal_files(tmp_path)]

    assert free == [True] * (len(free) - 1) + [False]


def test_a_closed_journal_is_free_and_keeps_no_room(tmp_path: Path, clock: Clock) -> None:
    journal = JournalWriter(tmp_path, segment_bytes=SMALL, reserve_bytes=SMALL, clock=clock)
    journal.end(ended())
    journal.close()

    (path,) = tmp_path.iterdir()
    assert path.stat().st_size == 8 + journal.bytes_written
    with adopt(path) as adopted:
        assert adopted


def test_two_writers_share_a_folder(tmp_path: Path, open_journals: ExitStack, clock: Clock) -> None:
    one = small_journal(open_journals, tmp_path, clock, Disk(9))
    other = small_journal(open_journals, tmp_path, clock, Disk(9))
    one.end(ended("of one"))
    other.end(ended("of the other"))

    first, second = journal_files(tmp_path)
    assert writer_of(first) != writer_of(second)
    assert [record for record, _ in read_records(first)] == [End(ended("of one"))]
    assert [record for record, _ in read_records(second)] == [End(ended("of the other"))]


def test_on_a_full_disk_nothing_begins_and_what_is_open_ends(
    tmp_path: Path, open_journals: ExitStack, clock: Clock
) -> None:
    journal = small_journal(open_journals, tmp_path, clock, Disk(2))

    begun = begin_until_refused(journal)
    assert begun
    assert not journal.writable
    for entry_id in begun:
        journal.progress(entry_id, HELD)
        journal.end(ended(entry_id))

    ends = [record.ended.id for record in records_in(tmp_path) if isinstance(record, End)]
    assert ends == begun


def test_refusals_before_a_full_disk_say_why_and_when_to_come_back(
    tmp_path: Path, open_journals: ExitStack, clock: Clock
) -> None:
    journal = small_journal(open_journals, tmp_path, clock, Disk(2))
    begin_until_refused(journal)

    with pytest.raises(JournalUnavailable, match="No space left on device") as refusal:
        begin(journal)

    assert refusal.value.retry_after_s == RETRY_S
    assert journal.failures >= 1


def test_even_the_reserve_ends(tmp_path: Path, open_journals: ExitStack, clock: Clock) -> None:
    journal = small_journal(open_journals, tmp_path, clock, Disk(2))
    begin_until_refused(journal)

    with suppress(JournalUnavailable):
        for number in range(1000):
            journal.end(ended(f"req_{number}"))

    with pytest.raises(JournalUnavailable):
        journal.end(ended())
    assert len(records_in(tmp_path)) == journal.records < 1000


def test_a_full_disk_is_asked_again_at_most_once_a_second(
    tmp_path: Path, open_journals: ExitStack, clock: Clock
) -> None:
    disk = Disk(2)
    journal = small_journal(open_journals, tmp_path, clock, disk)
    begin_until_refused(journal)
    asked = disk.asked

    for _ in range(10):
        with pytest.raises(JournalUnavailable):
            begin(journal)
    assert disk.asked == asked
    clock.now_s += RETRY_S
    for _ in range(10):
        with pytest.raises(JournalUnavailable):
            begin(journal)
    assert disk.asked == asked + 1


def test_with_room_again_there_is_a_reserve_again(tmp_path: Path, open_journals: ExitStack, clock: Clock) -> None:
    disk = Disk(2)
    journal = small_journal(open_journals, tmp_path, clock, disk)
    for entry_id in begin_until_refused(journal):
        journal.end(ended(entry_id))
    disk.room = 2
    clock.now_s += RETRY_S

    begun = begin_until_refused(journal)
    for entry_id in begun:
        journal.end(ended(entry_id))

    assert begun
    assert [record.ended.id for record in records_in(tmp_path)[-len(begun) :] if isinstance(record, End)] == begun


def test_without_room_for_the_reserve_nothing_begins(tmp_path: Path, open_journals: ExitStack, clock: Clock) -> None:
    disk = Disk(2)
    journal = small_journal(open_journals, tmp_path, clock, disk)
    for entry_id in begin_until_refused(journal):
        journal.end(ended(entry_id))
    disk.room = 0
    clock.now_s += RETRY_S

    with pytest.raises(JournalUnavailable):
        begin(journal)


def test_a_start_on_a_full_disk_waits_for_room(tmp_path: Path, open_journals: ExitStack, clock: Clock) -> None:
    disk = Disk(0)
    journal = small_journal(open_journals, tmp_path, clock, disk)
    with pytest.raises(JournalUnavailable):
        begin(journal)
    disk.room = 9
    clock.now_s += RETRY_S

    begin(journal)

    assert journal.writable
    assert records_in(tmp_path) == [begin_record()]


def test_a_folder_that_cannot_be_written_is_named_as_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = JournalWriter(tmp_path / "file" / "journal")

    with pytest.raises(JournalUnavailable, match="Not a directory"):
        begin(journal)


async def test_the_next_segment_is_there_before_it_is_needed(
    tmp_path: Path, open_journals: ExitStack, clock: Clock
) -> None:
    disk = Disk(99)
    journal = small_journal(open_journals, tmp_path, clock, disk)
    while journal.bytes_written < SMALL * 3 // 4:
        journal.end(ended())
    clock.now_s += RETRY_S

    await keep_until(journal, lambda: disk.asked == 3)
    while len(journal_files(tmp_path)) == 1:
        journal.end(ended())

    assert disk.asked == 3


async def test_what_is_full_is_closed_in_the_background(tmp_path: Path, open_journals: ExitStack, clock: Clock) -> None:
    journal = small_journal(open_journals, tmp_path, clock, Disk(99))
    for number in range(100):
        journal.end(ended(f"req_{number}"))
    full = journal_files(tmp_path)[0]
    assert not is_adopted(full)

    await keep_until(journal, lambda: is_adopted(full))

    assert full.stat().st_size <= SMALL


async def test_a_journal_with_room_again_says_so_without_being_asked(
    tmp_path: Path, open_journals: ExitStack, clock: Clock
) -> None:
    disk = Disk(2)
    journal = small_journal(open_journals, tmp_path, clock, disk)
    begin_until_refused(journal)
    disk.room = 2
    clock.now_s += RETRY_S

    await keep_until(journal, lambda: journal.writable)

    begin(journal)


async def keep_until(journal: JournalWriter, condition: Callable[[], bool]) -> None:
    """Let the journal be kept synced until `condition` holds."""
    keeping = asyncio.create_task(journal.keep_synced())
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)
    keeping.cancel()


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_process_has_written_all_that_it_said(tmp_path: Path, seed: int) -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.writing_program", str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])},
    )
    assert program.stdout is not None
    said = [program.stdout.readline() for _ in range(random.Random(seed).randrange(1, 400))]
    assert not any(is_adopted(path) for path in journal_files(tmp_path)[-1:])
    program.kill()
    rest = program.stdout.read()
    program.wait()
    program.stdout.close()

    said += [line for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
    written = {f"{type(record).__name__.lower()} {_id(record)}".encode() for record in records_in(tmp_path)}
    assert {line.strip() for line in said} <= written
    assert all(is_adopted(path) for path in journal_files(tmp_path))


def _id(record: Record) -> str:
    match record:
        case Begin(_, first, _):
            return first.id
        case End(last):
            return last.id
    raise AssertionError(record)


def is_adopted(path: Path) -> bool:
    with adopt(path) as adopted:
        return adopted
