"""Reading what processes have said: pages from the newest line on, and whatever is new.

A line's id begins with its moment, so lines of all files have one order, and an id is a place to go on from. Files are
read from their ends, a block at a time: a page of the newest lines costs the same however much is kept.
"""

import heapq
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, Final

import msgspec

from tokenrouter.observe.log_files import log_files

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
BLOCK_BYTES: Final = 64 * 2**10
HOLD_US: Final = 500_000
"""How long new lines wait for those of other processes: a line is in its file within some milliseconds."""
_LINE_START: Final = b'{"id":"'
MAX_READ_BYTES: Final = 256 * 2**10
"""Most that is read of one file at once."""


class LogLine(msgspec.Struct, frozen=True):
    """One of them. `time_us` is since the epoch; `fields` is whatever else was said."""

    id: str
    time_us: int
    level: str
    process: str
    message: str
    fields: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """What a search looks at."""
        return " ".join((self.message, *(f"{name}={value}" for name, value in self.fields.items())))

    def shown(self, moment: str) -> str:
        """Return it as people read it; `moment` is its time as they tell it."""
        facts = "".join(f" {name}={json.dumps(value, ensure_ascii=False)}" for name, value in self.fields.items())
        return f"{moment} {self.level:<7} {self.process:<10} {self.message}{facts}"


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines; empty fields do not restrict.

    Attributes:
        level: this one and what is more serious.
        q: a part of the line's text, in capitals or not.
        since_us, until_us: microseconds since the epoch; `until_us` is exclusive.
    """

    level: str = "debug"
    q: str = ""
    process: str = ""
    since_us: int = 0
    until_us: int | None = None

    def matches(self, line: LogLine) -> bool:
        """Whether `line` is wanted."""
        if _weight(line.level) < _weight(self.level) or line.time_us < self.since_us:
            return False
        if self.until_us is not None and line.time_us >= self.until_us:
            return False
        if self.process and line.process != self.process:
            return False
        return not self.q or self.q.casefold() in line.text.casefold()


_decode: Final = msgspec.json.Decoder(LogLine).decode


def newest_lines(folder: Path, wanted: LogFilter, *, limit: int, before_id: str = "") -> list[LogLine]:
    """Return up to `limit` lines, newest first; `before_id` is the last one of the page before."""
    files = (_backwards(path, before_id.encode()) for path in log_files(folder))
    merged = heapq.merge(*files, key=lambda line: line.id, reverse=True)
    recent = takewhile(lambda line: line.time_us >= wanted.since_us, merged)
    found = (line for line in recent if (not before_id or line.id < before_id) and wanted.matches(line))
    return list(islice(found, limit))


def file_lines(path: Path, limit: int) -> list[LogLine]:
    """Return the newest `limit` lines of one file, oldest first; none of a file that is gone."""
    return list(islice(_backwards(path, b""), limit))[::-1]


def clear_logs(folder: Path) -> int:
    """Delete everything that is kept; return how many files that were. Their writers go on in new ones."""
    files = log_files(folder)
    for path in files:
        path.unlink(missing_ok=True)
    return len(files)


class LogFollower:
    """Whatever is new, in order, for one reader; nothing is held for one who does not read."""

    def __init__(self, folder: Path, wanted: LogFilter, *, after_id: str = "") -> None:
        """`after_id`: the last line that the reader has; without it he gets what comes from now on."""
        self._folder = folder
        self._wanted = wanted
        self._after = after_id
        self._offsets: dict[Path, int] = {}
        self._pending: list[LogLine] = []
        if not after_id:
            self._offsets = {path: size for path in log_files(folder) if (size := _size(path)) is not None}

    def new(self, now_us: int) -> list[LogLine]:
        """Return the lines that are new and wanted, oldest first; `now_us` is the time of day in microseconds."""
        files = log_files(self._folder)
        self._offsets = {path: self._offsets.get(path, 0) for path in files}
        up_to = f"{now_us - HOLD_US:014x}"
        for path in files:
            lines, is_at_end = self._read(path)
            self._pending += lines
            if not is_at_end and lines:
                up_to = min(up_to, lines[-1].id)
        ready = sorted((line for line in self._pending if line.id <= up_to), key=lambda line: line.id)
        self._pending = [line for line in self._pending if line.id > up_to]
        return [line for line in ready if line.id > self._after and self._wanted.matches(line)]

    def _read(self, path: Path) -> tuple[list[LogLine], bool]:
        """Return the whole lines that follow what was read of a file, and whether that is all of it."""
        try:
            with path.open("rb") as file:
                file.seek(self._offsets[path])
                data = file.read(MAX_READ_BYTES)
        except OSError:
            return [], True
        end = data.rfind(b"\n") + 1
        is_at_end = len(data) < MAX_READ_BYTES
        if not end and not is_at_end:
            end = len(data)  # no line of ours is so long
        self._offsets[path] += end
        return list(_decoded(data[:end].splitlines())), is_at_end


def _weight(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else 1


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _decoded(lines: list[bytes]) -> Iterator[LogLine]:
    """Yield what can be read: a line that was being written when the machine died is none."""
    for line in lines:
        with suppress(msgspec.DecodeError, ValueError):
            yield _decode(line)


def _backwards(path: Path, before_id: bytes) -> Iterator[LogLine]:
    """Yield the lines of a file from its end that are older than `before_id`, if there is one.

    Of a file that is deleted meanwhile, those that were read.
    """
    with suppress(OSError), path.open("rb") as file:
        position = file.seek(0, 2)
        rest = b""
        while position:
            begin = max(0, position - BLOCK_BYTES)
            file.seek(begin)
            first, *whole = (file.read(position - begin) + rest).split(b"\n")
            yield from _decoded(_older(whole[::-1], before_id))
            position, rest = begin, first
        yield from _decoded(_older([rest], before_id))


def _older(lines: list[bytes], before_id: bytes) -> list[bytes]:
    """Return those that are older than `before_id`; their beginnings tell, so that nobody reads the others."""
    if not before_id:
        return lines
    begin = len(_LINE_START)
    return [line for line in lines if line[begin : begin + len(before_id)] < before_id or line[:begin] != _LINE_START]
