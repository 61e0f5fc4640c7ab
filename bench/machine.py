"""On what a run was made: a figure without this says nothing."""

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from bench.cores import CorePlan
from bench.processes import ROOT


def describe(plan: CorePlan | None, programs: list[str]) -> list[str]:
    """Return lines about machine, versions, commit and, with a plan, cores; `programs` are paths of nginx and wrk."""
    packages = [f"{name} {version(name)}" for name in ("tokenrouter", "uvloop", "httptools", "msgspec")]
    versions = [f"Python {platform.python_version()}", *packages, *map(_program_version, programs)]
    return [
        f"Machine: {_cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        f"Versions: {', '.join(versions)}",
        f"Commit: {_commit()}",
        *([] if plan is None else [f"Cores: {plan.note}"]),
        f"Load before the run: {os.getloadavg()[0]:.1f} (whatever else runs here disturbs the figures)",
    ]


def _cpu_model() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text()) if sys.platform == "linux" else None
    return found[1] if found else platform.machine()


def _program_version(path: str) -> str:
    asked = subprocess.run([path, "-v"], capture_output=True, text=True, timeout=5.0, check=False)
    found = re.search(r"(\d+\.\d+[.\d]*)", asked.stdout + asked.stderr)
    return f"{Path(path).name} {found[1] if found else '?'}"


def _commit() -> str:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=5.0, check=False).stdout.strip()

    changed = " with uncommitted changes" if git("status", "--porcelain") else ""
    return f"{git('rev-parse', '--short', '--verify', '-q', 'HEAD') or 'none'}{changed}"
