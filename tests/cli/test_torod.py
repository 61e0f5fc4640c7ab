"""The commands as a user types them: real processes, an empty home."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tokenrouter import __version__
from tokenrouter.testing.processes import Home

TOROD = str(Path(sys.executable).with_name("torod"))


def torod(home: Home, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([TOROD, *args], env=home.env, capture_output=True, text=True, timeout=60, check=False)


def test_version_says_the_version(home: Home) -> None:
    assert torod(home, "version").stdout == torod(home, "--version").stdout == f"torod {__version__}\n"
    assert json.loads(torod(home, "version", "--json").stdout)["version"] == __version__


def test_a_set_up_link_is_all_that_stands_on_standard_output(home: Home) -> None:
    link = torod(home, "admin", "setup-link").stdout.strip()

    assert link.startswith("http://127.0.0.1:8080/admin/setup?token=")


def test_serve_without_any_provider_says_what_to_do(home: Home) -> None:
    done = torod(home, "serve")

    assert done.returncode == 2
    assert "--sandbox" in done.stderr
    assert "torod config" in done.stderr


@pytest.mark.parametrize("command", [("config", "check"), ("serve",)])
def test_a_wrong_configuration_stops_check_and_serve_with_every_mistake(home: Home, command: tuple[str, ...]) -> None:
    file = home.path / "wrong.toml"
    file.write_text('listen_adr = "x"\n\n[[providers]]\nname = "Bad Name"\nbase_url = "ftp://x"\n')

    done = torod(home, *command, "--config", str(file))

    assert done.returncode == 1
    assert 'wrong.toml:1: listen_adr: unknown key; did you mean "listen_addr"?' in done.stderr
    assert "wrong.toml:4: providers[0].name" in done.stderr
    assert "wrong.toml:5: providers[0].base_url" in done.stderr


def test_a_right_configuration_is_told_with_what_it_would_run(home: Home) -> None:
    file = home.path / "right.toml"
    provider = '[[providers]]\nname = "acme"\nbase_url = "http://127.0.0.1:9/v1"\n'
    file.write_text(provider + '[[guardrails]]\nname = "privacy"\ntype = "redact"\nscope = "team:physics"\n')

    done = torod(home, "config", "check", "--config", str(file))

    assert done.returncode == 0, done.stderr
    assert "guardrail privacy: redact, for team:physics" in done.stdout
    assert "provider acme: http://127.0.0.1:9/v1 (right.toml:1)" in done.stdout
