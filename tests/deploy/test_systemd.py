"""The unit: right in systemd's eyes, as closed as it can be, and not more closed than `torod` bears."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.service import UNIT, unit_values
from tokenrouter.testing.processes import GatewayProcess, make_home, wait_until

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
HELLO = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello!"}]}
BEARABLE = 2.0
"""`systemd-analyze security` counts from 0, shut, to 10, open; what is left is the network, which it is there for."""
_NO_NEW_CODE = """
import ctypes, os, sys
if ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0):
    sys.exit("PR_SET_MDWE: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
"""
"""What MemoryDenyWriteExecute= asks of the kernel (prctl(2), PR_SET_MDWE), inherited by every process after it."""


class WrappedGateway(GatewayProcess):
    """`torod serve` below another program, which changes what it may do."""

    def __init__(self, wrapper: list[str], folder: Path) -> None:
        super().__init__(make_home(folder), args=["--sandbox"])
        self.argv = (*wrapper, *self.argv)

    def use(self) -> None:
        """Use what has machine code of its own: the event loop, password hashes, the database."""
        assert self.call("POST", "/v1/chat/completions", json_body=HELLO).status == 200
        wait_until("the pages", lambda: self.call("GET", "/admin/login", key=None).status == 200)
        form = b"email=ann%40example.org&password=a+password+that+is+long+enough"
        kind = {"content-type": "application/x-www-form-urlencoded"}
        assert self.call("POST", "/admin/login", raw_body=form, headers=kind, key=None).status < 500
        assert self.call("GET", "/api/v1/ledger").status == 200


@needs_systemd
def test_it_is_hardened(tmp_path: Path) -> None:
    command: list[str | Path] = ["systemd-analyze", "security", "--offline=true", UNIT]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout

    exposure = re.search(r"Overall exposure level .*: ([\d.]+)", told)
    assert exposure is not None, told
    assert float(exposure[1]) <= BEARABLE


@needs_systemd
def test_systemd_takes_every_line(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/bin/torod", "/bin/true"))  # it looks whether the program is there

    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)

    assert [line for line in done.stderr.splitlines() if "tokenrouter" in line] == []


def test_a_wrong_configuration_is_not_started_again_and_again() -> None:
    assert unit_values("RestartPreventExitStatus") == ["2"]
    assert unit_values("Type") == ["notify"]
    assert unit_values("KillMode") == ["mixed"]


@pytest.mark.e2e
def test_it_bears_that_no_memory_becomes_code(tmp_path: Path) -> None:
    if sys.platform != "linux" or ctypes.CDLL(None).prctl(66, 0, 0, 0, 0) < 0:
        pytest.skip("this kernel cannot refuse it (Linux 6.3 or newer can)")
    assert unit_values("MemoryDenyWriteExecute") == ["yes"]

    with WrappedGateway([sys.executable, "-c", _NO_NEW_CODE], tmp_path) as running:
        running.use()


@pytest.mark.shipping
@pytest.mark.e2e
@needs_systemd
def test_it_calls_nothing_that_the_unit_forbids(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not here (Debian, Ubuntu: apt install strace)")
    calls = tmp_path / "calls"
    with WrappedGateway(
        ["strace", "-DDD", "-f", "-q", "-qq", "-e", "signal=none", "-o", str(calls)], tmp_path
    ) as running:
        running.use()
    made = set(re.findall(r"^\d+ +(?:<\.\.\. )?(\w+)[( ]", calls.read_text(errors="replace"), re.MULTILINE))

    assert len(made) > 50
    assert made - allowed() == set()


def allowed() -> set[str]:
    """Return the system calls that the unit's filter lets through, in the order of its lines (systemd.exec(5))."""
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True, env=os.environ
    )
    groups: dict[str, list[str]] = {}
    for line in told.stdout.splitlines():
        if line.startswith("@"):
            groups[line.strip()] = []
        elif groups and line.strip() and not line.strip().startswith("#"):
            groups[list(groups)[-1]].append(line.strip())

    def expand(word: str) -> set[str]:
        return set().union(*map(expand, groups[word])) if word.startswith("@") else {word}

    found: set[str] = set()
    for line in unit_values("SystemCallFilter"):
        named = set().union(*map(expand, line.removeprefix("~").split()))
        found = found - named if line.startswith("~") else found | named
    return found
