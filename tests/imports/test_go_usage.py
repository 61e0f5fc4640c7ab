"""TokenRouter-Go's usage folder."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from tests.imports.conftest import BASE_URL, Here
from tests.imports.predecessors import build_tokenrouter_go
from tokenrouter.imports import go_usage
from tokenrouter.imports.found import SourceUnreadable
from tokenrouter.imports.go_usage import usage_folder, usage_rows
from tokenrouter.store.rollups import kept_days


def write(folder: Path, name: str, *lines: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(zstandard.compress("\n".join(map(json.dumps, lines)).encode()))


def test_a_sum_counts_as_many_requests_as_it_stands_for(here: Here, tmp_path: Path) -> None:
    here.bring("tokenrouter-go", build_tokenrouter_go(tmp_path, BASE_URL), tmp_path / "cache")

    folder = usage_folder(tmp_path / "cache")
    assert folder is not None
    rows = list(usage_rows(folder, {}))
    with here.store.read() as connection:
        days = kept_days(connection, "", "")
    assert sorted(row.count for row in rows) == [1, 1, 40]
    assert len(days) == 2


def test_use_that_has_moved_into_a_sum_meanwhile_is_not_counted_again(here: Here, tmp_path: Path) -> None:
    file = build_tokenrouter_go(tmp_path, BASE_URL)
    first = here.bring("tokenrouter-go", file, tmp_path / "cache")
    folder = usage_folder(tmp_path / "cache")
    assert folder is not None
    for path in folder.glob("raw/**/*.zst"):
        path.unlink()
    moved = {"start_at": datetime.fromtimestamp(1_789_999_800, UTC).isoformat(), "provider": "lab", "requests": 2}
    write(folder / "rollup" / "300", "4-5-6.jsonl.zst", moved)

    again = here.bring("tokenrouter-go", file, tmp_path / "cache")

    assert first.added["requests"] == 3
    assert again.added.get("requests", 0) == 0


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl.zst").write_bytes(zstandard.compress(b'{"timestamp":"2026-09-21T00:00:00Z"}\n{"timest'))

    assert len(list(usage_rows(tmp_path, {}))) == 1


def test_what_unpacks_to_more_than_is_imported_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_usage, "MAX_FILE_BYTES", 1000)
    (tmp_path / "1.jsonl.zst").write_bytes(zstandard.compress(b"{}\n" * 2000))

    with pytest.raises(SourceUnreadable, match="larger"):
        list(usage_rows(tmp_path, {}))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl.zst").write_bytes(b"no zstandard")

    with pytest.raises(SourceUnreadable, match=r"1\.jsonl\.zst"):
        list(usage_rows(tmp_path, {}))
