import errno
import fcntl
import os
from pathlib import Path

import pytest

from tokenrouter.journal.format import MAGIC
from tokenrouter.journal.segment import Segment, make_room, write_zeros

SIZE = 3 * 2**20 + 5


def no_room(fd: int, size: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize("room", [make_room, write_zeros])
def test_room_is_on_the_disk_and_full_of_zeros(tmp_path: Path, room: object) -> None:
    with (tmp_path / "room").open("w+b") as file:
        room(file.fileno(), SIZE)  # type: ignore[operator]

        assert os.fstat(file.fileno()).st_blocks * 512 >= SIZE
        assert file.read() == bytes(SIZE)


def test_a_segment_is_locked_from_its_first_moment_to_its_last(tmp_path: Path) -> None:
    locked: list[bool] = []
    segment = Segment(tmp_path / "new", 4096, lambda fd, size: locked.append(is_locked(tmp_path / "new")))
    segment.rename(tmp_path / "shown")
    locked.append(is_locked(tmp_path / "shown"))
    segment.close()

    assert locked == [True, True]
    assert not is_locked(tmp_path / "shown")


def test_a_segment_without_room_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        Segment(tmp_path / "new", 4096, no_room)

    assert not list(tmp_path.iterdir())


def test_a_closed_segment_is_as_long_as_what_it_holds(tmp_path: Path) -> None:
    segment = Segment(tmp_path / "new", 2**20)
    segment.append(b"record")
    segment.close()

    assert (tmp_path / "new").read_bytes() == MAGIC + b"record"


def test_a_segment_that_failed_takes_no_more(tmp_path: Path) -> None:
    segment = Segment(tmp_path / "new", 2**20)
    os.close(segment.fd)

    with pytest.raises(OSError, match="Bad file descriptor"):
        segment.append(b"record")

    assert segment.at + 1 > segment.size


def test_a_segment_that_was_not_needed_is_removed(tmp_path: Path) -> None:
    Segment(tmp_path / "new", 4096).discard()

    assert not list(tmp_path.iterdir())
