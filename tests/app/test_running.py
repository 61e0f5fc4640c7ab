"""Found by the lock, and by nothing else."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from tokenrouter.app.running import LOCK_FILE, environment_of, find_server


def test_where_nobody_ever_ran_nobody_runs(tmp_path: Path) -> None:
    assert find_server(tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_a_number_that_nobody_holds_is_nobody(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text(f"{os.getpid()}\n")

    assert find_server(tmp_path) is None


def test_a_process_that_is_no_server_of_ours_gets_no_signal(tmp_path: Path) -> None:
    with (tmp_path / LOCK_FILE).open("w") as file:
        file.write(f"{os.getpid()}\n")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        found = find_server(tmp_path)

    assert found is not None
    assert found.pid == 0
    assert not found.signal(9)


def test_the_environment_of_a_process_is_what_it_was_started_with() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()", "its.name"],
        env={"A": "b=c"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found, other = environment_of(child.pid, "its.name"), environment_of(child.pid, "another.name")
        child.communicate(b"\n")

    assert found is not None
    assert found["A"] == "b=c"
    assert other is None
    assert environment_of(child.pid, "its.name") is None
