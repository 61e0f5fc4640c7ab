from pathlib import Path

from tokenrouter.journal.names import RESERVE_SUFFIX, SPARE_SUFFIX, SUFFIX, room_of, segment_name, writer_of


def test_a_segment_names_its_writer() -> None:
    assert writer_of(Path("journal") / segment_name("0017-99-ab", 3)) == "0017-99-ab"


def test_segments_of_a_writer_sort_by_number() -> None:
    names = [segment_name("w", number) for number in (1, 2, 10, 100_000)]

    assert sorted(names) == names


def test_room_is_not_taken_for_records() -> None:
    assert {path.suffix for path in room_of(Path("journal"), "w")} == {SPARE_SUFFIX, RESERVE_SUFFIX}
    assert not {SPARE_SUFFIX, RESERVE_SUFFIX} & {SUFFIX}
