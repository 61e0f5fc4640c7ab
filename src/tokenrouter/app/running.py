"""Whether a server runs on a state folder, and which process it is: found by the lock that it holds, not by a number.

A process id in a file says little: its process may be long gone, and the number another's. The lock goes with the
process, however that ends, so only while somebody holds it the number beside it is believed.
"""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCK_FILE: Final = "torod.lock"
SUPERVISOR: Final = "tokenrouter.app.supervisor"
"""What stands in the arguments of the process that holds it."""
CONTROL: Final = "tokenrouter.app.control"
"""What stands in those of its child that reads the configuration."""
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that holds the lock of a state folder.

    Attributes:
        pid: of its supervisor, 0 where that cannot be told: it may be in another container.
    """

    pid: int

    def signal(self, number: int) -> bool:
        """Send a signal to it; False when it cannot be reached."""
        if not self.pid:
            return False
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, number)
            return True
        return False


def find_server(state_dir: Path) -> RunningServer | None:
    """Return the server that uses `state_dir`, or None.

    Raises:
        OSError: the lock cannot be looked at; that of another user, say.
    """
    try:
        fd = os.open(state_dir / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return RunningServer(_believed(os.pread(fd, 32, 0)))
    else:
        return None
    finally:
        os.close(fd)


def environment_of(pid: int, program: str) -> dict[str, str] | None:
    """Return the environment that a process of ours was started with.

    None where the system does not tell, or the process is another by now: it does not run `program`.
    """
    try:
        if program.encode() not in (_PROC / str(pid) / "cmdline").read_bytes():
            return None
        data = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None
    pairs = (entry.partition(b"=") for entry in data.split(b"\0") if b"=" in entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs} or None


def _believed(written: bytes) -> int:
    """Return the process id that was `written`, 0 when it is none of a supervisor."""
    try:
        pid = int(written)
    except ValueError:
        return 0
    if not (_PROC / "self").exists():
        return pid
    try:
        return pid if SUPERVISOR.encode() in (_PROC / str(pid) / "cmdline").read_bytes() else 0
    except OSError:
        return 0
