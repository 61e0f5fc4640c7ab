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
