"""Tables as CSV (RFC 4180: commas, CRLF, quotes where they are needed), safe to be opened in a spreadsheet.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and names of keys and models come from
whoever asked for something. Such a text gets an apostrophe in front, which spreadsheets do not show, and so does a
text that begins with an apostrophe: taking away one apostrophe from the front gives back what was there.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

Cell = str | int | float | bool | None

RISKY_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
"""What a text must not begin with in a spreadsheet (OWASP, "CSV Injection", read 2026-11), and what marks it."""


def csv_text(header: Sequence[str], pages: Iterable[Iterable[Sequence[Cell]]]) -> Iterator[str]:
    """Yield the header, then a text for each page of rows; nothing of a page is kept once it is told."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    yield buffer.getvalue()
    for page in pages:
        buffer.seek(0)
        buffer.truncate()
        writer.writerows([_written(cell) for cell in row] for row in page)
        yield buffer.getvalue()


def defused(text: str) -> str:
    """Return `text` as no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(RISKY_STARTS) else text


def _written(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return defused(cell) if isinstance(cell, str) else cell
