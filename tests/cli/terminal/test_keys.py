"""`toro keys`, at a real gateway."""

import json

import pytest

from tests.cli.terminal.conftest import Toro

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def test_a_key_is_made_shown_switched_rotated_and_revoked(toro: Toro) -> None:
    made = toro("keys", "create", "käte/1", "--expires", "3d", "--allow", "lab/*", "--comment", "a test")
    assert made.exit_code == 0, made.output
    assert "is shown only now" in made.stderr
    key = made.stdout.strip()
    assert toro("models", "--key", key).exit_code == 0
    assert [line.split()[:2] for line in toro("keys", "list", "--search", "käte").output.splitlines()] == [
        ["NAME", "ROLE"],
        ["käte/1", "inferrer"],
    ]
    assert "allowed_models: lab/*\n" in toro("keys", "show", "käte/1").output

    assert toro("keys", "disable", "käte/1").stderr == "The key 'käte/1' is disabled.\n"
    assert json.loads(toro("keys", "show", "käte/1", "--json").output)["enabled"] is False
    assert toro("keys", "enable", "käte/1").exit_code == 0
    rotated = json.loads(toro("keys", "rotate", "käte/1", "--overlap", "0s", "--json").output)
    assert rotated["key"] != key
    assert rotated["previous_until"] is None
    overlapping = json.loads(toro("keys", "rotate", "käte/1", "--overlap", "1h", "--json").output)
    assert overlapping["previous_until"] is not None

    assert toro("keys", "revoke", "käte/1").stderr == "Revoked 'käte/1'.\n"
    gone = toro("keys", "show", "käte/1")
    assert (gone.exit_code, gone.output) == (1, "toro: there is no key named 'käte/1'; `toro keys list` shows them\n")
    for command in ("show", "rotate", "revoke", "enable", "disable"):
        gone = toro("keys", command, "nobody")
        assert (gone.exit_code, gone.output) == (
            1,
            "toro: there is no key named 'nobody'; `toro keys list` shows them\n",
        )


def test_who_may_ask_only_makes_temporary_keys_of_their_own(alice: Toro) -> None:
    made = json.loads(alice("keys", "create", "run-1", "--expires", "1h", "--json").output)

    assert made["temporary"] is True
    assert [key["name"] for key in json.loads(alice("keys", "list", "--json").output)] == ["alice", "run-1"]
    assert alice("keys", "create", "boss", "--role", "admin").exit_code == 1
    assert alice("keys", "revoke", made["id"]).exit_code == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["create", "x", "--expires", "soon"], "--expires: 'soon' is no end"),
        (["rotate", "x", "--overlap", "long"], "--overlap: 'long'"),
        (["show", ""], "name is empty"),
        (["create", ""], "name is empty"),
    ],
)
def test_what_cannot_be_meant_is_said(alone: Toro, args: list[str], words: str) -> None:
    done = alone("keys", *args)

    assert (done.exit_code, words in done.output) == (2, True), done.output
