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


def test_a_made_key_is_all_that_stands_on_standard_output(home: Home) -> None:
    made = torod(home, "keys", "create", "alice")

    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("tr_")
    assert made.stdout.count("\n") == 1


def test_a_key_is_listed_without_itself_and_ends_when_it_is_revoked(home: Home) -> None:
    told = json.loads(
        torod(
            home,
            "keys",
            "create",
            "bob",
            "--json",
            "--role",
            "keymaster",
            "--expires",
            "30d",
            "--allow",
            "a/*",
            "--passthrough",
        ).stdout
    )
    listed = json.loads(torod(home, "keys", "list", "--json").stdout)

    assert told["key"].startswith("tr_")
    assert (listed[0]["name"], listed[0]["role"], listed[0]["allowed_models"]) == ("bob", "keymaster", ["a/*"])
    assert listed[0]["passthrough"] is True
    assert "key" not in listed[0]
    assert torod(home, "keys", "revoke", "bob").returncode == 0
    assert torod(home, "keys", "list").stdout == ""


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("keys", "revoke", "nobody"), "nobody"),
        (("keys", "create", "x", "--expires", "soon"), "soon"),
        (("keys", "create", "x", "--parent", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(home: Home, args: tuple[str, ...], words: str) -> None:
    done = torod(home, *args)

    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_set_up_link_is_all_that_stands_on_standard_output(home: Home) -> None:
    link = torod(home, "admin", "setup-link").stdout.strip()

    assert link.startswith("http://127.0.0.1:8080/admin/setup?token=")


def test_serve_without_any_provider_says_what_to_do(home: Home) -> None:
    done = torod(home, "serve")

    assert done.returncode == 2
    assert "--sandbox" in done.stderr


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
    file.write_text('[[providers]]\nname = "acme"\nbase_url = "http://127.0.0.1:9/v1"\n')

    done = torod(home, "config", "check", "--config", str(file))

    assert done.returncode == 0, done.stderr
    assert "provider acme: http://127.0.0.1:9/v1 (right.toml:1)" in done.stdout
