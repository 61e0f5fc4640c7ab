"""What this process uses of the machine, read where the system says it; the standard library is enough."""

import os
import resource
import time
from pathlib import Path
from typing import Final

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_STATM: Final = Path("/proc/self/statm")
_FDS: Final = (Path("/proc/self/fd"), Path("/dev/fd"))


class ProcessFigures:
    """Looks at the process that made it."""

    def __init__(self) -> None:
        self._started_s = time.time()

    def snapshot(self) -> dict[str, float]:
        """Return `cpu_s`, `memory_bytes` (resident), `open_fds` and `started_s`; 0 for what nobody says here."""
        times = os.times()
        return {
            "cpu_s": times.user + times.system,
            "memory_bytes": float(_resident_bytes()),
            "open_fds": float(_open_fds()),
            "started_s": self._started_s,
        }


def _resident_bytes() -> int:
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE_BYTES
    except OSError:  # not Linux: the most that it was, in bytes on macOS
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _open_fds() -> int:
    for folder in _FDS:
        try:
            return len(os.listdir(folder))
        except OSError:
            continue
    return 0
