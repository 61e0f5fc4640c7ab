"""`torod keys` as a user types it: real processes, an empty home."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tokenrouter.testing.processes import Home

TOROD = str(Path(sys.executable).with_name("torod"))


def torod(home: Home, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([TOROD, *args], env=home.env, capture_output=True, text=True, timeout=60, check=False)


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
        (("keys", "show", "nobody"), "nobody"),
        (("keys", "create", "x", "--expires", "soon"), "soon"),
        (("keys", "create", "x", "--parent", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(home: Home, args: tuple[str, ...], words: str) -> None:
    done = torod(home, *args)

    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_key_may_do_under_limits_is_said_when_it_is_made_and_shown(home: Home) -> None:
    policies = ("--no-clamp", "--unbounded-input", "deny", "--unpriced", "deny", "--allow-unpriced", "--cache", "read")
    made = json.loads(torod(home, "keys", "create", "bob", "--json", *policies).stdout)
    torod(home, "keys", "create", "usual")
    shown = json.loads(torod(home, "keys", "show", "bob", "--json").stdout)

    assert (shown["clamp"], shown["unbounded_input"], shown["unpriced"], shown["allow_unpriced"]) == (
        False,
        "deny",
        "deny",
        True,
    )
    assert shown == {name: value for name, value in made.items() if name != "key"}
    assert "clamp: no\nunbounded_input: deny\ncache: read\n" in torod(home, "keys", "show", made["id"]).stdout
    bob, usual = torod(home, "keys", "list").stdout.splitlines()
    assert bob.endswith("  unpriced = deny  allow_unpriced  clamp = false  unbounded_input = deny  cache = read")
    assert usual.endswith("from database")


def test_a_key_of_the_file_is_shown_with_what_it_says(home: Home) -> None:
    file = home.path / "some.toml"
    file.write_text('[[incoming_tokens]]\nname = "ann"\nkey = "tr_ann-0123456789abcdef"\nclamp = false\n')

    shown = torod(home, "keys", "show", "ann", "--config", str(file)).stdout

    assert "origin: file\n" in shown
    assert "clamp: no\n" in shown
    assert "tr_ann-0123456789abcdef" not in shown
