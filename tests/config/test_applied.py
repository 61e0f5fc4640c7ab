import stat
from pathlib import Path

import pytest

from tokenrouter.config.applied import FILE_NAME, Applied, read_applied, write_applied

NOTE = Applied(7, 1.5, 2.5, None, "/etc/torod.toml", None, ("a:1: wrong",), ("workers",), {"team": {"a": {}}}, "1.0")


def test_a_note_is_read_as_it_was_written_by_its_owner_only(tmp_path: Path) -> None:
    write_applied(tmp_path, NOTE)
    write_applied(tmp_path, NOTE)

    assert read_applied(tmp_path) == NOTE
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": 2}', '{"form": 1, "other": 1}', "\xff", "null"])
def test_what_is_no_note_is_none(tmp_path: Path, text: str) -> None:
    assert read_applied(tmp_path) is None
    (tmp_path / FILE_NAME).write_text(text)

    assert read_applied(tmp_path) is None
