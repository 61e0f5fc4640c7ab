"""The ledger as a table for other programs: which columns, and CSV of them.

Names and meanings of columns stay as they are from version to version (docs/ledger.md); new ones are added at the
end. Money is there twice: as decimal dollars, exact and as text, and as whole nano-dollars for those who add up.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final, Literal

from tokenrouter.domain.csv_text import Cell, csv_text
from tokenrouter.domain.ledger import LedgerEntry, NanoUsd, Usage

Kind = Literal["text", "integer", "boolean"]

_NANO_PER_USD: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what its cells are, and where they come from. Every cell but a count may be empty."""

    name: str
    kind: Kind
    read: Callable[[LedgerEntry], Cell]


def usd_text(nano: NanoUsd) -> str:
    """Return nano-dollars as US dollars with all nine decimals."""
    whole, rest = divmod(abs(nano), _NANO_PER_USD)
    return f"{'-' if nano < 0 else ''}{whole}.{rest:09d}"


def time_text(time_us: int) -> str:
    """Return a time as ISO 8601 in UTC with microseconds."""
    seconds, rest_us = divmod(time_us, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_us:06d}Z"


def _field(name: str, kind: Kind = "text") -> Column:
    return Column(name, kind, lambda row: getattr(row, name))


def _used(name: str) -> Column:
    kind: Kind = "text" if name == "tier" else "integer"
    return Column(name, kind, lambda row: getattr(row.usage, name))


COLUMNS: Final = (
    _field("id"),
    Column("started_at", "text", lambda row: time_text(row.started_us)),
    _field("started_us", "integer"),
    _field("operation"),
    _field("key_id"),
    _field("key_name"),
    _field("user"),
    _field("team"),
    Column("chain", "text", lambda row: json.dumps(row.chain) if row.chain else ""),
    _field("client_ip"),
    _field("client_tool"),
    _field("client_request_id"),
    _field("alias"),
    _field("requested_model"),
    _field("provider"),
    _field("model"),
    _field("stream", "boolean"),
    _field("status", "integer"),
    _field("end_reason"),
    _field("error_code"),
    *(_used(name) for name in Usage._fields),
    _field("estimated", "boolean"),
    _field("overrun", "integer"),
    Column("cost_usd", "text", lambda row: None if row.cost_nano_usd is None else usd_text(row.cost_nano_usd)),
    _field("cost_nano_usd", "integer"),
    _field("price_source"),
    _field("latency_us", "integer"),
    _field("first_token_us", "integer"),
    _field("bytes_in", "integer"),
    _field("bytes_out", "integer"),
    _field("changed"),
    _field("provider_request_id"),
    _field("count", "integer"),
    _field("answered_by"),
    _field("origin_id"),
    Column("saved_usd", "text", lambda row: usd_text(row.saved_nano_usd)),
    _field("saved_nano_usd", "integer"),
    _field("decision"),
    _field("traceparent"),
)
"""Every column, in the order of the file."""


def columns_of(names: Iterable[str]) -> tuple[Column, ...]:
    """Return the columns of these names in their order, all columns for none.

    Raises:
        ValueError: there is no such column, or a name stands twice.
    """
    by_name = {column.name: column for column in COLUMNS}
    wanted = list(names)
    for name in wanted:
        if name not in by_name:
            near = get_close_matches(name, by_name, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"use some of {', '.join(by_name)}"
            raise ValueError(f"there is no column {name!r}; {hint}")
        if wanted.count(name) > 1:
            raise ValueError(f"the column {name!r} is named twice")
    return tuple(by_name[name] for name in wanted) or COLUMNS


def csv_lines(pages: Iterable[list[LedgerEntry]], columns: tuple[Column, ...] = COLUMNS) -> Iterator[str]:
    """Yield CSV: the header, then a text for each page."""
    rows = ([[column.read(row) for column in columns] for row in page] for page in pages)
    return csv_text([column.name for column in columns], rows)
