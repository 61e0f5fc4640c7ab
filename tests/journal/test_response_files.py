import os
from pathlib import Path

import pytest

from tokenrouter.journal.response_files import KEPT_S, MAX_FILE_BYTES, ResponseFiles

KEY = b"k" * 32


@pytest.fixture
def files(tmp_path: Path) -> ResponseFiles:
    return ResponseFiles(tmp_path / "responses", KEY)


def test_what_was_kept_comes_back_and_can_be_forgotten(files: ResponseFiles) -> None:
    assert files.put("team:physics", "resp_1", b"words")
    assert files.get("team:physics", "resp_1") == b"words"
    assert files.delete("team:physics", "resp_1")
    assert files.get("team:physics", "resp_1") is None
    assert not files.delete("team:physics", "resp_1")


def test_it_outlives_the_process(files: ResponseFiles, tmp_path: Path) -> None:
    files.put("team:physics", "resp_1", b"words")

    assert ResponseFiles(tmp_path / "responses", KEY).get("team:physics", "resp_1") == b"words"


def test_another_owner_finds_nothing(files: ResponseFiles) -> None:
    files.put("team:physics", "resp_1", b"words")

    assert files.get("team:chemistry", "resp_1") is None
    assert not files.delete("team:chemistry", "resp_1")
    assert files.get("team:physics", "resp_1") == b"words"


def test_nothing_readable_is_on_disk(files: ResponseFiles, tmp_path: Path) -> None:
    files.put("team:physics", "resp_1", b"secret words")
    (path,) = (tmp_path / "responses").iterdir()

    assert path.stat().st_mode & 0o777 == 0o600
    for word in (b"physics", b"resp_1", b"secret"):
        assert word not in path.read_bytes() + path.name.encode()


def test_another_key_or_a_damaged_file_gives_nothing(files: ResponseFiles, tmp_path: Path) -> None:
    files.put("o", "resp_1", b"words")
    (path,) = (tmp_path / "responses").iterdir()

    assert ResponseFiles(tmp_path / "responses", b"x" * 32).get("o", "resp_1") is None
    path.write_bytes(path.read_bytes()[:-1])
    assert files.get("o", "resp_1") is None
    path.write_bytes(b"")
    assert files.get("o", "resp_1") is None


def test_after_a_day_it_is_gone(tmp_path: Path) -> None:
    now_s = [1e9]
    files = ResponseFiles(tmp_path, KEY, clock=lambda: now_s[0])
    files.put("o", "resp_1", b"words")
    (path,) = tmp_path.iterdir()
    os.utime(path, (1e9, 1e9))
    now_s[0] += KEPT_S - 1
    files.sweep()
    assert files.get("o", "resp_1") == b"words"

    now_s[0] += 2
    assert files.get("o", "resp_1") is None
    files.sweep()
    assert not list(tmp_path.iterdir())


def test_the_oldest_go_when_there_is_too_much(tmp_path: Path) -> None:
    files = ResponseFiles(tmp_path, KEY, max_bytes=2500)
    for number in range(4):
        files.put("o", f"resp_{number}", b"x" * 1000)
        os.utime(files._path("o", f"resp_{number}"), (2e9 + number, 2e9 + number))
    files.sweep()

    assert [files.get("o", f"resp_{number}") is not None for number in range(4)] == [False, False, True, True]


def test_what_is_too_long_or_cannot_be_written_is_not_kept(files: ResponseFiles, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert not files.put("o", "resp_1", b"x" * (MAX_FILE_BYTES + 1))
    assert not ResponseFiles(tmp_path / "file", KEY).put("o", "resp_1", b"x")
