import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tokenrouter.observe.log_files import MAX_FILES, MAX_WAITING, PARTS, LogBounds, LogFiles, log_files, prune

StartLog = Callable[..., LogFiles]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartLog]:
    """A function that begins to keep what a process says, in the folder `logs`."""
    made: list[LogFiles] = []

    def begin(bounds: LogBounds | None = None, process: str = "data") -> LogFiles:
        made.append(LogFiles(tmp_path / "logs", process, bounds or LogBounds()))
        return made[-1]

    yield begin
    for log in made:
        log.close()


def kept(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in log_files(tmp_path / "logs") for line in path.read_bytes().splitlines()]


def say(log: LogFiles, *texts: str) -> None:
    for text in texts:
        log.write({"event": text, "level": "info", "timestamp": "…", "number": 7})


def test_lines_are_kept_in_order_with_what_they_say_of_themselves(start: StartLog, tmp_path: Path) -> None:
    log = start()
    say(log, "one", "zwö", "three")
    log.close()

    lines = kept(tmp_path)
    assert [line["message"] for line in lines] == ["one", "zwö", "three"]
    assert lines[0]["process"] == "data"
    assert lines[0]["fields"] == {"number": 7}
    assert sorted({line["id"] for line in lines}) == [line["id"] for line in lines]
    assert log.written == {"info": 3}


def test_only_the_owner_may_read_them(start: StartLog, tmp_path: Path) -> None:
    log = start()
    say(log, "one")
    log.close()

    (path,) = log_files(tmp_path / "logs")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_oldest_lines_give_way(tmp_path: Path) -> None:
    bounds = LogBounds(max_lines=80)
    for number in range(20):
        log = LogFiles(tmp_path / "logs", "data", bounds)
        say(log, *(f"{number}-{line}" for line in range(10)))
        log.close()

    lines = [line["message"] for line in kept(tmp_path)]
    assert lines[-1] == "19-9"
    assert bounds.max_lines <= len(lines) <= bounds.max_lines + 2 * bounds.max_lines // PARTS


def test_bytes_are_bounded_as_well_as_lines(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number:014x}-data-1.jsonl").write_bytes(b"x" * 999 + b"\n")

    prune(folder, LogBounds(max_lines=1000, max_bytes=3000))

    assert len(log_files(folder)) == 3


def test_a_process_that_restarts_again_and_again_leaves_a_bounded_number_of_files(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(2 * MAX_FILES):
        (folder / f"{number:014x}-data-1.jsonl").touch()

    prune(folder, LogBounds())

    assert len(log_files(folder)) == MAX_FILES - 1


def test_a_file_that_somebody_deletes_is_begun_anew(start: StartLog, tmp_path: Path) -> None:
    log = start()
    say(log, "one")
    while not log_files(tmp_path / "logs") or not kept(tmp_path):
        os.sched_yield()
    log_files(tmp_path / "logs")[0].unlink()
    say(log, "two")
    log.close()

    assert [line["message"] for line in kept(tmp_path)] == ["two"]


def test_a_disk_that_refuses_costs_lines_which_are_counted_and_told_of(start: StartLog, tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    log = start()
    say(log, "lost")
    while not log.dropped:
        os.sched_yield()
    (tmp_path / "logs").unlink()
    say(log, "kept")
    log.close()

    lines = kept(tmp_path)
    assert lines[0]["message"] == "kept"
    assert lines[1]["level"] == "warning"
    assert lines[1]["fields"] == {"lines": 1}


def test_whoever_logs_does_not_wait_for_a_disk_that_hangs(tmp_path: Path) -> None:
    released = threading.Event()

    def open_late(path: Path, flags: int, mode: int) -> int:
        released.wait()
        return os.open(path, flags, mode)

    log = LogFiles(tmp_path / "logs", "data", LogBounds(max_lines=200_000), open_late)
    for _ in range(MAX_WAITING + 1500):
        log.write({"event": "much"})
    missing = log.dropped
    released.set()
    log.close()

    assert missing >= 1000
    (told,) = [line for line in kept(tmp_path) if line["level"] == "warning"]
    assert told["fields"] == {"lines": missing}
    assert log.written["info"] == MAX_WAITING + 1500 - missing


def test_two_processes_keep_theirs_side_by_side(start: StartLog, tmp_path: Path) -> None:
    for process in ("data", "control"):
        log = start(process=process)
        say(log, process)
        log.close()

    assert sorted(line["process"] for line in kept(tmp_path)) == ["control", "data"]
