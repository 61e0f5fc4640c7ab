import csv
import io
import json
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.entries import ENTRY, NOON_US, entry
from tokenrouter.domain.csv_text import RISKY_STARTS
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.jobs.ledger_export import COLUMNS, columns_of, csv_lines, time_text, usd_text
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, record
from tokenrouter.store.ledger_rows import ledger_pages

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "'=x", '"a,b"\n']
)
COUNTS = st.integers(0, 2**62)


@st.composite
def entries(draw: st.DrawFn) -> LedgerEntry:
    return LedgerEntry(
        id=draw(TEXTS),
        started_us=draw(st.integers(0, 4 * 10**15)),
        operation="chat",
        key_name=draw(TEXTS),
        team=draw(TEXTS),
        chain=tuple(draw(st.lists(TEXTS, max_size=2))),
        model=draw(TEXTS),
        stream=draw(st.booleans()),
        status=draw(st.integers(0, 599)),
        usage=Usage(draw(COUNTS), draw(COUNTS), tier=draw(TEXTS)),
        cost_nano_usd=draw(st.none() | COUNTS),
        changed=draw(TEXTS),
        count=draw(st.integers(1, 99)),
    )


def read_back(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def restored(cell: str) -> str:
    """What the documents say: one apostrophe is taken away from the front."""
    return cell.removeprefix("'")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(entries(), max_size=3), max_size=3))
def test_what_was_exported_reads_back_as_the_rows_were(pages: list[list[LedgerEntry]]) -> None:
    told = read_back("".join(csv_lines(pages)))

    rows = [row for page in pages for row in page]
    assert len(told) == len(rows)
    for cells, row in zip(told, rows, strict=True):
        for column in COLUMNS:
            cell, value = cells[column.name], column.read(row)
            if column.kind == "text":
                assert restored(cell) == (value or "")
            else:
                assert cell == ("" if value is None else str(value).lower())


@given(entries())
def test_no_cell_is_a_formula(row: LedgerEntry) -> None:
    cells = read_back("".join(csv_lines([[row]])))[0]

    assert not [cell for cell in cells.values() if cell.startswith(tuple(sign for sign in RISKY_STARTS if sign != "'"))]


def test_lines_end_as_the_standard_says() -> None:
    assert "".join(csv_lines([[ENTRY]], columns_of(["id", "cost_usd"]))) == "id,cost_usd\r\n01,0.000000025\r\n"


def test_every_field_of_a_row_has_a_column() -> None:
    names = {column.name for column in COLUMNS}

    fields = set(LedgerEntry.__dataclass_fields__) - {"usage"} | set(Usage._fields)
    assert names == fields | {"started_at", "cost_usd", "saved_usd"}


def test_columns_are_those_that_the_documents_promise() -> None:
    """Who removes or renames a column breaks somebody's program: new ones are added at the end, and here."""
    assert [column.name for column in COLUMNS[:8]] == [
        "id",
        "started_at",
        "started_us",
        "operation",
        "key_id",
        "key_name",
        "user",
        "team",
    ]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["cost_eur"], "there is no column 'cost_eur'; did you mean 'cost_usd'?"),
        (["x"], "use some of id, started_at"),
        (["id", "id"], "the column 'id' is named twice"),
    ],
)
def test_a_column_that_is_not_there_is_told(names: list[str], told: str) -> None:
    with pytest.raises(ValueError, match="column") as caught:
        columns_of(names)

    assert told in str(caught.value)


def test_columns_come_in_the_order_that_was_asked_for() -> None:
    assert [column.name for column in columns_of(["model", "id"])] == ["model", "id"]
    assert columns_of([]) == COLUMNS


def test_money_and_times_have_all_their_digits() -> None:
    assert usd_text(1_000_000_001) == "1.000000001"
    assert usd_text(-5) == "-0.000000005"
    assert time_text(NOON_US + 7) == "2026-01-01T12:00:00.000007Z"


def test_what_has_no_price_is_empty_and_not_free() -> None:
    unpriced = replace(ENTRY, cost_nano_usd=None, chain=("a", "b"))

    cells = read_back("".join(csv_lines([[unpriced]])))[0]

    assert cells["cost_usd"] == cells["cost_nano_usd"] == ""
    assert json.loads(cells["chain"]) == ["a", "b"]


@pytest.mark.torture
def test_two_hundred_thousand_rows_are_exported_in_bounded_memory(store: Store) -> None:
    for start in range(0, 200_000, 1000):
        rows = [entry(f"{number:09}", started_us=NOON_US + number) for number in range(start, start + 1000)]
        record(store, [Row(row) for row in rows], {})

    tracemalloc.start()
    lines = sum(text.count("\r\n") for text in csv_lines(ledger_pages(store, LedgerFilter())))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert lines == 200_001
    assert peak_bytes < 40 * 2**20
