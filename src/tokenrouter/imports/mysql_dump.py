"""The dump of a MySQL or MariaDB, read as if it were the database: `CREATE TABLE` for names, `INSERT` for rows.

The file is mapped, not read: a first walk notes where the rows of each table begin, and rows are taken apart when they
are asked for, one by one, so that neither a dump of gigabytes nor one statement of a hundred megabytes takes memory.
Grammar: MySQL 9 Reference Manual, "Literal Values" and "Comments" (read 2026-11); what is between `/*!` and `*/` is for
servers, and is a comment here. Nothing of the dump is executed.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from tokenrouter.imports.cells import Cells
from tokenrouter.imports.found import SourceUnreadable

MAX_VALUE_BYTES: Final = 16 * 2**20
"""Longest text that is taken as a value."""
MAX_STATEMENTS: Final = 2_000_000
"""Most `INSERT` statements that are noted; with a row each, as some tools write them, these are some 300 MB."""
MAX_COLUMNS: Final = 1000

_STRING: Final = rb"'[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+'"
_DOUBLE: Final = rb'"[^"\\]*+(?:(?:\\.|"")[^"\\]*+)*+"'
_NAME: Final = rb"`[^`]*+(?:``[^`]*+)*+`"
_COMMENT: Final = rb"/\*.*?\*/|--(?=[\s\x00]|$)[^\n]*+|\#[^\n]*+"
_BLANK: Final = re.compile(rb"(?:[\s\x00]++|" + _COMMENT + rb")*+", re.DOTALL)
_TO_END: Final = re.compile(
    rb"(?:[^;'\"`#/\-]++|" + rb"|".join((_STRING, _DOUBLE, _NAME, _COMMENT)) + rb"|[/\-](?!\*))*+;?", re.DOTALL
)
_WORD: Final = re.compile(rb"[A-Za-z_]++")
_DELIMITER: Final = re.compile(rb"[^\n]*+")
_INSERT: Final = re.compile(
    rb"(?:INSERT|REPLACE)\s++(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE)\s++)*+(?:INTO\s++)?+", re.IGNORECASE
)
_CREATE: Final = re.compile(rb"CREATE\s++(?:TEMPORARY\s++)?+TABLE\s++(?:IF\s++NOT\s++EXISTS\s++)?+", re.IGNORECASE)
_IDENTIFIER: Final = re.compile(rb"(`[^`]*+(?:``[^`]*+)*+`|[\w$]++)(?:\s*+\.\s*+(`[^`]*+(?:``[^`]*+)*+`|[\w$]++))?+")
_VALUES: Final = re.compile(rb"VALUES?+", re.IGNORECASE)
_VALUE: Final = re.compile(
    rb"(?P<null>NULL)\b|(?P<true>TRUE)\b|(?P<false>FALSE)\b"
    rb"|(?:_(?P<charset>[a-z0-9]++)\s*+)?+(?P<string>" + _STRING + rb"|" + _DOUBLE + rb")"
    rb"|(?:_[a-z0-9]++\s*+)?+(?:0x(?P<hex>[0-9a-f]++)|x'(?P<quoted_hex>[0-9a-f]*+)')"
    rb"|0?b'?(?P<bits>[01]++)'?|(?P<number>[-+]?(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:e[-+]?[0-9]++)?+)",
    re.IGNORECASE | re.DOTALL,
)
_NEXT: Final = re.compile(rb"[(),;]")
_NO_COLUMN: Final = frozenset(
    {b"PRIMARY", b"KEY", b"UNIQUE", b"INDEX", b"CONSTRAINT", b"FOREIGN", b"FULLTEXT", b"SPATIAL", b"CHECK"}
)
_DEFINITION: Final = re.compile(
    rb"(?:[^(),'\"`#/\-]++|" + rb"|".join((_STRING, _DOUBLE, _NAME, _COMMENT)) + rb"|[/\-](?!\*))*+", re.DOTALL
)
_ESCAPE: Final = re.compile(rb"\\(.)|(['\"])\2", re.DOTALL)
_ESCAPED: Final = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}


@dataclass(frozen=True, slots=True)
class _Insert:
    """Where the rows of one statement begin; `columns` are empty where the statement names none."""

    at: int
    columns: tuple[str, ...]


class MysqlDump:
    """An open dump."""

    def __init__(self, path: Path, zone: tzinfo) -> None:
        """Raises SourceUnreadable: it cannot be opened, or is no dump."""
        self._path = path
        self._zone = zone
        self._columns: dict[str, tuple[str, ...]] = {}
        self._inserts: dict[str, list[_Insert]] = {}
        try:
            with path.open("rb") as file:
                self._text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise SourceUnreadable(f"{path} cannot be read: {error}") from None
        self._note_statements()
        if not self._columns and not self._inserts:
            raise SourceUnreadable(f"{path} is neither a database nor a dump: there is no table in it")

    def columns(self, table: str) -> frozenset[str]:
        """Return the names of a table's columns; none when there is no such table."""
        inserts = self._inserts.get(table, [])
        return frozenset(self._columns.get(table) or (inserts[0].columns if inserts else ()))

    def rows(self, table: str) -> Iterator[Cells]:
        """Yield the rows of a table that is there."""
        for insert in self._inserts.get(table, []):
            names = insert.columns or self._columns.get(table, ())
            for values in self._rows_at(insert.at):
                if len(values) != len(names):
                    raise self._mistake(
                        insert.at, f"a row of {table} has {len(values)} values for {len(names)} columns"
                    )
                yield Cells(dict(zip(names, values, strict=True)), self._zone)

    def close(self) -> None:
        """Let the file go."""
        self._text.close()

    def _note_statements(self) -> None:
        at, end, statements = self._skip(0), len(self._text), 0
        while at < end:
            word = _WORD.match(self._text, at)
            kind = word[0].upper() if word is not None else b""
            if kind == b"DELIMITER":
                at = self._skip(self._end(_DELIMITER, at))
                continue
            if kind in (b"INSERT", b"REPLACE"):
                self._note_insert(at)
                statements += 1
            elif kind == b"CREATE":
                self._note_table(at)
            if statements > MAX_STATEMENTS:
                raise SourceUnreadable(f"{self._path} has more than {MAX_STATEMENTS} INSERT statements")
            after = self._end(_TO_END, at)
            if after == at:
                raise self._mistake(at, "a text, a name or a comment does not end")
            at = self._skip(after)

    def _note_insert(self, at: int) -> None:
        into = _INSERT.match(self._text, at)
        table = _IDENTIFIER.match(self._text, into.end() if into is not None else at)
        if into is None or table is None:
            return
        at = self._skip(table.end())
        columns: tuple[str, ...] = ()
        if self._text[at : at + 1] == b"(":
            columns, at = self._names_at(at)
        values = _VALUES.match(self._text, at)
        if values is not None:
            name = _name(table[2] or table[1])
            self._inserts.setdefault(name, []).append(_Insert(self._skip(values.end()), columns))

    def _names_at(self, at: int) -> tuple[tuple[str, ...], int]:
        names: list[str] = []
        while self._text[at : at + 1] in (b"(", b","):
            name = _IDENTIFIER.match(self._text, self._skip(at + 1))
            if name is None or len(names) >= MAX_COLUMNS:
                raise self._mistake(at, "the columns of an INSERT cannot be read")
            names.append(_name(name[1]))
            at = self._skip(name.end())
        return tuple(names), self._skip(at + 1)

    def _note_table(self, at: int) -> None:
        create = _CREATE.match(self._text, at)
        table = _IDENTIFIER.match(self._text, create.end()) if create is not None else None
        if table is None:
            return
        at = self._skip(table.end())
        if self._text[at : at + 1] == b"(":
            self._columns[_name(table[2] or table[1])] = tuple(self._definitions_at(at + 1))

    def _definitions_at(self, at: int) -> Iterator[str]:
        """Yield the columns of a `CREATE TABLE`: what each of its definitions begins with."""
        depth, begins, seen = 1, True, 0
        while depth and at < len(self._text):
            at = self._skip(at)
            name = _IDENTIFIER.match(self._text, at) if begins else None
            if name is not None and name[1].upper() not in _NO_COLUMN:
                seen += 1
                if seen > MAX_COLUMNS:
                    raise self._mistake(at, f"a table has more than {MAX_COLUMNS} columns")
                yield _name(name[1])
            at = self._end(_DEFINITION, at)
            mark = self._text[at : at + 1]
            depth += {b"(": 1, b")": -1}.get(mark, 0)
            begins = mark == b"," and depth == 1
            at += 1

    def _rows_at(self, at: int) -> Iterator[list[Any]]:
        while self._text[at : at + 1] == b"(":
            values: list[Any] = []
            mark = b"("
            while mark != b")":
                value, at = self._value_at(self._skip(at + 1))
                values.append(value)
                mark = self._text[at : at + 1]
                if mark not in (b",", b")") or len(values) > MAX_COLUMNS:
                    raise self._mistake(at, "a row cannot be read")
            yield values
            at = self._skip(at + 1)
            if self._text[at : at + 1] == b",":
                at = self._skip(at + 1)

    def _value_at(self, at: int) -> tuple[Any, int]:
        found = _VALUE.match(self._text, at)
        if found is None:
            raise self._mistake(at, "a value cannot be read")
        return self._value(found), self._skip(found.end())

    def _value(self, found: re.Match[bytes]) -> Any:
        if found.end() - found.start() > 2 * MAX_VALUE_BYTES + 64:
            raise self._mistake(found.start(), f"a value is longer than {MAX_VALUE_BYTES} bytes")
        kind = found.lastgroup
        said = found[kind or 0]
        match kind:
            case "string":
                raw = _ESCAPE.sub(_unescaped, said[1:-1])
                return raw if (found["charset"] or b"").lower() == b"binary" else raw.decode("utf-8", "replace")
            case "number":
                return int(said) if said.lstrip(b"+-").isdigit() and len(said) < 40 else said.decode("ascii")
            case "hex" | "quoted_hex":
                return bytes.fromhex(said.decode("ascii").rjust(len(said) + len(said) % 2, "0"))
            case "bits":
                return int(said[:64], 2)
            case "null":
                return None
            case _:
                return kind == "true"

    def _skip(self, at: int) -> int:
        """Return where blanks and comments end."""
        return self._end(_BLANK, at)

    def _end(self, pattern: re.Pattern[bytes], at: int) -> int:
        found = pattern.match(self._text, at)
        return found.end() if found is not None else at

    def _mistake(self, at: int, words: str) -> SourceUnreadable:
        line = self._text[:at].count(b"\n") + 1 if at < 2**30 else 0
        return SourceUnreadable(f"{self._path}:{line}: {words}")


def _name(said: bytes) -> str:
    plain = said[1:-1].replace(b"``", b"`") if said.startswith(b"`") else said
    return plain.decode("utf-8", "replace")


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        return bytes(found[2])
    return _ESCAPED.get(found[1], bytes(found[1]))
