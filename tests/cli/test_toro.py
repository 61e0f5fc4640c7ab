"""`toro` as a user types it."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tokenrouter import __version__
from tokenrouter.testing.processes import Home

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def toro(home: Home, *args: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tokenrouter.cli.toro", *args]
    return subprocess.run(command, env=home.env, capture_output=True, text=True, timeout=60, check=False)


def test_it_says_the_version(home: Home) -> None:
    assert toro(home, "version").stdout == toro(home, "--version").stdout == f"toro {__version__}\n"
    assert json.loads(toro(home, "version", "--json").stdout)["version"] == __version__


@pytest.mark.parametrize(("program", "args"), [("toro", "version"), ("toro", "--help"), ("torod", "version")])
def test_it_starts_without_what_only_some_commands_need(home: Home, program: str, args: str) -> None:
    code = f"""
import sys
from tokenrouter.cli.{program} import main
try:
    main([{args!r}])
finally:
    print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=home.env, capture_output=True, text=True, timeout=60, check=True
    )

    loaded = set(done.stdout.split())
    assert not loaded & {
        "rich",
        "tomlkit",
        "msgspec",
        "http.client",
        "ssl",
        "email",
        "asyncio",
        "sqlalchemy",
        "readline",
    }


def test_it_is_installed_beside_the_server() -> None:
    assert tomllib.loads(PROJECT.read_text())["project"]["scripts"]["toro"] == "tokenrouter.cli.toro:main"
