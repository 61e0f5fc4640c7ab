"""Codex is given a provider of ours."""

import tomllib
from pathlib import Path

import pytest

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.codex import Codex
from tokenrouter.cli.wrapping.launch import Launch
from tokenrouter.cli.wrapping.models import Lengths

SERVER = Server("http://host:1/prefix", "tr_parent")


def prepare(*args: str, model: str = "lab/small") -> Launch:
    return Codex({"lab/large": Lengths(128_000)}).prepare(SERVER, "tr_temporary", model, args, Path("/nowhere"))


def settings(launch: Launch) -> dict[str, object]:
    """What the `-c` arguments say, as Codex reads them."""
    told = [value for option, value in zip(launch.argv, launch.argv[1:], strict=False) if option == "-c"]
    return tomllib.loads("\n".join(told))


def test_the_provider_stands_before_what_was_typed() -> None:
    launch = prepare("exec", "hi")

    assert launch.argv[0] == "codex"
    assert launch.argv[-2:] == ("exec", "hi")
    told = settings(launch)
    assert told["model"] == "lab/small"
    assert told["model_provider"] == "toro"
    assert told["model_providers"] == {
        "toro": {
            "name": "TokenRouter",
            "base_url": "http://host:1/prefix/v1",
            "env_key": "TORO_CODEX_KEY",
            "wire_api": "responses",
        }
    }


def test_the_key_is_in_a_variable_only_and_other_accounts_stay_behind() -> None:
    launch = prepare("exec", "hi")

    assert launch.set_env == {"TORO_CODEX_KEY": "tr_temporary"}
    assert "tr_" not in " ".join(launch.argv)
    assert {"OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_BASE_URL"} <= launch.drop_env
    assert "CODEX_HOME" not in launch.drop_env, "sessions and settings are the user's"


def test_without_a_model_none_is_named() -> None:
    assert "model" not in settings(prepare("exec", "-m", "own", model=""))


@pytest.mark.parametrize(
    ("args", "model"),
    [
        (["exec", "-m", "a"], "a"),
        (["--model=a", "exec"], "a"),
        (["-c", 'model="a"'], "a"),
        (["-c", "model = 'a'"], "a"),
        (["--config=model=lab/a"], "lab/a"),
        (["-cmodel=a", "-m", "b"], "b"),
        (["-c", "model_provider=x", "-c", "model_verbosity=low", "-c", "model=[1]"], ""),
        (["-p", "work", "exec", "hi"], ""),
    ],
)
def test_a_model_that_was_typed_is_seen(args: list[str], model: str) -> None:
    assert Codex().model_in(args) == model


def test_it_is_told_how_much_the_model_holds_where_that_is_known() -> None:
    assert settings(prepare(model="lab/large"))["model_context_window"] == 128_000
    assert "model_context_window" not in settings(prepare())
