"""The full soak; it needs neither nginx nor wrk."""

import subprocess
import sys

import pytest

from bench.processes import ROOT


@pytest.mark.torture
def test_a_million_requests_leave_the_gateway_as_small_as_it_was() -> None:
    command = [sys.executable, "-m", "bench", "memory", "--only", "gateway", "--requests", "1000000"]

    soak = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1500, check=False)

    growth = [line for line in soak.stdout.splitlines() if line.startswith("| growth")]
    assert soak.returncode == 0, soak.stderr
    assert len(growth) == 2
    assert all("met" in line for line in growth), soak.stdout
