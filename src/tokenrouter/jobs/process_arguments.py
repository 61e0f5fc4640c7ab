"""Command lines of this machine's processes, and where a model server among them listens.

Linux only (`/proc`, proc_pid_cmdline(5)); elsewhere nobody is found this way.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Final

PROC: Final = Path("/proc")
MAX_COMMAND_BYTES: Final = 16 * 2**10
"""Of a longer command line only so much is read; a server's port stands before its prompt."""
DEFAULT_PORT: Final = 8080
"""Where llama-server listens when it is told nothing (its `--help`, 2026-11)."""
PYTHON_PORT: Final = 8000
"""The same of llama-cpp-python (its documentation of the server, 2026-11)."""
_LOOPBACK: Final = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1", "": "127.0.0.1"}
_LOOPBACK_6: Final = {"::1": "[::1]", "::": "[::1]"}


def command_lines(proc: Path = PROC) -> Iterator[tuple[str, ...]]:
    """Yield the command line of every process that may be read."""
    try:
        folders = [folder for folder in proc.iterdir() if folder.name.isdecimal()]
    except OSError:
        return
    for folder in folders:
        try:
            with (folder / "cmdline").open("rb") as file:
                data = file.read(MAX_COMMAND_BYTES)
        except OSError:  # it has ended meanwhile
            continue
        if words := tuple(word.decode(errors="replace") for word in data.rstrip(b"\0").split(b"\0")):
            yield words


def listening_address(words: Sequence[str], programs: Sequence[str]) -> tuple[str, int] | None:
    """Return host and port of a command line that runs one of `programs`; None if it does not, or not on loopback."""
    program = next((name for word in words[:4] for name in programs if _names(word, name)), None)
    if program is None:
        return None
    host = _option(words, "--host") or "127.0.0.1"
    usual = DEFAULT_PORT if program == programs[0] else PYTHON_PORT
    port = _option(words, "--port") or str(usual)
    address = _LOOPBACK.get(host) or _LOOPBACK_6.get(host)
    if address is None or not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    return address, int(port)


def _names(word: str, program: str) -> bool:
    """Whether a word of a command line is this program: its file, or the module after `-m`."""
    return PurePath(word).name in (program, f"{program}.exe")


def _option(words: Sequence[str], name: str) -> str:
    """Return the value of `--name VALUE` or `--name=VALUE`; the last one counts."""
    found = ""
    for word, after in zip(words, (*words[1:], ""), strict=True):
        if word == name:
            found = after
        elif word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found
