from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.entries import HELD, SUBJECT, begin_record, begun, ended, records
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal.format import (
    HEADER,
    MAGIC,
    Begin,
    End,
    Progress,
    Record,
    Whole,
    encode_begin,
    encode_end,
    encode_progress,
    encode_subject,
    encode_whole,
)
from tokenrouter.journal.names import DAMAGED_SUFFIX, room_of, segment_name
from tokenrouter.journal.reader import (
    OpenRequests,
    adopt,
    journal_files,
    put_away,
    read_records,
    remove_abandoned_room,
    remove_room,
)
from tokenrouter.journal.segment import Segment


def framed(record: Record) -> bytes:
    match record:
        case Begin(subject, first, held):
            return encode_begin(encode_subject(subject), first, held)
        case Progress(entry_id, held):
            return encode_progress(entry_id, held)
        case End(last):
            return encode_end(last)
        case Whole(subject, first, last, count, lent):
            return encode_whole(subject, first, last, count, lent)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / segment_name("writer", 1)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(folder) / "file"


def write(path: Path, written: Sequence[Record], *, zeros: int = 0) -> bytes:
    content = MAGIC + b"".join(map(framed, written)) + bytes(zeros)
    path.write_bytes(content)
    return content


@given(written=st.lists(records, max_size=8), zeros=st.integers(0, 20))
def test_what_was_written_is_read_in_its_order(scratch: Path, written: list[Record], zeros: int) -> None:
    write(scratch, written, zeros=zeros)

    assert [record for record, _ in read_records(scratch)] == written


@given(written=st.lists(records, max_size=8), data=st.data())
def test_a_file_cut_anywhere_gives_its_first_records(scratch: Path, written: list[Record], data: st.DataObject) -> None:
    content = write(scratch, written)
    cut = data.draw(st.integers(len(MAGIC), len(content)))
    scratch.write_bytes(content[:cut] + bytes(data.draw(st.integers(0, 30))))

    read = list(read_records(scratch))

    ends = [after for _, after in read]
    assert [record for record, _ in read] == written[: len(read)]
    assert len(read) == len(written) or cut < (ends[-1] if ends else len(MAGIC)) + len(framed(written[len(read)]))


@given(written=st.lists(records, min_size=1, max_size=8), data=st.data())
def test_reading_can_go_on_after_any_record(scratch: Path, written: list[Record], data: st.DataObject) -> None:
    write(scratch, written)
    offsets = [0, *(after for _, after in read_records(scratch))]
    skipped = data.draw(st.integers(0, len(written)))

    assert [record for record, _ in read_records(scratch, offsets[skipped])] == written[skipped:]


def test_a_changed_byte_ends_the_data(path: Path) -> None:
    content = bytearray(write(path, [begin_record("a"), End(ended("a")), End(ended("b"))]))
    first = len(MAGIC) + len(framed(begin_record("a")))
    content[first + HEADER.size + 3] ^= 1
    path.write_bytes(content)

    assert [after for _, after in read_records(path)] == [first]


def test_a_file_that_is_still_empty_has_no_records(path: Path) -> None:
    path.write_bytes(bytes(100))

    assert not list(read_records(path))


def test_a_file_of_something_else_is_refused(path: Path) -> None:
    path.write_bytes(b"TRJ9\0\0\0\0and more")

    with pytest.raises(ValueError, match="not a journal of this version"):
        list(read_records(path))


def test_a_live_file_is_read_as_far_as_it_is_written(path: Path) -> None:
    segment = Segment(path, 2**16)
    segment.append(framed(begin_record("a")))
    ((first, at),) = read_records(path)
    segment.append(framed(End(ended("a"))))

    assert first == begin_record("a")
    assert [record for record, _ in read_records(path, at)] == [End(ended("a"))]
    segment.close()


def test_files_come_oldest_first(tmp_path: Path) -> None:
    names = [segment_name("0001-9", 1), segment_name("0001-9", 2), segment_name("0002-1", 1)]
    for name in (*reversed(names), "0001-9.spare", "0001-9.reserve"):
        (tmp_path / name).touch()

    assert [path.name for path in journal_files(tmp_path)] == names
    assert [path.name for path in journal_files(tmp_path, "0002-1")] == names[2:]
    assert not journal_files(tmp_path / "missing")


def test_a_file_is_adopted_once_nobody_holds_it(path: Path) -> None:
    segment = Segment(path, 4096)
    with adopt(path) as while_written:
        assert not while_written
    segment.close()
    with adopt(path) as afterwards, adopt(path) as twice:
        assert afterwards
        assert not twice


def test_a_file_that_is_gone_cannot_be_adopted(path: Path) -> None:
    with adopt(path) as adopted:
        assert not adopted


def test_a_file_that_was_read_to_its_end_is_deleted(path: Path) -> None:
    content = write(path, [End(ended())], zeros=100)

    assert put_away(path, len(content) - 100)
    assert not path.exists()


