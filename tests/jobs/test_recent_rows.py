from tests.store.entries import entry
from tokenrouter.jobs.recent_rows import RecentRows


def ids(rows: RecentRows, number: int) -> list[str]:
    return [row.entry.id for row in rows.after(number)]


def test_what_came_in_after_a_number_is_told_in_its_order() -> None:
    rows = RecentRows()
    rows.take([entry("b"), entry("a")])
    seen = rows.last
    rows.take([entry("c")])

    assert ids(rows, 0) == ["b", "a", "c"]
    assert ids(rows, seen) == ["c"]
    assert ids(rows, rows.last) == []


def test_a_row_that_is_known_is_not_new() -> None:
    rows = RecentRows()
    rows.take([entry("a")])
    seen = rows.last
    rows.take([entry("a"), entry("b")])

    assert ids(rows, seen) == ["b"]


def test_the_oldest_are_forgotten_and_a_reader_is_told_that_something_is_missing() -> None:
    rows = RecentRows(room=2)
    rows.take([entry("a"), entry("b"), entry("c")])

    assert ids(rows, 0) == ["b", "c"]
    assert [number for number in range(5) if rows.reaches(number)] == [1, 2, 3]
