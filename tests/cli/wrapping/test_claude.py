"""Claude Code is given settings of ours."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.claude import ClaudeCode
from tokenrouter.cli.wrapping.launch import Launch
from tokenrouter.cli.wrapping.models import Lengths

SERVER = Server("http://host:1", "tr_parent")
OFFERED = dict.fromkeys(("a/claude-opus-5", "b/claude-sonnet-5-5", "b/claude-3-5-haiku-latest"), Lengths())
OFFERED["lab/small"] = Lengths(32_768, 4096)


def prepare(folder: Path, *args: str, model: str = "lab/small", offered: Mapping[str, Lengths] | None = None) -> Launch:
    return ClaudeCode(offered or {}).prepare(SERVER, "tr_temporary", model, args, folder)


def settings(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "settings.json").read_text())
    return told


def test_settings_and_variables_both_lead_to_the_server(tmp_path: Path) -> None:
    launch = prepare(tmp_path, "-p", "hi")
    env = settings(tmp_path)["env"]

    assert launch.argv == ("claude", "--settings", str(tmp_path / "settings.json"), "-p", "hi")
    for told in (env, launch.set_env):
        assert told["ANTHROPIC_BASE_URL"] == "http://host:1"
        assert told["ANTHROPIC_AUTH_TOKEN"] == "tr_temporary"
        assert told["ANTHROPIC_MODEL"] == "lab/small"
        assert told["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] == "1"


def test_whatever_leads_elsewhere_is_emptied_and_dropped(tmp_path: Path) -> None:
    launch = prepare(tmp_path)
    elsewhere = {"ANTHROPIC_API_KEY", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_OAUTH_TOKEN"}

    assert elsewhere <= launch.drop_env
    assert {settings(tmp_path)["env"][name] for name in elsewhere} == {""}
    assert settings(tmp_path)["apiKeyHelper"] == ""


def test_each_tier_is_a_model_of_its_name_or_the_one_that_is_asked(tmp_path: Path) -> None:
    prepare(tmp_path, offered=OFFERED)
    env = settings(tmp_path)["env"]

    assert env["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "a/claude-opus-5"
    assert env["ANTHROPIC_DEFAULT_SONNET_MODEL"] == "b/claude-sonnet-5-5"
    assert env["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == env["ANTHROPIC_SMALL_FAST_MODEL"] == "b/claude-3-5-haiku-latest"
    assert env["ANTHROPIC_DEFAULT_FABLE_MODEL"] == "lab/small"


def test_a_model_that_was_typed_is_left_and_serves_beside_the_conversation_too(tmp_path: Path) -> None:
    launch = prepare(tmp_path, "--model", "lab/mine", "-p", "hi", model="")

    assert launch.argv[3:] == ("--model", "lab/mine", "-p", "hi")
    assert settings(tmp_path)["env"]["ANTHROPIC_SMALL_FAST_MODEL"] == "lab/mine"


@pytest.mark.parametrize(
    ("args", "model"), [(["--model", "a"], "a"), (["--model=sonnet"], ""), (["--model", "opus[1m]"], ""), ([], "")]
)
def test_a_word_of_claude_codes_own_is_no_model(args: list[str], model: str) -> None:
    assert ClaudeCode().model_in(args) == model


@pytest.mark.parametrize("is_file", [True, False])
def test_settings_that_were_typed_are_taken_up(tmp_path: Path, is_file: bool) -> None:
    typed = '{"model": "opus", "env": {"MINE": "1", "ANTHROPIC_BASE_URL": "http://elsewhere"}}'
    folder, file = tmp_path / "ours", tmp_path / "theirs.json"
    folder.mkdir()
    file.write_text(typed)
    launch = prepare(folder, "-p", "hi", "--settings", str(file) if is_file else typed, "--verbose")

    assert launch.argv == ("claude", "--settings", str(folder / "settings.json"), "-p", "hi", "--verbose")
    assert settings(folder)["model"] == "opus"
    assert settings(folder)["env"]["MINE"] == "1"
    assert settings(folder)["env"]["ANTHROPIC_BASE_URL"] == "http://host:1"
    assert file.read_text() == typed


def test_what_stands_behind_two_dashes_is_no_option(tmp_path: Path) -> None:
    assert prepare(tmp_path, "-p", "--", "--settings").argv[3:] == ("-p", "--", "--settings")


@pytest.mark.parametrize("typed", ["", "/no/such/file", "{no json", "[]"])
def test_settings_that_are_none_are_told(tmp_path: Path, typed: str) -> None:
    with pytest.raises(click.ClickException, match="--settings"):
        prepare(tmp_path, f"--settings={typed}")


def test_the_key_is_in_no_argument(tmp_path: Path) -> None:
    assert "tr_" not in " ".join(prepare(tmp_path, "-p", "hi").argv)


def test_it_is_told_how_much_the_model_holds_where_that_is_known(tmp_path: Path) -> None:
    prepare(tmp_path, offered=OFFERED)
    assert settings(tmp_path)["env"]["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "32768"

    prepare(tmp_path, offered=OFFERED, model="b/claude-sonnet-5-5")
    assert "CLAUDE_CODE_MAX_CONTEXT_TOKENS" not in settings(tmp_path)["env"]