@pytest.mark.parametrize("missing", [0, 1])
def test_a_file_with_unread_bytes_is_kept_for_a_person(path: Path, missing: int) -> None:
    content = write(path, [End(ended()), End(ended())])
    path.write_bytes(content[: len(content) - missing])
    first = len(MAGIC) + len(framed(End(ended())))

    assert not put_away(path, first)
    assert path.with_suffix(DAMAGED_SUFFIX).read_bytes() == content[: len(content) - missing]
    assert not journal_files(path.parent)


def test_the_room_of_a_dead_writer_is_given_back(tmp_path: Path) -> None:
    for room in (*room_of(tmp_path, "dead"), *room_of(tmp_path, "living")):
        room.touch()

    remove_room(tmp_path, "dead")

    assert sorted(tmp_path.iterdir()) == sorted(room_of(tmp_path, "living"))


def test_the_room_of_writers_without_a_journal_is_given_back_unless_they_live(tmp_path: Path) -> None:
    living = Segment(room_of(tmp_path, "living")[0], 4096)
    about_to_be_locked = room_of(tmp_path, "starting")[0]
    about_to_be_locked.touch()
    for room in room_of(tmp_path, "dead"):
        room.write_bytes(bytes(4096))

    remove_abandoned_room(tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted([living.path, about_to_be_locked])
    living.discard()


def test_an_end_completes_what_its_begin_said() -> None:
    requests = OpenRequests()

    assert requests.take(begin_record()) is None
    assert len(requests) == 1
    row = requests.take(End(ended()))

    assert row is not None
    assert (row.id, row.key_name, row.chain, row.model) == ("req_1", "alice", ("alice",), "small")
    assert (row.status, row.end_reason, row.usage) == (200, "completed", Usage(5, 6))
    assert not requests.interrupt_all()


def test_a_whole_entry_is_a_row_without_a_begin() -> None:
    row = OpenRequests().take(Whole(SUBJECT, begun(), ended(), 3))

    assert row is not None
    assert (row.key_name, row.status, row.count) == ("alice", 200, 3)


def test_an_end_whose_begin_the_disk_has_lost_still_counts() -> None:
    row = OpenRequests().take(End(ended()))

    assert row is not None
    assert (row.id, row.usage, row.key_name) == ("req_1", Usage(5, 6), "")


def test_what_never_ended_is_charged_what_it_was_allowed() -> None:
    requests = OpenRequests()
    requests.take(begin_record("a"))
    requests.take(begin_record("b"))
    requests.take(Progress("b", Amounts(1, 100, 900, 9000)))
    requests.take(Progress("unknown", HELD))

    interrupted = requests.interrupt_all()

    assert [(one.id, one.end_reason, one.estimated, one.status) for one in interrupted] == [
        ("a", "interrupted", True, 0),
        ("b", "interrupted", True, 0),
    ]
    assert [one.usage for one in interrupted] == [Usage(100, 200), Usage(100, 900)]
    assert [one.cost_nano_usd for one in interrupted] == [3000, 9000]
    assert not requests.interrupt_all()


def test_without_a_price_an_interrupted_request_costs_nobody_knows_what() -> None:
    requests = OpenRequests()
    requests.take(begin_record(held=Amounts(1, 100, 200)))

    assert [one.cost_nano_usd for one in requests.interrupt_all()] == [None]


def test_an_interrupted_request_at_a_price_of_nothing_costs_nothing() -> None:
    requests = OpenRequests()
    requests.take(Begin(SUBJECT._replace(price_source="file"), begun(), Amounts(1, 100, 200)))

    assert [(one.cost_nano_usd, one.price_source) for one in requests.interrupt_all()] == [(0, "file")]


def test_an_interrupted_request_is_charged_the_most_it_was_ever_allowed() -> None:
    requests = OpenRequests()
    requests.take(begin_record(held=Amounts(1, 100, 900, 3000)))
    requests.take(Progress("req_1", Amounts(1, 200, 300, 9000)))

    interrupted = requests.interrupt_all()

    assert [(one.usage, one.cost_nano_usd) for one in interrupted] == [(Usage(200, 900), 9000)]


@given(st.lists(records, max_size=30))
def test_every_begun_request_has_one_row_at_the_end(written: list[Record]) -> None:
    requests = OpenRequests()

    rows = [one for record in written if (one := requests.take(record)) is not None]
    rows += requests.interrupt_all()

    begun_ids = {record.begun.id for record in written if isinstance(record, Begin)}
    ended_ids = [
        record.ended.id if isinstance(record, End) else record.begun.id
        for record in written
        if isinstance(record, End | Whole)
    ]
    assert begun_ids | set(ended_ids) == {one.id for one in rows}
    assert len({one.id for one in rows[len(ended_ids) :]}) == len(rows) - len(ended_ids)
