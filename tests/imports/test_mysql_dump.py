"""The dump of a MySQL, whatever stands in it."""

from contextlib import suppress
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imports.predecessors import mysql_literal
from tokenrouter.imports.found import SourceUnreadable
from tokenrouter.imports.mysql_dump import MysqlDump

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\"\\`;,()#-/*\n\r\0\x1a%_ "), max_size=30)
VALUES = st.none() | st.integers(-(2**63), 2**64) | TEXTS | st.binary(min_size=1, max_size=20)
ROWS = st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=6)
BLANKS = st.sampled_from(
    ["", " ", "\n", "\t", " /* a ; comment ' */ ", "\n-- it's a line\n", '\n# an other"\n', "/*!40101 x*/"]
)


def read(folder: Path, text: str | bytes, table: str = "t") -> list[tuple[object, ...]]:
    file = folder / "dump.sql"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    dump = MysqlDump(file, UTC)
    try:
        return [tuple(row.values.values()) for row in dump.rows(table)]
    finally:
        dump.close()


@given(rows=ROWS, blank=BLANKS, names=st.booleans())
def test_whatever_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], blank: str, names: bool
) -> None:
    columns = "(`a`, `b`, `c``d`)" if names else ""
    said = f",{blank}".join(f"({blank}{f',{blank}'.join(map(mysql_literal, row))}{blank})" for row in rows)
    text = (
        f"{blank}CREATE TABLE IF NOT EXISTS `t` (\n `a` int DEFAULT '1;)',\n b text COMMENT 'x,`y`',\n"
        f" `c``d` decimal(10,2),\n PRIMARY KEY (`a`), KEY `k` (`b`(20))\n) ENGINE=InnoDB;\n"
        f"SELECT 'INSERT INTO t VALUES (9)';{blank}INSERT INTO `t` {columns}{blank} VALUES {blank}{said};{blank}"
    )
    assert read(tmp_path_factory.mktemp("dump"), text) == rows


@given(st.binary(max_size=200))
def test_rubbish_is_read_or_refused_and_nothing_else(tmp_path_factory: pytest.TempPathFactory, rubbish: bytes) -> None:
    with suppress(SourceUnreadable):
        read(tmp_path_factory.mktemp("dump"), b"INSERT INTO t VALUES " + rubbish)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'it''s'", "it's"),
        ('"double ""quoted"""', 'double "quoted"'),
        (r"'\%\_\q\Z'", "%_q\x1a"),
        ("_binary '\\0\\'x'", b"\0'x"),
        ("_utf8mb4'x'", "x"),
        ("0xCAFE", b"\xca\xfe"),
        ("x'cafe'", b"\xca\xfe"),
        ("b'101'", 5),
        ("-1.5e3", "-1.5e3"),
        ("TRUE", True),
        ("null", None),
        ("'é\U0001f600'", "é\U0001f600"),
    ],
)
def test_each_kind_of_literal_is_read(tmp_path: Path, literal: str, value: object) -> None:
    assert read(tmp_path, f"INSERT INTO t (a) VALUES ({literal});") == [(value,)]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t (a) VALUES (1, 2);",
        "INSERT INTO t (a) VALUES (now());",
        "INSERT INTO t (a) VALUES ('never ends",
        "CREATE TABLE t (a int); INSERT INTO t VALUES ((1));",
        "just words",
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceUnreadable, match=r"dump\.sql"):
        read(tmp_path, text)


def test_statements_between_delimiters_are_passed_over(tmp_path: Path) -> None:
    text = "DELIMITER ;;\nCREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = ';'; END ;;\nDELIMITER ;\n"

    assert read(tmp_path, text + "INSERT INTO `db`.`t` (`a`) VALUES (1),(2);") == [(1,), (2,)]


def test_a_table_that_is_not_there_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_text("CREATE TABLE t (a int);")
    dump = MysqlDump(tmp_path / "dump.sql", UTC)

    assert (dump.columns("t"), dump.columns("u"), list(dump.rows("u"))) == (frozenset({"a"}), frozenset(), [])
    dump.close()


def test_a_long_text_takes_no_more_than_its_length(tmp_path: Path) -> None:
    long = "x'" * 500_000

    assert read(tmp_path, f"INSERT INTO t (a) VALUES ({mysql_literal(long)});") == [(long,)]
