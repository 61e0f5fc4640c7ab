from pathlib import Path

from tests.cli.doctor.patients import patient, told
from tokenrouter.app.running import RunningServer
from tokenrouter.cli.doctor.journals import check_journals


def test_what_is_left_over_and_what_was_put_away_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "journal"
    folder.mkdir(parents=True)
    (folder / "1-000001.journal").write_bytes(b"1234")
    (folder / "0-000001.journal.damaged").write_bytes(b"")

    found = list(check_journals(patient(tmp_path)))

    assert "an ended server has left 1 file (4 bytes)" in told(found, "note")
    assert "0-000001.journal.damaged was put away" in told(found, "warning")
    assert "left" not in told(list(check_journals(patient(tmp_path, server=RunningServer(0)))), "note")


def test_where_nothing_ran_nothing_is_left(tmp_path: Path) -> None:
    assert told(list(check_journals(patient(tmp_path))), "ok")
