"""aider is given arguments of ours, and the key in a variable of its own."""

from pathlib import Path

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.aider import Aider
from tokenrouter.cli.wrapping.launch import Launch


def prepare(*args: str, model: str = "lab/small") -> Launch:
    return Aider().prepare(Server("http://host:1", "tr_parent"), "tr_temporary", model, args, Path("/nowhere"))


def test_ours_stand_before_what_was_typed() -> None:
    launch = prepare("--message", "hi")
    told = " ".join(launch.argv)

    assert told.startswith("aider --openai-api-base http://host:1/v1 ")
    assert told.endswith(" --message hi")
    for option in ("--model", "--weak-model", "--editor-model"):
        assert f" {option} openai/lab/small " in told


def test_the_key_is_where_no_env_file_of_a_project_overrules_it_and_in_no_argument() -> None:
    launch = prepare()

    assert launch.set_env["AIDER_OPENAI_API_KEY"] == launch.set_env["OPENAI_API_KEY"] == "tr_temporary"
    assert "tr_" not in " ".join(launch.argv)


def test_a_model_that_was_typed_is_left() -> None:
    assert Aider().model_in(["--model", "openai/own"]) == "openai/own"
    assert prepare("--model", "openai/own", model="").argv.count("--model") == 1
