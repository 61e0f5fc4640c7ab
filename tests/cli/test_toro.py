"""`toro` as a user types it."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from tokenrouter import __version__
from tokenrouter.testing.processes import Home

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def toro(home: Home, *args: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tokenrouter.cli.toro", *args]
    return subprocess.run(command, env=home.env, capture_output=True, text=True, timeout=60, check=False)


def test_it_says_the_version(home: Home) -> None:
    assert toro(home, "version").stdout == toro(home, "--version").stdout == f"toro {__version__}\n"
    assert json.loads(toro(home, "version", "--json").stdout)["version"] == __version__


def test_it_is_installed_beside_the_server() -> None:
    assert tomllib.loads(PROJECT.read_text())["project"]["scripts"]["toro"] == "tokenrouter.cli.toro:main"
