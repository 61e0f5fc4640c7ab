"""Gemini CLI is given a home of its own."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.gemini import GeminiCli
from tokenrouter.cli.wrapping.launch import Launch

SERVER = Server("http://host:1", "tr_parent")
MINE = """\
{
  // I sign in as myself
  "security": {"auth": {"selectedType": "oauth-personal"}, "folderTrust": {"enabled": true}},
  "ui": {"theme": "// no comment"},
}
"""


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home folder, who works in a project."""
    (tmp_path / "user" / "project").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "user" / "project")
    return tmp_path / "user"


def prepare(user: Path, *args: str, model: str = "lab/small", is_terminal: bool = True) -> Launch:
    folder = user.parent / "private"
    folder.mkdir()
    return GeminiCli({"HOME": str(user)}, lambda: is_terminal).prepare(SERVER, "tr_temporary", model, args, folder)


def settings(user: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((user.parent / "private" / ".gemini" / "settings.json").read_text())
    return told


def test_variables_lead_to_the_server_and_arguments_stay_as_they_were_typed(user: Path) -> None:
    launch = prepare(user, "-p", "hi")

    assert launch.argv == ("gemini", "-p", "hi")
    assert launch.set_env["GOOGLE_GEMINI_BASE_URL"] == "http://host:1"
    assert launch.set_env["GEMINI_API_KEY"] == "tr_temporary"
    assert launch.set_env["GEMINI_MODEL"] == "lab/small"
    assert launch.set_env["GEMINI_CLI_HOME"] == str(user.parent / "private")
    assert {"GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"} <= launch.drop_env


def test_the_settings_are_the_users_with_another_sign_in(user: Path) -> None:
    (user / ".gemini").mkdir()
    (user / ".gemini" / "settings.json").write_text(MINE)
    prepare(user)

    told = settings(user)
    assert told["security"]["auth"]["selectedType"] == "gemini-api-key"
    assert told["security"]["folderTrust"] == {"enabled": True}
    assert told["ui"] == {"theme": "// no comment"}
    assert (user / ".gemini" / "settings.json").read_text() == MINE


def test_everything_else_is_the_users_also_what_is_made_during_the_run(user: Path) -> None:
    (user / ".gemini").mkdir()
    (user / ".gemini" / "GEMINI.md").write_text("be brief")
    prepare(user)
    theirs = user.parent / "private" / ".gemini"

    assert (theirs / "GEMINI.md").read_text() == "be brief"
    for made in ("tmp/chat", "commands/mine.toml", "installation_id"):
        (theirs / made).write_text("hello")
        assert (user / ".gemini" / made).read_text() == "hello"


def test_what_is_asked_beside_the_conversation_goes_to_the_same_model(user: Path) -> None:
    prepare(user, "-m", "lab/mine", model="")

    overrides = settings(user)["modelConfigs"]["customOverrides"]
    assert {rule["modelConfig"]["model"] for rule in overrides} == {"lab/mine"}
    assert "summarizer-default" in {rule["match"]["model"] for rule in overrides}


def test_without_a_model_no_variable_names_one(user: Path) -> None:
    assert "GEMINI_MODEL" not in prepare(user, "-m", "own", model="").set_env


@pytest.mark.parametrize("text", ["{", "[]", '{"a": }'])
def test_broken_settings_are_told_with_their_file(user: Path, text: str) -> None:
    (user / ".gemini").mkdir()
    (user / ".gemini" / "settings.json").write_text(text)

    with pytest.raises(click.ClickException, match=r"settings\.json"):
        prepare(user)


@pytest.mark.parametrize(("is_home", "advice"), [(False, "take that line out"), (True, "in a project's")])
def test_a_sign_in_that_comes_before_ours_is_told(
    user: Path, is_home: bool, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = user if is_home else user / "project"
    monkeypatch.chdir(place)
    (place / ".gemini").mkdir()
    (place / ".gemini" / "settings.json").write_text(MINE)

    with pytest.raises(click.ClickException, match=advice):
        prepare(user)


def test_other_settings_of_a_project_are_no_hindrance(user: Path) -> None:
    (user / "project" / ".gemini").mkdir()
    (user / "project" / ".gemini" / "settings.json").write_text('{"security": {"auth": {"useExternal": false}}}')

    assert prepare(user).argv == ("gemini",)


@pytest.mark.parametrize(
    ("args", "is_terminal", "is_one"),
    [([], True, False), ([], False, True), (["-p", "hi"], True, True), (["--prompt=hi"], True, True)],
)
def test_where_nobody_sits_before_it_signals_find_one_process(
    user: Path, args: list[str], is_terminal: bool, is_one: bool
) -> None:
    launch = prepare(user, *args, is_terminal=is_terminal)

    assert ("GEMINI_CLI_NO_RELAUNCH" in launch.set_env) is is_one
