"""Private folders: what they are, and which of them are nobody's any more."""

import fcntl
import os
import tempfile
from pathlib import Path

import pytest

from tokenrouter.cli.wrapping.private_folder import FILES_NAME, LOCK_NAME, private_folder, remove_left_over


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def left_behind(folder: Path) -> Path:
    (folder / FILES_NAME).mkdir(parents=True)
    (folder / FILES_NAME / "settings.json").touch()
    (folder / LOCK_NAME).touch()
    return folder


def test_nobody_else_looks_into_it_and_it_is_gone_afterwards(temporary: Path) -> None:
    with private_folder() as folder:
        (folder / "key").touch()
        assert (folder.stat().st_mode & 0o777, folder.parent.stat().st_mode & 0o777) == (0o700, 0o700)

    assert [*temporary.iterdir()] == []


def test_what_is_left_over_is_removed_and_what_is_in_use_is_not(temporary: Path) -> None:
    left = left_behind(temporary / "toro-abcd_123")
    with private_folder() as first, private_folder() as second:
        assert not left.exists()
        assert first.is_dir()
        assert second.is_dir()


@pytest.mark.parametrize("name", ["toro-notes", "toro-abcd_1234", "torod-abc123", "toro-ABCD1234"])
def test_what_is_called_otherwise_stays(temporary: Path, name: str) -> None:
    kept = left_behind(temporary / name)

    remove_left_over()

    assert (kept / FILES_NAME / "settings.json").exists()


def test_what_holds_anything_else_stays(temporary: Path) -> None:
    kept = left_behind(temporary / "toro-abcd1234")
    (kept / "thesis.tex").touch()
    bare = temporary / "toro-wxyz1234"
    bare.mkdir()

    remove_left_over()

    assert (kept / "thesis.tex").exists()
    assert bare.exists()


def test_no_link_is_followed(temporary: Path, tmp_path: Path) -> None:
    kept = left_behind(tmp_path / "elsewhere")
    (temporary / "toro-abcd1234").symlink_to(kept)
    inside = left_behind(temporary / "toro-wxyz1234")
    (inside / LOCK_NAME).unlink()
    (inside / LOCK_NAME).symlink_to(kept / LOCK_NAME)
    (inside / FILES_NAME / "sessions").symlink_to(kept)

    remove_left_over()

    assert inside.exists()
    (inside / LOCK_NAME).unlink()
    (inside / LOCK_NAME).touch()
    remove_left_over()
    assert (inside.exists(), (kept / FILES_NAME / "settings.json").exists()) == (False, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_is_another_user_s_stays(temporary: Path) -> None:
    theirs = left_behind(temporary / "toro-abcd1234")
    os.chown(theirs, 65534, 65534)

    remove_left_over()

    assert theirs.exists()


def test_what_somebody_holds_stays(temporary: Path) -> None:
    held = left_behind(temporary / "toro-abcd1234")
    with (held / LOCK_NAME).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        remove_left_over()
        assert held.exists()
    remove_left_over()

    assert not held.exists()
