"""Reading prices from a page that is made for people, because its vendor publishes them nowhere else.

OpenCode Zen is the one (opencode.ai/docs/zen, read 2026-11; TokenRouter-Go reads the same page). A first table has
model names and ids, a second one names and prices per million tokens; a name may end in what lengths its price is for.
The page comes as HTML or, from its source, as Markdown. Whatever does not look like that is passed over: a page that
has changed its shape gives no prices, never wrong ones.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Final

from tokenrouter.domain.limit_text import parse_usd
from tokenrouter.domain.prices import MAX_RATE, Price, Rates, rates_of

MAX_ROWS: Final = 2000
_COLUMNS: Final = {
    "input": "input",
    "output": "output",
    "cached read": "cached_input",
    "cached write": "cache_write",
}
_NAME: Final = "model"
_ID: Final = "model id"
_LENGTH: Final = re.compile(r"(?P<name>.*?)\s*\(\s*(?P<sign>≤|>)\s*(?P<thousands>\d{1,5})k\s+tokens\s*\)")
"""`claude sonnet 4.5 (> 200k tokens)`, in lower case."""
_DOLLARS: Final = re.compile(r"\$(\d{1,7}(?:\.\d{1,9})?)")

Row = Sequence[str]


def read_page_prices(text: str, *, source: str, dated: str) -> dict[str, Price]:
    """Return prices by model id; none where the page is not what it was."""
    ids: dict[str, str] = {}
    usual: dict[str, Rates] = {}
    above: dict[str, list[tuple[int, Rates]]] = {}
    for heads, row in _rows(text):
        cells = dict(zip(heads, row, strict=False))
        name = cells.get(_NAME, "")
        if _ID in cells:
            ids[name.lower()] = cells[_ID]
        elif (rates := _rates(cells)) is not None:
            _take(name.lower(), rates, usual, above)
    return {
        ids[name]: Price(rates, tuple(sorted(above.get(name, []))), source=source, dated=dated)
        for name, rates in usual.items()
        if name in ids
    }


def _take(name: str, rates: Rates, usual: dict[str, Rates], above: dict[str, list[tuple[int, Rates]]]) -> None:
    """Note a row; one that is for longer requests than its model's other row has its own."""
    length = _LENGTH.fullmatch(name)
    if length is None:
        usual[name] = rates
    elif length["sign"] == ">":
        above.setdefault(length["name"], []).append((int(length["thousands"]) * 1000, rates))
    else:
        usual[length["name"]] = rates


def _rates(cells: Mapping[str, str]) -> Rates | None:
    found: dict[str, int] = {}
    for column, kind in _COLUMNS.items():
        text = cells.get(column, "-")
        if text == "-":
            continue
        rate = _rate(text)
        if rate is None:
            return None
        found[kind] = rate
    return rates_of(**found) if {"input", "output"} <= found.keys() else None


def _rate(text: str) -> int | None:
    if text.lower() == "free":
        return 0
    dollars = _DOLLARS.fullmatch(text)
    if dollars is None:
        return None
    nano = parse_usd(dollars[1])
    return nano if nano <= MAX_RATE else None


def _rows(text: str) -> Iterator[tuple[Row, Row]]:
    """Yield each row of each table, with the heads of its columns in lower case."""
    tables = _html_tables(text) if "<table" in text else _markdown_tables(text.splitlines())
    for number, (heads, row) in enumerate(tables):
        if number == MAX_ROWS:
            return
        yield heads, row


def _markdown_tables(lines: Iterable[str]) -> Iterator[tuple[Row, Row]]:
    heads: Row = ()
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|"):
            heads = ()
        elif not heads:
            heads = [cell.lower() for cell in cells]
        elif not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            yield heads, cells


def _html_tables(text: str) -> Iterator[tuple[Row, Row]]:
    reader = _TableReader()
    reader.feed(text)
    yield from reader.rows


class _TableReader(HTMLParser):
    """Collects the cells of tables; a row of `th` has the heads."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[Row, Row]] = []
        self._heads: Row = ()
        self._cells: list[str] = []
        self._is_head = False
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._heads = ()
        elif tag == "tr":
            self._cells = []
        elif tag in ("td", "th"):
            self._is_head = tag == "th"
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._text is not None:
            self._cells.append(" ".join("".join(self._text).split()))
            self._text = None
        elif tag == "tr" and self._is_head:
            self._heads = [cell.lower() for cell in self._cells]
        elif tag == "tr":
            self.rows.append((self._heads, self._cells))
