"""Which processes run on this machine, read without a library.

A test has to know the children of a server it started (to kill one of them, or to see that none outlives
it), and the server's own word for it would be the word of the judged. Linux tells in `/proc`; elsewhere
`ps` does.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One process. `dead` is true for one that has ended and only waits to be collected by its parent."""

    pid: int
    parent_pid: int
    dead: bool
    argv: tuple[str, ...]


def running_processes() -> list[ProcessRow]:
    """Return every process that this user can see, at about this moment."""
    if (PROC / "self" / "stat").exists():
        return list(_from_proc())
    return list(_from_ps())


def descendants(pid: int) -> list[ProcessRow]:
    """Return the living children of `pid` and theirs, parents before children."""
    children: dict[int, list[ProcessRow]] = {}
    for row in running_processes():
        children.setdefault(row.parent_pid, []).append(row)
    found: list[ProcessRow] = []
    waiting = [pid]
    while waiting:
        below = [row for row in children.get(waiting.pop(0), []) if not row.dead]
        found += below
        waiting += [row.pid for row in below]
    return found


def is_running(pid: int) -> bool:
    """Return whether `pid` is a process that has not ended."""
    return any(row.pid == pid and not row.dead for row in running_processes())


def _from_proc() -> Iterator[ProcessRow]:
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text(errors="replace")
            command = (folder / "cmdline").read_bytes()
        except OSError:  # it ended while we looked
            continue
        # proc(5): the second field is the name in parentheses, which may itself hold spaces and parentheses.
        state, parent_pid = stat.rpartition(")")[2].split()[:2]
        argv = tuple(part.decode(errors="replace") for part in command.split(b"\0") if part)
        yield ProcessRow(int(folder.name), int(parent_pid), state in "ZX", argv)


def _from_ps() -> Iterator[ProcessRow]:
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,state=,command="], capture_output=True, text=True, check=True
    ).stdout
    for line in listing.splitlines():
        pid, parent_pid, state, *argv = line.split()
        yield ProcessRow(int(pid), int(parent_pid), state.startswith("Z"), tuple(argv))
