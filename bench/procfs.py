"""What Linux knows about a running process: CPU time, memory, children (proc(5))."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Stat:
    """The part of `/proc/PID/stat` that we use; `cpu_s` is user and system time of all threads."""

    pid: int
    parent: int
    cpu_s: float


def parse_stat(text: str) -> Stat:
    """Read one line of `/proc/PID/stat`.

    The command stands in parentheses and may itself hold spaces and parentheses, so fields are counted
    from the last one.
    """
    front, _, back = text.rpartition(")")
    fields = back.split()
    ticks = int(fields[11]) + int(fields[12])
    return Stat(pid=int(front.split("(", 1)[0]), parent=int(fields[1]), cpu_s=ticks / TICKS_PER_S)


def parse_statm_rss(text: str) -> int:
    """Return the resident bytes in `/proc/PID/statm` (second field, in pages)."""
    return int(text.split()[1]) * PAGE_BYTES


def cpu_s(*pids: int) -> float:
    """Return the CPU seconds the processes have used so far, together.

    Raises:
        ProcessLookupError: one of them has ended, so the figure would be wrong.
    """
    return sum(_stat(pid).cpu_s for pid in pids)


def tree_cpu_s(root: int) -> float:
    """Return the CPU seconds of `root` and all below it that are still there."""
    total_s = 0.0
    for pid in tree(root):
        with suppress(ProcessLookupError):
            total_s += _stat(pid).cpu_s
    return total_s


def rss_bytes(pid: int) -> int:
    """Return resident memory; pages shared with other processes are counted in full."""
    return parse_statm_rss(_read(pid, "statm"))


def parse_smaps_pss(text: str) -> int:
    """Return the bytes of the `Pss` line of `/proc/PID/smaps_rollup`."""
    line = next(line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024


def pss_bytes(pid: int) -> int:
    """Return resident memory; a page that n processes share counts as its n-th part."""
    return parse_smaps_pss(_read(pid, "smaps_rollup"))


def command(pid: int) -> str:
    """Return the command line, its arguments joined by spaces."""
    return _read(pid, "cmdline").replace("\0", " ").strip()


def tree(root: int) -> list[int]:
    """Return `root` and everything below it, parents first."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            try:
                stat = _stat(int(entry.name))
            except ProcessLookupError:
                continue
            children.setdefault(stat.parent, []).append(stat.pid)
    found = [root]
    for pid in found:
        found.extend(sorted(children.get(pid, [])))
    return found


def move(thread: int, core: int) -> None:
    """Pin one running thread."""
    os.sched_setaffinity(thread, {core})


def _stat(pid: int) -> Stat:
    return parse_stat(_read(pid, "stat"))


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text()
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(f"process {pid} has ended") from None
