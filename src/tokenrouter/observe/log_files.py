"""What a process says, kept as JSON lines in bounded files, by a thread of their own.

A disk that hangs must not hold up a request, so whoever logs only appends to a queue; what does not fit into it is
counted, and said as soon as there is room again. Each process writes files of its own (`logs/TIME-PROCESS-PID.jsonl`),
so that nobody waits for a lock; the bounds are those of all files together, and whoever begins a file deletes the
oldest ones. Somebody else may delete a file at any time: its writer sees that it has no name any more, and begins
another one.

The standard library is enough for it, since the supervisor loads nothing else.
"""

import atexit
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = "logs"
SUFFIX: Final = ".jsonl"
PARTS: Final = 8
"""A file holds an eighth of what is kept, so the oldest eighth goes at once."""
MAX_FILES: Final = 64
"""Processes that restart again and again leave no more than so many files."""
MAX_WAITING: Final = 10_000
"""Lines that wait for the disk: some MiB."""
BATCH_LINES: Final = 500
CLOSE_S: Final = 2.0
"""How long an end waits for a disk that hangs."""
_MISSING: Final = "log lines were not kept: too many at once, or no room on the disk"
OWN_FIELDS: Final = ("event", "level", "timestamp", "process")
"""What a line says of itself; everything else an event has are its `fields`."""


@dataclass(frozen=True, slots=True)
class LogBounds:
    """How much is kept, of all processes together; up to an eighth more for a moment."""

    max_lines: int = 5000
    max_bytes: int = 64 * 2**20


class LogFiles:
    """The files of one process.

    Attributes:
        dropped: lines that were not kept, because they were too many at once or the disk refused them.
        written: lines that are in files, by level.
    """

    def __init__(
        self,
        folder: Path,
        process: str,
        bounds: LogBounds,
        open_file: Callable[[Path, int, int], int] = os.open,
    ) -> None:
        self._folder = folder
        self._open_file = open_file
        self._process = process
        self._bounds = bounds
        self._waiting: deque[tuple[str, str]] = deque()
        self._wake = threading.Event()
        self._stop = False
        self._fd = -1
        self._lines = self._bytes = 0
        self._last_us = 0
        self._told = 0
        self._lock = threading.Lock()
        self.dropped = 0
        self.written: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="log files", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, event: Mapping[str, Any]) -> None:
        """Keep one event, whose values are plain and hold no secret; returns at once, whatever the disk does."""
        if len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            return
        level = str(event.get("level", "info"))
        self._waiting.append((level, self._line(event, level)))
        self._wake.set()

    def close(self) -> None:
        """Write what waits, at most for `CLOSE_S`, and end the thread."""
        self._stop = True
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join(CLOSE_S)
        atexit.unregister(self.close)

    def _line(self, event: Mapping[str, Any], level: str) -> str:
        with self._lock:
            now_us = self._last_us = max(self._last_us + 1, time.time_ns() // 1000)
        line = {
            "id": f"{now_us:014x}-{os.getpid()}",
            "time_us": now_us,
            "level": level,
            "process": self._process,
            "message": str(event.get("event", "")),
            "fields": {name: value for name, value in event.items() if name not in OWN_FIELDS},
        }
        return json.dumps(line, ensure_ascii=False, default=str, separators=(",", ":")) + "\n"

    def _run(self) -> None:
        while not self._stop or self._waiting:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                taken = [self._waiting.popleft() for _ in range(min(BATCH_LINES, len(self._waiting)))]
                if self._keep(taken) and (missing := self.dropped - self._told):
                    self._told = self.dropped
                    self._keep([("warning", self._line({"event": _MISSING, "lines": missing}, "warning"))])
        self._forget_file()

    def _keep(self, taken: list[tuple[str, str]]) -> bool:
        try:
            self._append("".join(line for _, line in taken).encode("utf-8", "replace"), len(taken))
        except OSError:
            self._forget_file()
            self.dropped += len(taken)
            return False
        for level, _ in taken:
            self.written[level] = self.written.get(level, 0) + 1
        return True

    def _append(self, data: bytes, lines: int) -> None:
        if self._fd >= 0 and (self._is_full() or os.fstat(self._fd).st_nlink == 0):
            self._forget_file()
        if self._fd < 0:
            self._begin_file()
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
        self._lines += lines
        self._bytes += len(data)

    def _is_full(self) -> bool:
        return self._lines * PARTS >= self._bounds.max_lines or self._bytes * PARTS >= self._bounds.max_bytes

    def _begin_file(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        prune(self._folder, self._bounds)
        name = f"{time.time_ns() // 1000:014x}-{self._process}-{os.getpid()}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._fd = self._open_file(self._folder / name, flags, 0o600)
        self._lines = self._bytes = 0

    def _forget_file(self) -> None:
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
        self._fd = -1


def log_files(folder: Path) -> list[Path]:
    """Return the kept files, the one that was begun first first."""
    return sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []


def prune(folder: Path, bounds: LogBounds) -> None:
    """Delete the oldest files that are not needed for the newest `max_lines`, or that are too much."""
    lines = size = 0
    for number, path in enumerate(reversed(log_files(folder))):
        is_enough = lines >= bounds.max_lines or size >= bounds.max_bytes or number >= MAX_FILES - 1
        try:
            if is_enough:
                path.unlink()
                continue
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        lines += data.count(b"\n")
        size += len(data)
