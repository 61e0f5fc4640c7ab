"""Starts a sandbox with arguments of the test's own."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    process: subprocess.Popen[str]
    base_url: str


@contextmanager
def running(*args: str, pass_fds: Sequence[int] = ()) -> Iterator[Program]:
    """`python -m tokenrouter.sandbox` until the block ends."""
    argv = [sys.executable, "-m", "tokenrouter.sandbox", *args]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, pass_fds=pass_fds) as process:
        try:
            assert process.stdout is not None
            yield Program(process, process.stdout.readline().removeprefix("sandbox listening on ").strip())
        finally:
            process.kill()
