"""Foreign SQLite files, hostile ones among them."""

import sqlite3
from datetime import UTC
from pathlib import Path

import pytest

from tokenrouter.imports import sqlite_tables
from tokenrouter.imports.found import SourceUnreadable
from tokenrouter.imports.sqlite_tables import SqliteTables


def make(file: Path, *statements: str) -> Path:
    with sqlite3.connect(file) as db:
        for statement in statements:
            db.execute(statement)
    db.close()
    return file


def test_what_a_running_program_has_in_its_log_is_read(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    writer = sqlite3.connect(file)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE t (a)")
    writer.execute("INSERT INTO t VALUES ('fresh')")
    writer.commit()

    tables = SqliteTables(file, UTC)

    assert [row.text("a") for row in tables.rows("t")] == ["fresh"]
    tables.close()
    writer.close()


def test_nothing_is_made_beside_a_file_that_is_open_nowhere(tmp_path: Path) -> None:
    file = make(tmp_path / "x?y%.db", "PRAGMA journal_mode = WAL", "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")

    tables = SqliteTables(file, UTC)
    assert len(list(tables.rows("t"))) == 1
    tables.close()

    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_views_and_virtual_tables_are_no_tables(tmp_path: Path) -> None:
    file = make(
        tmp_path / "x.db",
        "CREATE TABLE t (a)",
        "CREATE VIEW users AS SELECT 1 AS id",
        "CREATE VIRTUAL TABLE tokens USING fts5(a)",
    )

    tables = SqliteTables(file, UTC)

    assert tables.columns("t") == {"a"}
    assert tables.columns("users") == tables.columns("tokens") == frozenset()
    tables.close()


def test_a_value_of_endless_length_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_tables, "MAX_VALUE_BYTES", 10_000)
    file = make(tmp_path / "x.db", "CREATE TABLE t (a)", "INSERT INTO t VALUES (zeroblob(100000))")
    tables = SqliteTables(file, UTC)

    with pytest.raises(SourceUnreadable, match="table t"):
        list(tables.rows("t"))
    tables.close()


def test_text_that_is_none_is_read_with_marks(tmp_path: Path) -> None:
    file = make(tmp_path / "x.db", "CREATE TABLE t (a)", "INSERT INTO t VALUES (CAST(x'ff41' AS TEXT))")
    tables = SqliteTables(file, UTC)

    assert [row.text("a") for row in tables.rows("t")] == ["\ufffdA"]
    tables.close()


def test_a_damaged_file_is_refused_in_words(tmp_path: Path) -> None:
    file = make(tmp_path / "x.db", "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
    file.write_bytes(file.read_bytes()[:100] + b"\xff" * 5000)

    with pytest.raises(SourceUnreadable):
        list(SqliteTables(file, UTC).rows("t"))
