import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journal.captured import SEALING, captured
from tokenrouter.domain.capture import Captured
from tokenrouter.journal.conversation_files import captured_files, read_captured
from tokenrouter.journal.conversation_writer import FILE_BODY_BYTES, ConversationWriter, remove_abandoned
from tokenrouter.testing.processes import wait_until


def ids(folder: Path) -> list[str]:
    return [one.id for path in captured_files(folder) for one in read_captured(path, SEALING)]


def make(record_id: str) -> Callable[[], Captured]:
    return lambda: captured(record_id)


def test_what_is_put_is_on_the_disk_when_the_writer_closes(tmp_path: Path) -> None:
    writer = ConversationWriter(tmp_path / "folder", SEALING)
    for number in range(5):
        writer.put(make(f"r{number}"), 10)
    writer.close()

    assert ids(tmp_path / "folder") == [f"r{number}" for number in range(5)]
    assert (writer.captured, writer.dropped) == (5, 0)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


def test_without_anything_to_write_there_is_no_thread_and_no_folder(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    writer = ConversationWriter(tmp_path / "folder", SEALING)

    assert set(threading.enumerate()) <= before
    assert not (tmp_path / "folder").exists()
    writer.close()


def test_a_file_is_let_go_of_a_moment_later_without_another_record(tmp_path: Path) -> None:
    writer = ConversationWriter(tmp_path, SEALING)
    writer.put(make("r1"), 10)
    wait_until("the file", lambda: writer._fd < 0 and writer.captured == 1)
    writer.put(make("r2"), 10)
    writer.close()

    assert len(captured_files(tmp_path)) == 2


def test_more_than_may_wait_is_left_out_and_counted(tmp_path: Path) -> None:
    writer, gate = ConversationWriter(tmp_path, SEALING, max_waiting_bytes=100), threading.Event()

    def slow() -> Captured:
        gate.wait(60)
        return captured("slow")

    writer.put(slow, 60)
    writer.put(make("r1"), 60)
    gate.set()
    writer.close()

    assert ids(tmp_path) == ["slow"]
    assert writer.dropped == 1


@pytest.mark.parametrize("bounds", [{"max_folder_bytes": 0}, {"min_free_bytes": 2**62}])
def test_when_the_folder_or_the_disk_is_full_nothing_is_written_and_nobody_fails(
    bounds: dict[str, int], tmp_path: Path
) -> None:
    writer = ConversationWriter(tmp_path, SEALING, **bounds)
    for number in range(3):
        writer.put(make(f"r{number}"), 10)
    writer.close()

    assert (ids(tmp_path), writer.captured, writer.dropped) == ([], 0, 3)


def test_what_cannot_be_made_ready_does_not_stop_the_next(tmp_path: Path) -> None:
    def broken() -> Captured:
        raise ValueError("whatever")

    writer = ConversationWriter(tmp_path, SEALING)
    writer.put(broken, 10)
    writer.put(make("r1"), 10)
    writer.close()

    assert (ids(tmp_path), writer.dropped) == (["r1"], 1)


def test_files_that_were_never_begun_go_when_they_are_old(tmp_path: Path) -> None:
    (tmp_path / "a.fresh").touch()
    remove_abandoned(tmp_path, 0.0)
    assert (tmp_path / "a.fresh").exists()
    remove_abandoned(tmp_path, 2.0**40)
    assert not (tmp_path / "a.fresh").exists()


def test_a_file_holds_no_more_than_can_be_taken_in_at_once(tmp_path: Path) -> None:
    writer = ConversationWriter(tmp_path, SEALING, max_waiting_bytes=2**40)
    for number in range(3):
        writer.put(make(f"r{number}"), FILE_BODY_BYTES)
    writer.close()

    assert len(captured_files(tmp_path)) == 3
