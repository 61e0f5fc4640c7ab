"""What can be opened as a foreign database."""

import gzip
from pathlib import Path

import pytest

from tests.imports.test_sqlite_tables import make
from tokenrouter.imports import tables as module
from tokenrouter.imports.found import SourceUnreadable
from tokenrouter.imports.mysql_dump import MysqlDump
from tokenrouter.imports.sqlite_tables import SqliteTables
from tokenrouter.imports.tables import history, need_tables, open_tables, source_path, subjects


def test_a_file_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("CREATE TABLE t (a int);")

    assert isinstance(open_tables(str(make(tmp_path / "x.db", "CREATE TABLE t (a)"))), SqliteTables)
    assert isinstance(open_tables(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"), SqliteTables)
    assert isinstance(open_tables(str(tmp_path / "x.sql")), MysqlDump)


@pytest.mark.parametrize(
    ("content", "words"),
    [(gzip.compress(b"x", mtime=0), "unpack"), (b"\x00\x01", "neither"), (b"", "cannot be read"), (b"PGDMP", "unpack")],
)
def test_what_is_none_is_refused_with_words(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "x").write_bytes(content)

    with pytest.raises(SourceUnreadable, match=words):
        open_tables(str(tmp_path / "x"))


def test_tables_that_are_held_are_bounded_and_histories_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make(tmp_path / "x.db", "CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (2), (3)")
    tables = open_tables(str(file))
    monkeypatch.setattr(module, "MAX_SUBJECTS", 2)

    with pytest.raises(SourceUnreadable, match="more than 2"):
        subjects(tables, "t")
    assert len(list(history(tables, "t"))) == 3
    assert (subjects(tables, "missing"), list(history(tables, "missing"))) == ([], [])
    with pytest.raises(SourceUnreadable, match="no table u"):
        need_tables(tables, "X", "t", "u")
    tables.close()


def test_the_home_folder_of_nobody_is_refused() -> None:
    with pytest.raises(SourceUnreadable, match="nobody"):
        source_path("~no-such-user-here/x.db")
