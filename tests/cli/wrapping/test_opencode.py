"""opencode is given a configuration of ours."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.launch import Launch
from tokenrouter.cli.wrapping.models import Lengths
from tokenrouter.cli.wrapping.opencode import OpenCode

SERVER = Server("http://host:1", "tr_parent")
OFFERED = {"lab/small": Lengths(32_768, 4096), "lab/embed-large": Lengths(), "lab/large": Lengths(128_000)}


def prepare(user: Path, *args: str, model: str = "lab/large", **more: Any) -> Launch:
    folder = user / "private"
    folder.mkdir()
    tool = OpenCode(OFFERED, environ={"HOME": str(user)}, **more)
    return tool.prepare(SERVER, "tr_temporary", model, args, folder)


def configuration(launch: Launch) -> dict[str, Any]:
    content = launch.set_env.get("OPENCODE_CONFIG_CONTENT")
    told: dict[str, Any] = json.loads(content or Path(launch.set_env["OPENCODE_CONFIG"]).read_text())
    return told


def test_every_model_of_the_key_that_talks_is_listed_the_chosen_first(tmp_path: Path) -> None:
    launch = prepare(tmp_path, "run", "hi")
    told = configuration(launch)
    provider = told["provider"]["tokenrouter"]

    assert launch.argv == ("opencode", "run", "hi")
    assert told["model"] == told["small_model"] == "tokenrouter/lab/large"
    assert list(provider["models"]) == provider["whitelist"] == ["lab/large", "lab/small"]
    assert provider["name"] == "TokenRouter"
    assert provider["options"]["baseURL"] == "http://host:1/v1"


def test_the_key_is_in_a_variable_that_the_configuration_names(tmp_path: Path) -> None:
    launch = prepare(tmp_path)

    assert configuration(launch)["provider"]["tokenrouter"]["options"]["apiKey"] == "{env:TORO_OPENCODE_KEY}"
    assert launch.set_env["TORO_OPENCODE_KEY"] == "tr_temporary"
    assert "tr_" not in json.dumps(configuration(launch))


def test_alone_it_sees_nothing_of_the_users_configuration_but_what_is_not_its_own(tmp_path: Path) -> None:
    for program in ("opencode", "git"):
        (tmp_path / ".config" / program).mkdir(parents=True)
    launch = prepare(tmp_path)
    base = Path(launch.set_env["XDG_CONFIG_HOME"])

    assert [entry.name for entry in base.iterdir()] == ["git"]
    assert launch.set_env["OPENCODE_DISABLE_PROJECT_CONFIG"] == "1"
    assert launch.set_env["OPENCODE_AUTH_CONTENT"] == "{}"
    assert configuration(launch)["enabled_providers"] == ["tokenrouter"]
    assert {"OPENCODE_CONFIG_CONTENT", "OPENCODE_CONFIG_DIR"} <= launch.drop_env
    assert "XDG_DATA_HOME" not in launch.set_env, "sessions stay"


def test_beside_others_it_keeps_the_users_configuration(tmp_path: Path) -> None:
    launch = prepare(tmp_path, is_alone=False)

    assert set(launch.set_env) == {"OPENCODE_CONFIG_CONTENT", "TORO_OPENCODE_KEY", "OPENCODE_DISABLE_AUTOUPDATE"}
    assert "enabled_providers" not in configuration(launch)
    assert not launch.drop_env


def test_the_provider_may_have_another_name(tmp_path: Path) -> None:
    told = configuration(prepare(tmp_path, provider_id="lab", provider_name="The Lab"))

    assert told["model"] == "lab/lab/large"
    assert told["provider"]["lab"]["name"] == "The Lab"
    assert told["enabled_providers"] == ["lab"]


def test_a_model_that_was_typed_is_left(tmp_path: Path) -> None:
    assert OpenCode().model_in(["run", "-m", "tokenrouter/lab/small"]) == "tokenrouter/lab/small"
    assert "model" not in configuration(prepare(tmp_path, "run", "-m", "tokenrouter/lab/small", model=""))


def test_it_is_told_how_much_a_model_holds_where_that_is_known(tmp_path: Path) -> None:
    models = configuration(prepare(tmp_path, model="lab/unlisted"))["provider"]["tokenrouter"]["models"]

    assert models["lab/small"]["limit"] == {"context": 32_768, "output": 4096}
    assert models["lab/large"]["limit"] == {"context": 128_000, "output": 32_000}
    assert "limit" not in models["lab/unlisted"]


@pytest.mark.parametrize("is_alone", [True, False])
def test_thousands_of_models_fit_into_what_a_system_takes(tmp_path: Path, is_alone: bool) -> None:
    (tmp_path / "private").mkdir()
    offered = {f"provider-{number}/a-model-with-a-long-name-{number}": Lengths(128_000) for number in range(4000)}
    tool = OpenCode(offered, is_alone=is_alone, environ={"HOME": str(tmp_path)})
    launch = tool.prepare(SERVER, "tr_temporary", "chosen", [], tmp_path / "private")
    models = configuration(launch)["provider"]["tokenrouter"]["models"]

    assert max(map(len, launch.set_env.values())) < 128 * 1024
    assert next(iter(models)) == "chosen"
    assert len(models) == 4001 if is_alone else len(models) > 200


def test_a_configuration_that_no_variable_holds_ends_it_with_words(tmp_path: Path) -> None:
    tool = OpenCode({"lab/a": Lengths()}, "lab", "x" * 200_000, is_alone=False)

    with pytest.raises(click.ClickException, match="too long"):
        tool.prepare(Server("http://x"), "tr_1", "", (), tmp_path)
