import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tokenrouter.cli.torod import main
from tokenrouter.store.engine import open_store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOKENROUTER_HOME", str(tmp_path))
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(words))
    return result.exit_code, result.output


def test_what_commands_change_is_in_the_log_as_theirs(home: Path) -> None:
    run("keys", "create", "alice")
    run("keys", "revoke", "alice")

    entries = json.loads(run("audit", "list", "--json")[1])

    assert [entry["action"] for entry in entries] == ["key.revoke", "key.create"]
    assert {entry["actor"]["kind"] for entry in entries} == {"command"}
    assert " by command" in run("audit", "list", "--action", "key.create")[1]


def test_a_log_that_was_altered_or_cut_is_told(home: Path) -> None:
    run("keys", "create", "alice")
    run("keys", "create", "bob")
    head = json.loads(run("audit", "verify", "--json")[1])["head"]
    assert run("audit", "verify", "--head", head)[0] == 0
    store = open_store(f"sqlite:///{home / 'data' / 'tokenrouter.db'}")
    with store.write() as connection:
        connection.execute(text("DELETE FROM tr_audit WHERE number = 2"))

    cut = run("audit", "verify", "--head", head)
    with store.write() as connection:
        connection.execute(text("UPDATE tr_audit SET address = '192.0.2.7'"))
    altered = run("audit", "verify")
    store.close()

    assert (cut[0], "cut off" in cut[1]) == (1, True)
    assert (altered[0], "entry 1 " in altered[1]) == (1, True)
