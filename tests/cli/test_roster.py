"""`torod roster` as a teacher types it: real processes, an empty home."""

import csv
import json
import stat
import subprocess
import sys
from pathlib import Path

from tokenrouter.testing.processes import Home

TOROD = str(Path(sys.executable).with_name("torod"))
LIST = "Name;E-Mail;Class;Quota\nZoë Bell;zoe@b.example;7b;1000\nBen;;7b;\n"


def run(home: Home, *args: str) -> "subprocess.CompletedProcess[str]":
    command = [TOROD, "roster", "import", *args]
    return subprocess.run(command, env=home.env, capture_output=True, text=True, timeout=60, check=False)


def test_a_list_is_shown_imported_handed_out_and_brought_up_to_date(home: Home, tmp_path: Path) -> None:
    file, slips, table = tmp_path / "class.csv", tmp_path / "slips.html", tmp_path / "keys.csv"
    file.write_text(LIST, encoding="cp1252")

    shown = run(home, str(file), "--dry-run", "--json")
    written = run(home, str(file), "--slips", str(slips), "--csv", str(table), "--base-url", "https://ai.example/v1")
    again = run(home, str(file), "--json", "--disable-gone")

    assert [person["changes"][:2] for person in json.loads(shown.stdout)["people"]] == [["is new", "gets a key"]] * 2
    assert "Windows" in shown.stdout or "cp1252" in shown.stdout
    assert (written.returncode, written.stdout) == (0, ""), written.stderr
    keys = [row["key"] for row in csv.DictReader(table.open(newline="", encoding="utf-8"))]
    assert [key[:3] for key in keys] == ["tr_", "tr_"]
    assert not [key for key in keys if key not in slips.read_text() or key in written.stderr]
    assert "https://ai.example/v1" in slips.read_text()
    assert {stat.S_IMODE(place.stat().st_mode) for place in (slips, table)} == {0o600}
    assert [person["changes"] for person in json.loads(again.stdout)["people"]] == [[], []]
    refused = run(home, str(file), "--slips", str(slips))
    assert "is there already" in refused.stderr


def test_an_address_that_pupils_cannot_reach_is_told_before_slips_are_handed_out(home: Home, tmp_path: Path) -> None:
    file, table = tmp_path / "class.csv", tmp_path / "keys.csv"
    file.write_text("name\nAnna\n")

    written = run(home, str(file), "--csv", str(table))
    again = run(home, str(file), "--csv", str(tmp_path / "again.csv"))

    assert "note: http://127.0.0.1:8080/v1: the address that is handed out leads nobody here" in written.stderr
    assert "http://127.0.0.1:8080/v1" in table.read_text()
    assert "note:" not in again.stderr


def test_mistakes_are_named_and_without_a_place_for_them_keys_are_told(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "class.csv"
    file.write_text("name,quota\nAnna,lots\n")

    refused = run(home, str(file))
    file.write_text("name\nAnna\n")
    told = run(home, str(file), "--team", "7b")

    assert refused.returncode == 1
    assert "line 2, quota: 'lots' is no amount of tokens" in refused.stderr
    assert told.stdout.startswith("Anna\ttr_")
    assert "team 7b: is new" in told.stderr
