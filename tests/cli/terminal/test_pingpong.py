"""`toro pingpong`, at a real gateway."""

import json

import pexpect
import pytest

from tests.cli.terminal.conftest import Toro, typed

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def test_a_talk_ends_with_a_table(alice: Toro) -> None:
    done = alice("pingpong", "--models", "lab/echo, lab/lorem-20", "--turn-pairs", "2", "--starter", "first words")

    assert done.exit_code == 0, done.output
    header, *lines = [line.split() for line in done.stdout.splitlines()]
    assert header[:2] == ["MODEL", "ANSWERS"]
    assert [line[:2] for line in lines] == [["lab/echo", "2"], ["lab/lorem-20", "2"]]
    assert done.stderr.startswith("lab/echo: first words\n\nlab/lorem-20: Lorem ipsum")


def test_many_talks_are_held_and_programs_get_them_all(alice: Toro) -> None:
    flags = ("--runs", "5", "--parallel", "3", "--turn-pairs", "1", "--max-tokens", "30")

    done = alice("pingpong", "--models", "lab/echo", *flags, "--show-tokens", "none", "--json")

    told = json.loads(done.stdout)
    assert done.stderr == ""
    assert [model["answers"] for model in told["models"]] == [10]
    assert len({talk["id"] for talk in told["talks"]}) == 5


def test_tokens_are_shown_as_dots_or_by_answer(alice: Toro) -> None:
    flags = ("pingpong", "--models", "lab/echo", "--runs", "2", "--turn-pairs", "1", "--starter", "abc")

    assert set(alice(*flags).stderr) == {".", "\n"}
    assert sorted(alice(*flags, "--show-tokens", "words").stderr.split("\n\n")[:4]) == [
        "1 lab/echo: abc",
        "1 lab/echo: abc",
        "2 lab/echo: abc",
        "2 lab/echo: abc",
    ]


def test_without_models_two_are_chosen(alice: Toro) -> None:
    told = json.loads(alice("pingpong", "--turn-pairs", "1", "--json").stdout)

    assert [model["model"] for model in told["models"]] == ["best", "lab/echo"]


def test_what_ended_early_is_told_and_is_a_failure(alice: Toro) -> None:
    done = alice("pingpong", "--models", "lab/echo,lab/fault/cut", "--runs", "2", "--turn-pairs", "1")

    assert done.exit_code == 1
    assert "toro: 2 talks ended early, at lab/fault/cut: " in done.stderr
    assert alice("pingpong", "--models", "a,b,c").exit_code == 2


def test_ctrl_c_ends_it_with_the_table_of_what_there_is(alice: Toro) -> None:
    terminal = typed(alice, "pingpong", "--models", "lab/echo,lab/lorem-5000@20")
    terminal.expect("Lorem")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 130
    assert "ANSWERS" in terminal.before
    assert "Traceback" not in terminal.before
