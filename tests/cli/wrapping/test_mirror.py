"""A folder of links."""

from pathlib import Path

from tokenrouter.cli.wrapping.mirror import mirror


def test_everything_but_what_is_left_out_is_linked(tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    (original / "folder").mkdir(parents=True)
    for name in ("a", "b", ".hidden"):
        (original / name).write_text(name)
    mirror(original, copy, without=("b",))

    assert {entry.name for entry in copy.iterdir()} == {"a", ".hidden", "folder"}
    (copy / "folder" / "new").write_text("made in the copy")
    assert (original / "folder" / "new").read_text() == "made in the copy"
    assert copy.stat().st_mode & 0o777 == 0o700


def test_of_a_folder_that_is_not_there_nothing_is_linked(tmp_path: Path) -> None:
    mirror(tmp_path / "nowhere", tmp_path / "copy")

    assert list((tmp_path / "copy").iterdir()) == []


def test_a_file_that_comes_to_be_is_in_the_original(tmp_path: Path) -> None:
    (tmp_path / "original").mkdir()
    (tmp_path / "original" / "there").write_text("already")
    mirror(tmp_path / "original", tmp_path / "copy", also=("there", "later"))
    (tmp_path / "copy" / "later").write_text("made in the copy")

    assert (tmp_path / "original" / "later").read_text() == "made in the copy"
    assert (tmp_path / "copy" / "there").read_text() == "already"
