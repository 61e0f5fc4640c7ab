import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tokenrouter.cli.torod import main


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENROUTER_HOME", str(tmp_path))


def run(*words: str) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words: str) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 1
    return result.output


def test_teams_and_who_is_in_them() -> None:
    run("teams", "create", "physics", "--allow", "lab/*", "--comment", "room 7")
    run("users", "create", "ann", "--email", "ann@school.org")
    run("teams", "add", "physics", "ann@school.org", "--admin")
    run("teams", "disable", "physics")

    [team] = json.loads(run("teams", "list", "--json"))

    assert team == {
        "name": "physics",
        "enabled": False,
        "allowed_models": ["lab/*"],
        "members": {"ann": True},
        "origin": "database",
    }
    assert run("teams", "list") == "physics  disabled  ann (admin)\n"
    run("teams", "enable", "physics")
    run("teams", "take-out", "physics", "ann")
    assert run("teams", "list") == "physics  nobody\n"
    run("teams", "remove", "physics")
    assert "no team" in refused("teams", "remove", "physics")
    assert "not in the team" in refused("teams", "take-out", "physics", "ann")
