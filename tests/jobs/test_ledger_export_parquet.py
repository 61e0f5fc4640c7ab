import io

import pyarrow.parquet as pq

from tests.store.entries import entry
from tokenrouter.jobs.ledger_export import COLUMNS, columns_of
from tokenrouter.jobs.ledger_export_parquet import write_parquet

PAGES = [[entry("a"), entry("b", cost_nano_usd=None)], [entry("c", key_name="=1+1", stream=True)]]


def test_what_was_exported_reads_back_as_the_rows_were() -> None:
    target = io.BytesIO()

    written = write_parquet(PAGES, target)

    table = pq.read_table(io.BytesIO(target.getvalue()))
    rows = [row for page in PAGES for row in page]
    assert written == 3
    assert table.column_names == [column.name for column in COLUMNS]
    assert table.to_pylist() == [{column.name: column.read(row) for column in COLUMNS} for row in rows]


def test_only_the_columns_that_are_wanted_are_written() -> None:
    target = io.BytesIO()

    write_parquet(PAGES, target, columns_of(["id", "cost_nano_usd"]))

    assert pq.read_table(io.BytesIO(target.getvalue())).to_pylist()[1] == {"id": "b", "cost_nano_usd": None}


def test_a_ledger_without_rows_is_a_file_without_rows() -> None:
    target = io.BytesIO()

    assert write_parquet([], target) == 0
    assert pq.read_table(io.BytesIO(target.getvalue())).num_rows == 0
