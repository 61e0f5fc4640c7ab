import tempfile
from pathlib import Path

import pytest

from tokenrouter.app.runtime_folder import NOTE_NAME, PREFIX, make_runtime_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_what_a_killed_server_left_is_removed(tmp_path: Path, temporary: Path) -> None:
    left = make_runtime_folder(tmp_path)
    (left / "control.sock").touch()

    made = make_runtime_folder(tmp_path)

    assert [*temporary.iterdir()] == [made]
    assert made.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["elsewhere/torod-1", "tmp/other-1", "tmp/torod-gone", "tmp/torod-1/inner"])
def test_nothing_else_is_removed_whatever_the_note_says(tmp_path: Path, temporary: Path, name: str) -> None:
    folder = tmp_path / name
    if not name.endswith("gone"):
        folder.mkdir(parents=True)
        (folder / "kept").touch()
    (tmp_path / NOTE_NAME).write_text(str(folder))

    assert make_runtime_folder(tmp_path).name.startswith(PREFIX)

    assert name.endswith("gone") or (folder / "kept").exists()


def test_a_link_is_not_followed_and_a_note_that_is_none_is_no_matter(tmp_path: Path, temporary: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (temporary / "torod-link").symlink_to(kept)
    for said in (str(temporary / "torod-link").encode(), b"\xff\x00", b""):
        (tmp_path / NOTE_NAME).write_bytes(said)
        assert make_runtime_folder(tmp_path).is_dir()

    assert kept.is_dir()
