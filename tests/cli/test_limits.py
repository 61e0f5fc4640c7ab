"""`torod limits` as a user types it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.cli.test_torod import torod
from tokenrouter.cli.torod import main
from tokenrouter.testing.processes import Home, make_home

DECLARED = """
[[incoming_tokens]]
name = "alice"
key = "tr_alice-0123456789-0123456789"

[[limits]]
scope = "key:alice"
metric = "tokens"
amount = 1000
"""


@pytest.fixture(scope="module")
def home_of_alice(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("alice"))
    (home.path / "torod.toml").write_text(DECLARED)
    return home


def limits(home: Home, *args: str) -> Result:
    """Run a command in this process; that it starts as one of its own is the first test's business."""
    return CliRunner().invoke(main, ["limits", *args], env={**dict.fromkeys(os.environ), **home.env})


def made(home: Home, *args: str) -> dict[str, Any]:
    done = limits(home, *args, "--json")
    assert done.exit_code == 0, done.stderr
    limit: dict[str, Any] = json.loads(done.stdout)
    return limit


def test_a_limit_is_made_changed_boosted_and_removed(home_of_alice: Home) -> None:
    limit = made(home_of_alice, "create", "key:alice", "cost_usd", "2.50", "--window", "day", "--carry-over", "1")
    assert (limit["amount"], limit["carry_over"], limit["window"], limit["warnings"]) == ("2.5", "1", "day", [])

    assert made(home_of_alice, "set", limit["id"], "--amount", "3", "--comment", "spring")["amount"] == "3"
    boosted = made(home_of_alice, "boost", limit["id"], "5", "--until", "7d")
    assert (boosted["boost"], boosted["comment"]) == ("5", "spring")
    listed = torod(home_of_alice, "limits", "list").stdout.splitlines()
    assert "torod.toml:6" in listed[0]
    assert listed[-1] == f"{limit['id']}  key:alice  cost_usd $3 + $5 boost per day  hard  from database"

    assert torod(home_of_alice, "limits", "remove", limit["id"]).returncode == 0
    assert limit["id"] not in limits(home_of_alice, "list", "--json").stdout


def test_what_is_odd_is_told_beside_what_was_made(home_of_alice: Home) -> None:
    done = limits(home_of_alice, "create", "user:nobody", "requests", "0")

    assert done.exit_code == 0
    assert "admits no request at all" in done.stderr
    assert "no user 'nobody' is known" in done.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("create", "kye:alice", "tokens", "5"), "scope 'kye:alice' is not known"),
        (("create", "key:alcie", "tokens", "5"), 'did you mean "alice"?'),
        (("create", "key:alice", "token", "5"), 'did you mean "tokens"?'),
        (("create", "key:alice", "tokens", "many"), "amount 'many' must be a whole number"),
        (("create", "key:alice", "tokens", "5", "--window", "dya"), 'did you mean "day"?'),
        (("create", "key:alice", "tokens", "5"), "torod.toml:6"),
        (("create", "--", "key:alice", "tokens", "-5"), "negative"),
        (("create", "key:alice", "requests", str(2**63)), "too large"),
        (("set", "lim_0", "--amount", "5"), "there is no limit 'lim_0'"),
        (("set", "key:alice|tokens|lifetime", "--amount", "5"), "is declared at torod.toml:6"),
        (("boost", "key:alice|tokens|lifetime", "5"), "is declared at torod.toml:6"),
        (("remove", "key:alice|tokens|lifetime"), "is declared at torod.toml:6"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    home_of_alice: Home, args: tuple[str, ...], words: str
) -> None:
    done = limits(home_of_alice, *args)

    assert done.exit_code == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_team_and_a_person_of_the_database_need_no_key_to_be_limited(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    (home.path / "torod.toml").write_text(DECLARED + '\n[[teams]]\nname = "physics"\n[[users]]\nname = "bob"\n')
    env = {**dict.fromkeys(os.environ), **home.env}
    for command in (["teams", "create", "research"], ["users", "create", "ann", "--email", "ann@example.org"]):
        assert CliRunner().invoke(main, command, env=env).exit_code == 0

    assert made(home, "create", "team:research", "cost_usd", "20")["scope"] == "team:research"
    assert made(home, "create", "user:ann", "tokens", "20")["scope"] == "user:ann"
    assert "there is no team 'reserch'" in limits(home, "create", "team:reserch", "tokens", "1").stderr


def test_a_boost_needs_an_end(home_of_alice: Home) -> None:
    limit = made(home_of_alice, "create", "key:alice", "requests", "5", "--window", "hour")

    assert "--until" in limits(home_of_alice, "boost", limit["id"], "5").stderr
    assert made(home_of_alice, "boost", limit["id"], "0")["boost"] == 0


def test_nothing_used_is_nothing_given_back(home_of_alice: Home) -> None:
    done = limits(home_of_alice, "reset", "key:alice|tokens|lifetime", "--json")

    assert json.loads(done.stdout) == []
