"""`torod conversations` as a user types it."""

import json
import os

import pytest
from click.testing import CliRunner, Result

from tests.cli.test_torod import torod
from tests.journal.captured import captured, chat_answer, chat_body
from tokenrouter.cli.torod import main
from tokenrouter.config.keyfile import conversations_key
from tokenrouter.config.sealing import Sealing
from tokenrouter.jobs.conversation_drain import record_of
from tokenrouter.store.conversations import take_in_file
from tokenrouter.store.engine import open_store
from tokenrouter.testing.processes import Home


@pytest.fixture
def home(home_with_tables: Home) -> Home:
    """An installation with one conversation of ann's, whose last answer would clear a terminal, and one of bob's."""
    home = home_with_tables
    assert run(home, "conversations", "list").exit_code == 0
    store = open_store(f"sqlite:///{home.path / 'data' / 'tokenrouter.db'}")
    sealing = Sealing(conversations_key((home.path / "data" / "secret.key").read_bytes()))
    captures = (
        captured("r1", 0, session="s", request_body=chat_body("Bake bread?", system="Be kind.")),
        captured(
            "r2",
            5,
            session="s",
            request_body=chat_body("Bake bread?", "hi", "And then?", system="Be kind."),
            answer_body=chat_answer("Eat \x1b[2J it."),
        ),
        captured("r3", 9, session="s", key_id="key_bob", key="bob", user="bob", team="chemistry"),
    )
    take_in_file(store, sealing, "f", [record_of(one) for one in captures])
    store.close()
    return home


def run(home: Home, *args: str) -> Result:
    return CliRunner().invoke(main, args, env={**dict.fromkeys(os.environ), **home.env})


def listed(home: Home, *args: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(run(home, "conversations", "list", "--json", *args).stdout)
    return found


def test_conversations_are_listed_and_shown_by_what_is_new(home: Home) -> None:
    lines = torod(home, "conversations", "list").stdout.splitlines()
    assert [line.split("  ")[1:] for line in lines] == [
        ["2026-01-01 12:00", "bob", "1 request", "hello"],
        ["2026-01-01 12:00", "ann", "2 requests", "Bake bread?"],
    ]
    (bread,) = listed(home, "--user", "ann")

    shown = run(home, "conversations", "show", bread["id"]).stdout

    said = [line for line in shown.splitlines() if line.startswith("[")]
    assert said == [
        "[system] Be kind.",
        "[user] Bake bread?",
        "[assistant] hi",
        "[user] And then?",
        "[assistant] Eat  [2J it.",
    ]
    assert "\x1b" not in shown
    assert '"messages"' in run(home, "conversations", "show", bread["id"], "--raw").stdout
    whole = json.loads(run(home, "conversations", "show", bread["id"], "--json").stdout)
    assert [record["record"]["id"] for record in whole["records"]] == ["r1", "r2"]


def test_filters_and_searches_find_them(home: Home) -> None:
    assert [one["key"] for one in listed(home, "--q", "then")] == ["ann"]
    assert [one["key"] for one in listed(home, "--team", "chemistry")] == ["bob"]
    assert [one["key"] for one in listed(home, "--before", "2026-01-01")] == []
    assert "There are more" in run(home, "conversations", "list", "--limit", "1").stderr


def test_deleting_says_which(home: Home) -> None:
    assert run(home, "conversations", "delete").exit_code == 2
    assert run(home, "conversations", "delete", "--all", "--key", "bob").exit_code == 2
    assert "Deleted 1 conversation." in run(home, "conversations", "delete", "--key", "bob").stderr
    assert "Deleted 0 conversations." in run(home, "conversations", "delete", "conv_none").stderr
    assert "Deleted 1 conversation." in run(home, "conversations", "delete", listed(home)[0]["id"]).stderr
    assert listed(home) == []
    assert run(home, "conversations", "delete", "--all").exit_code == 0
    assert run(home, "conversations", "show", "conv_none").exit_code == 1


def test_rules_are_set_listed_and_removed(home: Home) -> None:
    (home.path / "torod.toml").write_text('[conversations]\ncapture = ["team:physics"]\n')
    assert run(home, "conversations", "capture", "on", "key:ann").exit_code == 0
    assert run(home, "conversations", "capture", "off", "global").exit_code == 0

    assert run(home, "conversations", "capture", "list").stdout.splitlines() == [
        "team:physics  kept  from file",
        "global  not kept  from database",
        "key:ann  kept  from database",
    ]
    assert len(json.loads(run(home, "conversations", "capture", "list", "--json").stdout)) == 3
    assert run(home, "conversations", "capture", "remove", "global").exit_code == 0
    assert run(home, "conversations", "capture", "remove", "global").exit_code == 1
    assert run(home, "conversations", "capture", "on", "everybody").exit_code == 2
    assert "declared in the configuration" in run(home, "conversations", "capture", "off", "team:physics").stderr


def test_where_the_file_forbids_it_nothing_is_switched_on(home: Home) -> None:
    (home.path / "torod.toml").write_text("[conversations]\nenabled = false\n")

    assert "enabled = false" in run(home, "conversations", "capture", "on", "global").stderr
    assert "Nothing is kept" in run(home, "conversations", "capture", "list").stderr
