import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenrouter.domain.errors import JournalUnavailable
from tokenrouter.domain.ledger import Subject
from tokenrouter.domain.limits import Amounts
from tokenrouter.domain.ownership import BatchInput, Debt, OwnedId
from tokenrouter.journal.ownership_log import FILE_NAME, MAGIC, OwnershipLog

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


def test_what_is_appended_to_a_file_that_another_has_rewritten_stands_in_the_new_one(tmp_path: Path) -> None:
    first = written(tmp_path)
    second = OwnershipLog(tmp_path)
    first.rewrite(RECORDS[1:2])
    second.append(RECORDS[0])

    assert OwnershipLog(tmp_path).load() == [RECORDS[1], RECORDS[0]]


def test_where_another_has_cut_off_damage_one_goes_on_behind_it(tmp_path: Path) -> None:
    first = OwnershipLog(tmp_path, is_shared=True)
    for record in RECORDS:
        first.append(record)
    assert first.news() == RECORDS
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    data[len(MAGIC) + 12] ^= 1
    path.write_bytes(data)
    second = OwnershipLog(tmp_path, is_shared=True)
    second.append(RECORDS[1])
    first.append(RECORDS[2])

    assert first.news() == second.news() == RECORDS[1:]


def test_a_record_of_a_newer_version_is_passed_over_and_stays(tmp_path: Path) -> None:
    log = written(tmp_path)
    log.append(RECORDS[0]._replace(kind="of tomorrow"))  # type: ignore[arg-type]
    log.close()
    size = (tmp_path / FILE_NAME).stat().st_size

    assert OwnershipLog(tmp_path).load() == RECORDS
    assert (tmp_path / FILE_NAME).stat().st_size == size


@pytest.mark.parametrize("is_shared", [False, True])
@pytest.mark.parametrize("torn", [1, 7, 20, "zeros"])
def test_what_a_crash_left_half_written_is_cut_off_before_the_next_record(
    tmp_path: Path, is_shared: bool, torn: int | str
) -> None:
    first, second = (OwnershipLog(tmp_path, is_shared=is_shared) for _ in range(2))
    first.append(RECORDS[0])
    assert second.news() == [RECORDS[0]]
    whole = (tmp_path / FILE_NAME).stat().st_size
    first.append(RECORDS[1])
    with (tmp_path / FILE_NAME).open("r+b") as file:
        if isinstance(torn, int):
            file.truncate(whole + torn)
        else:
            file.truncate(whole)
            file.truncate(whole + 40)
    first.close()
    assert second.news() == []

    second.append(RECORDS[2])
    third = OwnershipLog(tmp_path, is_shared=is_shared)
    third.append(RECORDS[1])

    assert second.news() == [RECORDS[2], RECORDS[1]]
    assert OwnershipLog(tmp_path, is_shared=is_shared).load() == [RECORDS[0], RECORDS[2], RECORDS[1]]


def test_many_that_write_at_once_cut_nothing_of_each_other(tmp_path: Path) -> None:
    logs = [OwnershipLog(tmp_path, is_shared=True) for _ in range(4)]
    written = [[RECORDS[1]._replace(id=f"batch-{n}-{number}") for number in range(25)] for n in range(4)]
    with ThreadPoolExecutor(4) as threads:
        for log, records in zip(logs, written, strict=True):
            for record in records:
                threads.submit(log.append, record)

    found = logs[0].news()
    assert sorted(found) == sorted(record for records in written for record in records)
    assert all(log.news() == found for log in logs[1:])


def test_only_the_first_of_those_that_have_it_open_is_first(tmp_path: Path) -> None:
    first, second = (OwnershipLog(tmp_path, is_shared=True) for _ in range(2))
    assert (first.is_first, second.is_first) == (True, False)

    first.close()
    assert OwnershipLog(tmp_path, is_shared=True).is_first


def test_the_news_of_a_shared_log_are_told_to_each_once_whoever_wrote_them(tmp_path: Path) -> None:
    first, second = (OwnershipLog(tmp_path, is_shared=True) for _ in range(2))
    assert first.news() == second.news() == []
    first.append(RECORDS[0])
    second.append(RECORDS[1])

    assert first.news() == second.news() == RECORDS[:2]
    assert first.news() == second.news() == []
    third = OwnershipLog(tmp_path, is_shared=True)
    assert third.load() == RECORDS[:2]
    assert third.news() == []


def test_a_shared_log_is_never_rewritten(tmp_path: Path) -> None:
    log = OwnershipLog(tmp_path, is_shared=True)
    log.append(RECORDS[0])
    log.rewrite([])

    assert log.load() == RECORDS[:1]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    log = OwnershipLog(tmp_path)
    log.close()
    with pytest.raises(JournalUnavailable):
        log.append(RECORDS[0])
