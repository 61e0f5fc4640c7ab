import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.observe.log_reader import HOLD_US, MAX_READ_BYTES, LogFilter, LogFollower, clear_logs, newest_lines

Write = Callable[..., None]
ALL = LogFilter()


def line(time_us: int, message: str = "", *, level: str = "info", process: str = "data", **fields: object) -> bytes:
    told = {"id": f"{time_us:014x}-1", "time_us": time_us, "level": level, "process": process}
    return (
        json.dumps({**told, "message": message, "fields": fields}, ensure_ascii=False, separators=(",", ":")).encode()
        + b"\n"
    )


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that adds lines to a file."""

    def add(name: str, *lines: bytes) -> None:
        with (tmp_path / f"{name}.jsonl").open("ab") as file:
            file.write(b"".join(lines))

    return add


def messages(folder: Path, wanted: LogFilter = ALL, *, limit: int = 100) -> list[str]:
    return [one.message for one in newest_lines(folder, wanted, limit=limit)]


def test_lines_of_all_files_come_newest_first(tmp_path: Path, write: Write) -> None:
    write("a", line(1, "1"), line(4, "4"))
    write("b", line(2, "2"), line(3, "3"), line(5, "5"))

    assert messages(tmp_path) == ["5", "4", "3", "2", "1"]


@given(st.lists(st.integers(0, 2), max_size=30), st.integers(1, 7))
def test_pages_together_are_all_lines_once(
    tmp_path_factory: pytest.TempPathFactory, owners: list[int], size: int
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    for moment, owner in enumerate(owners):
        with (folder / f"{owner}.jsonl").open("ab") as file:
            file.write(line(moment, str(moment)))
    found: list[str] = []
    before = ""
    while page := newest_lines(folder, LogFilter(), limit=size, before_id=before):
        found += [one.message for one in page]
        before = page[-1].id

    assert found == [str(moment) for moment in reversed(range(len(owners)))]


def test_long_files_are_read_over_many_blocks(tmp_path: Path, write: Write) -> None:
    write("a", *(line(number, f"{number} " + "ä" * 500) for number in range(1000)))

    assert [text.split()[0] for text in messages(tmp_path, limit=1000)] == [str(n) for n in reversed(range(1000))]


def test_filters_leave_out_what_is_not_wanted(tmp_path: Path, write: Write) -> None:
    write(
        "a",
        line(1, "old", level="error"),
        line(10, "The Disk is full", level="error"),
        line(11, "fine", level="debug", where="disk 7"),
        line(12, "other", level="warning", process="control"),
    )

    assert messages(tmp_path, LogFilter(level="warning")) == ["other", "The Disk is full", "old"]
    assert messages(tmp_path, LogFilter(q="disk")) == ["fine", "The Disk is full"]
    assert messages(tmp_path, LogFilter(process="control")) == ["other"]
    assert messages(tmp_path, LogFilter(since_us=10, until_us=12)) == ["fine", "The Disk is full"]


def test_what_was_cut_off_or_is_none_of_ours_is_passed_over(tmp_path: Path, write: Write) -> None:
    write("a", line(1, "1"), b"not json\n", b'{"id":7}\n', line(2, "2"), line(3, "3")[:-9])

    assert messages(tmp_path) == ["2", "1"]


def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    assert messages(tmp_path / "none") == []
    assert clear_logs(tmp_path / "none") == 0


def test_all_can_be_deleted(tmp_path: Path, write: Write) -> None:
    write("a", line(1))
    write("b", line(2))

    assert clear_logs(tmp_path) == 2
    assert messages(tmp_path) == []


def follow(follower: LogFollower, now_us: int) -> list[str]:
    return [one.message for one in follower.new(now_us + HOLD_US)]


def test_a_follower_gets_what_is_new_in_order_of_time(tmp_path: Path, write: Write) -> None:
    write("a", line(1, "before"))
    follower = LogFollower(tmp_path, LogFilter(level="info"))
    write("a", line(20, "20"), line(22, "22"), line(23, "23", level="debug"))
    write("b", line(21, "21"))

    assert follow(follower, 30) == ["20", "21", "22"]
    assert follow(follower, 30) == []


def test_a_line_that_comes_late_from_another_process_still_comes_in_its_place(tmp_path: Path, write: Write) -> None:
    follower = LogFollower(tmp_path, LogFilter())
    write("a", line(20, "20"), line(22, "22"))

    assert follow(follower, 19) == []
    write("b", line(21, "21"))
    assert follow(follower, 30) == ["20", "21", "22"]


def test_half_a_line_waits_for_its_other_half(tmp_path: Path, write: Write) -> None:
    follower = LogFollower(tmp_path, LogFilter())
    whole = line(20, "whole")
    write("a", whole[:30])

    assert follow(follower, 30) == []
    write("a", whole[30:])
    assert follow(follower, 30) == ["whole"]


def test_a_follower_that_comes_back_goes_on_where_it_was(tmp_path: Path, write: Write) -> None:
    write("a", line(1, "1"), line(2, "2"))
    write("b", line(3, "3"))

    assert follow(LogFollower(tmp_path, LogFilter(), after_id=f"{1:014x}-1"), 30) == ["2", "3"]


def test_much_is_followed_a_part_at_a_time_and_in_order(tmp_path: Path, write: Write) -> None:
    many = 3 * MAX_READ_BYTES // 1000
    write("a", *(line(2 * number, f"{2 * number} " + "x" * 1000) for number in range(many)))
    write("b", *(line(2 * number + 1, f"{2 * number + 1}") for number in range(many)))
    follower = LogFollower(tmp_path, LogFilter(), after_id="0")
    found: list[int] = []
    for _ in range(10):
        found += [int(text.split()[0]) for text in follow(follower, 10 * many)]

    assert found == list(range(2 * many))


def test_a_follower_survives_that_files_are_deleted(tmp_path: Path, write: Write) -> None:
    write("a", line(1, "1"))
    follower = LogFollower(tmp_path, LogFilter())
    clear_logs(tmp_path)
    write("b", line(20, "20"))

    assert follow(follower, 30) == ["20"]
