"""What the end-to-end tests look at."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tokenrouter.testing.processes import ServerProcess, free_port, make_home


class FirstStart(ServerProcess):
    """`torod serve --sandbox` in an empty home, without any configuration."""

    def __init__(self, folder: Path) -> None:
        home = make_home(folder)
        address = f"127.0.0.1:{free_port()}"
        torod = str(Path(sys.executable).with_name("torod"))
        argv = [torod, "serve", "--sandbox", "--no-wizard", "--listen-addr", address]
        super().__init__(argv, env=home.env, log_file=folder / "serve.log")

    def is_ready(self) -> bool:
        """Return whether everything a newcomer is told has been printed."""
        return "curl " in self.log()


@pytest.fixture
def first_start(tmp_path: Path) -> Iterator[FirstStart]:
    """A server that was started for the first time."""
    with FirstStart(tmp_path) as running:
        yield running


@pytest.fixture
def resident_kb() -> Callable[[int], int]:
    """A function that returns the resident memory of a process in kibibytes."""

    def read(pid: int) -> int:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError(f"process {pid} tells no memory")

    return read
