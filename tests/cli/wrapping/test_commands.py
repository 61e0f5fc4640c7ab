"""`toro wrap`, as it is typed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.answering import Answering
from tokenrouter.cli.client import Server
from tokenrouter.cli.toro import main
from tokenrouter.cli.wrapping.commands import AnyProgram
from tokenrouter.cli.wrapping.launch import Launch


def test_a_program_is_told_by_two_variables_and_its_arguments_stay_as_they_are() -> None:
    program = AnyProgram("LLM_URL", "LLM_KEY")

    launch = program.prepare(Server("http://a", "tr_own"), "tr_temporary", "", ["./bot", "--model", "x"], Path())

    assert launch == Launch(
        ("./bot", "--model", "x"), {"LLM_URL": "http://a/v1", "LLM_KEY": "tr_temporary"}, frozenset()
    )
    assert "tr_temporary" not in repr(launch)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("wrap", "Missing argument 'COMMAND...'"),
        ("wrap --url-env A-B env", "'A-B' is no name of a variable"),
        ("wrap --key-env 1A env", "'1A' is no name of a variable"),
        ("wrap --key-env OPENAI_BASE_URL env", "name one variable"),
        ("wrap --fast", "No such option '--fast'"),
        ("--ttl 3w wrap env", "is no time from 1s to 24h"),
        ("--url ftp://a wrap env", "is no address of a server"),
    ],
)
def test_what_is_typed_wrongly_is_told_before_anybody_is_asked(line: str, says: str, tmp_path: Path) -> None:
    told = CliRunner(env={"TOKENROUTER_HOME": str(tmp_path)}).invoke(main, line.split())

    assert (told.exit_code, says in told.output) == (2, True), told.output


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "That is about your own key; say it with `toro set-key`, TOKENROUTER_API_KEY or --key."),
        (403, "Ask an administrator for a key that may have temporary ones below it, or use another with --key."),
        (422, "Another key of yours may do; use it with --key."),
    ],
)
@pytest.mark.usefixtures("signals_as_before")
def test_whoever_may_not_make_keys_is_told_what_to_do(status: int, advice: str, tmp_path: Path) -> None:
    with Answering(status, b'{"detail": "It may not."}') as server:
        line = ["--url", server.url, "--key", "tr_own", "wrap", "--", "env"]
        told = CliRunner(env={"TOKENROUTER_HOME": str(tmp_path)}).invoke(main, line)

    assert (told.exit_code, told.output) == (1, f"toro: no temporary key was made: It may not. {advice}\n")
    assert [row[0] for row in server.asked] == ["POST"]


@pytest.mark.usefixtures("signals_as_before")
def test_whose_name_for_the_key_is_none_is_not_sent_for_another_key(tmp_path: Path) -> None:
    with Answering(422, b'{"detail": "name: it has a character that names cannot have"}') as server:
        line = ["--url", server.url, "--key", "tr_own", "--name", "a*", "wrap", "--", "env"]
        told = CliRunner(env={"TOKENROUTER_HOME": str(tmp_path)}).invoke(main, line)

    words = "name: it has a character that names cannot have."
    assert (told.exit_code, told.output) == (1, f"toro: no temporary key was made: {words}\n")


def test_whoever_has_no_key_is_told_how_to_say_one(tmp_path: Path) -> None:
    told = CliRunner(env={"TOKENROUTER_HOME": str(tmp_path), "TOKENROUTER_API_KEY": ""}).invoke(main, ["wrap", "env"])

    assert (told.exit_code, "say it with `toro set-key`" in told.output) == (1, True)
