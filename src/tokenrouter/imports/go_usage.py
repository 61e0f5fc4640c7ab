"""TokenRouter-Go's usage: a folder of compressed JSON lines, requests at first, sums by 5 minutes and by hour later.

Layout and fields: pkg/usagedb/store.go (read 2026-11): `raw/YYYY/MM/DD/HH/*.jsonl.zst`, `rollup/300`, `rollup/3600`.
The same use moves from one to the next, so what was imported once is told by time, not by row.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import zstandard

from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.imports.cells import Cells
from tokenrouter.imports.found import FoundKey, SourceUnreadable
from tokenrouter.imports.terms import imported_row

FOLDERS: Final = ("usage-stats-db", "usage-db")
MAX_FILES: Final = 200_000
MAX_LINE_BYTES: Final = 64 * 2**10
MAX_FILE_BYTES: Final = 2 * 2**30
"""Unpacked; a bound for what a few hostile kilobytes may become."""
READ_BYTES: Final = 2**20


def usage_folder(folder: Path) -> Path | None:
    """Return where the usage lies in a cache folder, None where there is none."""
    return next((folder / name for name in FOLDERS if (folder / name).is_dir()), None)


def usage_rows(folder: Path, keys: Mapping[str, FoundKey]) -> Iterator[LedgerEntry]:
    """Yield the rows of a usage folder; `keys` are by name, which is all that its events know.

    Raises:
        SourceUnreadable: a file is damaged or too large.
    """
    for number, path in enumerate(sorted(folder.rglob("*.jsonl.zst"))):
        if number >= MAX_FILES:
            raise SourceUnreadable(f"{folder} has more than {MAX_FILES} files")
        for line in _lines(path):
            row = Cells(line)
            yield _sum_row(row, keys) if "start_at" in line else _event_row(row, keys)


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON objects of a file; what was cut off at its end, as by a crash, is left out."""
    rest, unpacked = b"", 0
    try:
        with (
            path.open("rb") as file,
            zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(file, read_across_frames=True) as reader,
        ):
            while chunk := reader.read(READ_BYTES):
                unpacked += len(chunk)
                *lines, rest = (rest + chunk).split(b"\n")
                if unpacked > MAX_FILE_BYTES or len(rest) > MAX_LINE_BYTES:
                    raise SourceUnreadable(f"{path} is larger than what is imported")
                yield from filter(None, map(_object, lines))
    except (OSError, zstandard.ZstdError) as error:
        raise SourceUnreadable(f"{path} cannot be read: {error}") from None
    if (last := _object(rest)) is not None:
        yield last


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _event_row(row: Cells, keys: Mapping[str, FoundKey]) -> LedgerEntry:
    started_us = row.time_us("timestamp")
    return _row(row, started_us, row.text("timestamp"), keys, status=row.number("status_code", 200))


def _sum_row(row: Cells, keys: Mapping[str, FoundKey]) -> LedgerEntry:
    return _row(row, row.time_us("start_at"), row.text("start_at"), keys, count=max(1, row.count("requests")))


def _row(
    row: Cells, started_us: int, moment: str, keys: Mapping[str, FoundKey], *, status: int = 200, count: int = 1
) -> LedgerEntry:
    name, provider = row.text("api_key_name"), row.text("provider")
    key, asked = keys.get(name), row.text("model")
    usage = Usage(row.count("prompt_tokens"), row.count("completion_tokens"), row.count("prompt_cached_tokens"))
    who = (name, provider, asked, row.text("client_ip"), row.text("user_agent"))
    return imported_row(
        ("tokenrouter-go", moment, *who, status, count, *usage[:3], row.number("latency_ms")),
        started_us,
        usage,
        key_id=key.id if key else "",
        key_name=name,
        user=key.user if key else "",
        team=key.team if key else "",
        provider=provider,
        model=asked.removeprefix(f"{provider}/"),
        requested_model=asked,
        status=status,
        latency_us=(row.count("latency_ms") or row.count("latency_ms_sum") // count) * 1000,
        client_ip=row.text("client_ip"),
        client_tool=row.text("client_type"),
        count=count,
    )
