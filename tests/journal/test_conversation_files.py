import os
from pathlib import Path

import pytest

from tests.journal.captured import SEALING, captured
from tokenrouter.config.sealing import Sealing
from tokenrouter.journal.conversation_files import (
    captured_files,
    files_bytes,
    framed,
    open_file,
    read_captured,
    taken_over,
)


def write(path: Path, *records: bytes) -> None:
    fd = open_file(path)
    os.write(fd, b"".join(records))
    os.close(fd)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    one, two = captured("r1"), captured("r2", request_body=b"\xff\x00")
    write(tmp_path / "a.captured", framed(SEALING, one), framed(SEALING, two))

    assert list(read_captured(tmp_path / "a.captured", SEALING)) == [one, two]


def test_a_record_that_is_not_whole_ends_a_file(tmp_path: Path) -> None:
    whole, cut = framed(SEALING, captured("r1")), framed(SEALING, captured("r2"))
    for at in range(len(cut)):
        write(tmp_path / f"{at}.captured", whole, cut[:at])
        assert [one.id for one in read_captured(tmp_path / f"{at}.captured", SEALING)] == ["r1"]


def test_another_key_reads_nothing_and_the_file_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.captured"
    write(path, framed(SEALING, captured("r1", request_body=b"a very private word" * 9)))

    assert list(read_captured(path, Sealing(b"x" * 32))) == []
    assert b"private" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_taken_over_only_when_its_writer_has_let_go(tmp_path: Path) -> None:
    path = tmp_path / "a.captured"
    fd = open_file(path)
    with taken_over(path) as is_complete:
        assert not is_complete
    os.close(fd)
    with taken_over(path) as is_complete:
        assert is_complete
    path.unlink()
    with taken_over(path) as is_complete:
        assert not is_complete


def test_files_are_listed_in_their_order_and_nothing_else_is(tmp_path: Path) -> None:
    for name in ("2.captured", "1.captured", "3.fresh"):
        (tmp_path / name).write_bytes(b"12")

    assert [path.name for path in captured_files(tmp_path)] == ["1.captured", "2.captured"]
    assert files_bytes(tmp_path) == 6
    assert captured_files(tmp_path / "none") == []


def test_a_file_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        open_file(tmp_path / "none" / "a.captured")
