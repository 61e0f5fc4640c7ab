import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tokenrouter.testing import ports
from tokenrouter.testing.ports import Ports

MANY = 300
HOLD = f"""
import sys
from pathlib import Path
from tokenrouter.testing import ports
from tokenrouter.testing.ports import Ports
ports = Ports(Path(sys.argv[1]))
print(*[ports.free() for _ in range({MANY})], flush=True)
sys.stdin.read()
"""
FORK = f"""
import os, sys
from pathlib import Path
from tokenrouter.testing.ports import Ports
ports = Ports(Path(sys.argv[1]))
mine = {{ports.free() for _ in range({MANY})}}
if (child := os.fork()) == 0:
    os._exit(bool(mine & {{ports.free() for _ in range(10 * {MANY})}}))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_what_another_process_was_given_is_given_to_nobody_until_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "ports"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        theirs = {int(word) for word in other.stdout.readline().split()}
        here = Ports(file)
        mine = [here.free() for _ in range(10 * MANY)]
        while_it_runs = theirs.intersection(mine)
    freed = {here.free() for _ in range(10 * MANY)}

    assert len(theirs) == MANY
    assert not while_it_runs
    assert theirs & freed


def test_a_port_on_which_somebody_listens_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Ports(tmp_path / "ports").free()
    monkeypatch.setattr(ports, "FIRST_PORT", taken)
    monkeypatch.setattr(ports, "LAST_PORT", taken + MANY)
    with socket.create_server(("127.0.0.1", taken)):
        others = Ports(tmp_path / "other ports")
        assert taken not in {others.free() for _ in range(MANY * 9 // 10)}


def test_a_child_that_was_forked_is_given_none_of_its_parents(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORK, str(tmp_path / "ports")], check=False)  # threads are not forked

    assert done.returncode == 0
