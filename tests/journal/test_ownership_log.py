import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenrouter.domain.errors import JournalUnavailable
from tokenrouter.domain.ledger import Subject
from tokenrouter.domain.limits import Amounts
from tokenrouter.domain.ownership import BatchInput, Debt, OwnedId
from tokenrouter.journal.ownership_log import FILE_NAME, OwnershipLog

DEBT = Debt("req_1", 5, Subject("batches", "k", chain=("k", "p")), ("key:k", "global"), Amounts(1, 2, 3, 4))
RECORDS = [
    OwnedId("acme", "file", "file-1", "team:physics", 1, batch_input=BatchInput("acme/m", "m", 2, 300, 40, 1)),
    OwnedId("acme", "batch", "batch-1", "team:physics", 2, debt=DEBT),
    OwnedId("acme", "file", "file-1", "team:physics", 1, is_gone=True),
]


def written(folder: Path) -> OwnershipLog:
    log = OwnershipLog(folder)
    for record in RECORDS:
        log.append(record)
    return log


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    written(tmp_path).close()
    again = OwnershipLog(tmp_path)

    assert again.load() == RECORDS
    assert again.records == 3


@settings(max_examples=30)
@given(st.integers(1, 400))
def test_a_file_that_was_cut_short_is_read_up_to_there_and_goes_on(cut: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder).close()
        path = folder / FILE_NAME
        path.write_bytes(path.read_bytes()[: max(8, len(path.read_bytes()) - cut)])
        log = OwnershipLog(folder)
        kept = log.load()
        assert kept == RECORDS[: len(kept)]

        log.append(RECORDS[1])
        log.close()
        assert OwnershipLog(folder).load() == [*kept, RECORDS[1]]


def test_a_changed_byte_ends_the_file(tmp_path: Path) -> None:
    written(tmp_path).close()
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)

    assert OwnershipLog(tmp_path).load() == RECORDS[:2]


def test_rewriting_keeps_what_is_kept_and_takes_more(tmp_path: Path) -> None:
    log = written(tmp_path)
    log.rewrite(RECORDS[1:2])
    log.append(RECORDS[0])
    log.close()

    assert OwnershipLog(tmp_path).load() == [RECORDS[1], RECORDS[0]]


def test_a_second_process_appends_and_never_rewrites(tmp_path: Path) -> None:
    first = written(tmp_path)
    second = OwnershipLog(tmp_path)
    second.rewrite([])
    second.append(RECORDS[0])
    second.close()
    first.close()

    assert OwnershipLog(tmp_path).load() == [*RECORDS, RECORDS[0]]


def test_a_record_of_a_newer_version_is_passed_over_and_stays(tmp_path: Path) -> None:
    log = written(tmp_path)
    log.append(RECORDS[0]._replace(kind="of tomorrow"))  # type: ignore[arg-type]
    log.close()
    size = (tmp_path / FILE_NAME).stat().st_size

    assert OwnershipLog(tmp_path).load() == RECORDS
    assert (tmp_path / FILE_NAME).stat().st_size == size


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    log = OwnershipLog(tmp_path)
    log.close()
    with pytest.raises(JournalUnavailable):
        log.append(RECORDS[0])
