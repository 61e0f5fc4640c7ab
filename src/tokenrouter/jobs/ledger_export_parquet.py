"""The ledger as a Parquet file, for those who installed what that takes (`tokenrouter[parquet]`).

A module of its own, since it loads Apache Arrow, which is larger than all the rest of the program.
"""

from collections.abc import Iterable
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.jobs.ledger_export import COLUMNS, Column, Kind

_TYPES: Final[dict[Kind, pa.DataType]] = {"text": pa.string(), "integer": pa.int64(), "boolean": pa.bool_()}


def write_parquet(pages: Iterable[list[LedgerEntry]], target: IO[bytes], columns: tuple[Column, ...] = COLUMNS) -> int:
    """Write the rows, each page as a row group, so that only one is held; return how many there were.

    Cells are those of the CSV file before anything is put in front of them.
    """
    schema = pa.schema([(column.name, _TYPES[column.kind]) for column in columns])
    rows = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for page in pages:
            cells = [[column.read(row) for row in page] for column in columns]
            writer.write_table(pa.table(cells, schema=schema))
            rows += len(page)
    return rows
