"""Reading the values of a report strictly: a CSV file with a header line, and numbers in words of their place.

A report that is misread looks like drift, so whatever is not exactly what was expected stops the reading and
is told with file, line and column.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from tokenrouter.providers.reports.lines import ReportInvalid

MAX_TOKENS: Final = 2**62
"""A larger count is damage: no sum of such counts fits into a database."""
MAX_USD: Final = 10**9
_SHOWN_CHARS: Final = 60

Shape = TypeVar("Shape")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, for messages."""

    file: str
    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """Return a cell without white space at its ends, "" where the column is missing."""
        return self.cells.get(column, "").strip()

    def day(self, column: str) -> date:
        """Return the UTC day of a cell that holds a date, or a date and a time."""
        return self._read(column, day_of)

    def usd(self, column: str) -> Decimal:
        """Return an amount of US dollars; negative ones are credits."""
        return self._read(column, usd_of)

    def count(self, column: str) -> int:
        """Return a number of tokens or requests; an empty cell is 0, and `12.0` is 12."""
        return self._read(column, count_of) if self.text(column) else 0

    def wrong(self, column: str, message: str) -> ReportInvalid:
        """Return the error that says what is wrong with a cell."""
        return ReportInvalid(f"{self.file}:{self.line}: column {column}: {message}")

    def _read(self, column: str, read: Callable[[str], Value]) -> Value:
        try:
            return read(self.text(column))
        except ValueError as error:
            raise self.wrong(column, str(error)) from None


def read_csv(name: str, lines: Iterable[str]) -> tuple[frozenset[str], Iterator[Place]]:
    """Return the columns of a CSV file (RFC 4180, with a header line), and its rows; empty rows are left out.

    Raises:
        ReportInvalid: it is empty, no CSV file, or (while rows are read) a row has another number of cells.
    """
    reader = csv.reader(lines, strict=True)
    try:
        header = [column.strip().removeprefix("\ufeff").strip('"') for column in next(reader, [])]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ReportInvalid(f"{name}:1: is not a CSV file: {error}") from None
    if len(header) < 2:
        raise ReportInvalid(f"{name}:1: is not a CSV file with a header line and commas")
    if len(set(header)) < len(header):
        twice = next(column for column in header if header.count(column) > 1)
        raise ReportInvalid(f"{name}:1: column {twice} stands twice")
    return frozenset(header), _rows(name, header, reader)


def _rows(name: str, header: list[str], reader: Any) -> Iterator[Place]:
    while True:
        try:
            cells = next(reader, None)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ReportInvalid(f"{name}:{reader.line_num}: is not a CSV file: {error}") from None
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise ReportInvalid(f"{name}:{reader.line_num}: has {len(cells)} cells where the header has {len(header)}")
        yield Place(name, reader.line_num, dict(zip(header, cells, strict=True)))


def unknown_columns(name: str, columns: frozenset[str], wanted: Mapping[str, tuple[str, ...]]) -> ReportInvalid:
    """Return the error for a file that is none of the reports in `wanted` (what it is → the columns it needs)."""
    kinds = "; ".join(f"{kind} ({', '.join(needed)})" for kind, needed in wanted.items())
    found = ", ".join(sorted(columns))[:300]
    return ReportInvalid(f"{name}:1: the columns are those of no report that is known. Known: {kinds}. Found: {found}")


def day_of(text: str) -> date:
    """Read `2026-11-01`, or a moment (`2026-11-01T10:00:00+02:00`, UTC where it has no zone), as its UTC day."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{_shown(text)} is not a date; expected 2026-11-01 or 2026-11-01T00:00:00Z") from None
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()


def day_of_seconds(seconds: int) -> date:
    """Return the UTC day of a time in seconds since the epoch."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{seconds} is not a time in seconds since 1970") from None


def usd_of(value: object) -> Decimal:
    """Read an amount of US dollars."""
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) > MAX_USD:
        raise ValueError(f"{_shown(value)} is not an amount of US dollars")
    return amount


def count_of(value: object) -> int:
    """Read a number of tokens or requests."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or number > MAX_TOKENS or number != number.to_integral_value():
        raise ValueError(f"{_shown(value)} is not a whole number of at least 0")
    return int(number)


def decode_page(subject: str, body: bytes, shape: type[Shape]) -> Shape:
    """Return a page of an API as `shape`.

    Raises:
        ReportInvalid: it is not JSON, or a field is missing or of the wrong type; the message has its path.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise ReportInvalid(f"{subject}: the answer is not what the vendor documents: {error}") from None


def _shown(value: object) -> str:
    return repr(str(value)[:_SHOWN_CHARS])
