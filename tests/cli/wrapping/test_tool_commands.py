"""Which words on the command line are ours, and which are the tool's."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from tokenrouter.cli.toro import main
from tokenrouter.cli.wrapping import starting
from tokenrouter.cli.wrapping.models import Lengths
from tokenrouter.cli.wrapping.wishes import Wishes


class Heard:
    """What would be started."""

    def __init__(self) -> None:
        self.args: tuple[str, ...] = ()
        self.model = ""
        self.wishes = Wishes()
        self.tool: Any = None

    def start(self, make: Any, wishes: Wishes, *, args: tuple[str, ...], wanted: str) -> None:
        self.tool, self.wishes, self.args, self.model = make({"lab/small": Lengths()}), wishes, args, wanted


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    ear = Heard()
    monkeypatch.setattr(starting, "start", ear.start)
    return ear


def say(*words: str) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("words", "args", "model"),
    [
        (["codex"], (), ""),
        (["codex", "exec", "hi"], ("exec", "hi"), ""),
        (["codex", "--model", "a", "exec", "--model", "b"], ("exec", "--model", "b"), "a"),
        (["codex", "--model=a", "-c", "x=1", "--ttl", "1h"], ("-c", "x=1", "--ttl", "1h"), "a"),
        (["codex", "-mqwen"], ("-mqwen",), ""),
        (["codex", "--", "--model", "a", "--help"], ("--model", "a", "--help"), ""),
        (["codex", "exec", "--", "hi"], ("exec", "--", "hi"), ""),
        (["claude", "-p", "hi", "--output-format", "json"], ("-p", "hi", "--output-format", "json"), ""),
        (["claude", "--", "--"], ("--",), ""),
        (["gemini", "-q", "-p", "-q"], ("-p", "-q"), ""),
    ],
)
def test_ours_end_with_the_first_word_that_is_none_of_them(
    heard: Heard, words: list[str], args: tuple[str, ...], model: str
) -> None:
    say(*words)

    assert heard.args == args
    assert heard.model == model


@pytest.mark.parametrize("words", [["--ttl", "2h", "codex", "x"], ["codex", "--ttl", "2h", "x"]])
def test_what_is_said_of_the_key_may_stand_before_the_tools_name_or_behind_it(heard: Heard, words: list[str]) -> None:
    say(*words)

    assert heard.wishes.ttl_s == 7200
    assert heard.args == ("x",)


def test_opencode_is_told_of_its_provider(heard: Heard) -> None:
    say("opencode", "--provider-id", "lab", "--provider-name", "The Lab", "--no-disable-other-providers", "run", "x")

    assert (heard.tool.provider_id, heard.tool.provider_name, heard.tool.is_alone) == ("lab", "The Lab", False)
    assert list(heard.tool.offered) == ["lab/small"]
    assert heard.args == ("run", "x")


@pytest.mark.parametrize("words", [["--provider-id", ""], ["--provider-id", "a/b"], ["--provider-name", ""]])
def test_a_provider_that_cannot_be_is_told(heard: Heard, words: list[str]) -> None:
    assert CliRunner().invoke(main, ["opencode", *words]).exit_code == 2


@pytest.mark.parametrize("name", ["codex", "claude", "gemini", "opencode", "aider"])
def test_each_explains_itself(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    result = CliRunner().invoke(main, [name, "--help"])

    assert command is not None
    assert result.exit_code == 0
    assert f"toro {name} " in result.output


@pytest.mark.parametrize("words", [["--model"], ["--ttl", "9w"], ["--ttl"]])
def test_mistakes_in_ours_are_told(heard: Heard, words: list[str]) -> None:
    assert CliRunner().invoke(main, ["codex", *words]).exit_code == 2
