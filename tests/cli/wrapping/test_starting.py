"""A tool is started, here one that only says how it was."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, free_port, make_home, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro tools")]
SPEAKING = """\
#!/bin/sh
exec {python} -c 'import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)])); sys.exit(7)' "$@"
"""
Ran = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def gateway(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    config = f'[[providers]]\nname = "lab"\nprovider_type = "openai"\nbase_url = "{sandbox.base_url}"\napi_key = "x"\n'
    config += 'models = ["echo", "lorem"]\n'
    with GatewayProcess(make_home(tmp_path_factory.mktemp("gateway")), config) as running:
        wait_until("the control plane answers", lambda: running.call("GET", "/api/v1/keys").status == 200)
        yield running


class Desk:
    """Somebody's terminal; `codex` is a program that says how it was started, and nothing else is installed."""

    def __init__(self, folder: Path, gateway: GatewayProcess) -> None:
        self.home = folder / "home"
        self.programs = folder / "bin"
        self.key = gateway.key
        self.url = gateway.origin
        for made in (self.home, self.programs):
            made.mkdir()
        program = self.programs / "codex"
        program.write_text(SPEAKING.format(python=sys.executable))
        program.chmod(0o755)

    def toro(self, *words: str, **env: str) -> Ran:
        named = {"TOKENROUTER_URL": self.url, "TOKENROUTER_API_KEY": self.key, "TOKENROUTER_HOME": str(self.home)}
        path = {"PATH": f"{self.programs}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(self.home)}
        argv = [str(Path(sys.executable).with_name("toro")), *words]
        return subprocess.run(
            argv, env={**path, **named, **env}, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def desk(tmp_path: Path, gateway: GatewayProcess) -> Desk:
    return Desk(tmp_path, gateway)


def told(ran: Ran) -> tuple[list[str], dict[str, str]]:
    assert ran.stdout, ran.stderr
    args, env = json.loads(ran.stdout)
    return args, env


def names(gateway: GatewayProcess) -> set[str]:
    answer: Any = gateway.call("GET", "/api/v1/keys").json()
    return {key["name"] for key in answer["data"]}


def test_the_tool_runs_with_a_key_of_its_own_and_ends_with_its_exit_code(desk: Desk, gateway: GatewayProcess) -> None:
    ran = desk.toro("codex", "exec", "say hi", OPENAI_API_KEY="sk-mine")
    args, env = told(ran)

    assert ran.returncode == 7
    assert args[-2:] == ["exec", "say hi"]
    assert 'model="lab/echo"' in args
    assert "codex asks lab/echo" in ran.stderr
    assert "OPENAI_API_KEY" not in env
    assert env["TORO_CODEX_KEY"].startswith("tr_")
    assert desk.key not in ran.stdout + ran.stderr
    assert not {name for name in names(gateway) if name.startswith("toro-codex")}


@pytest.mark.parametrize("words", [["--model", "lab/lorem"], ["-q", "--model", "lab/lorem", "exec"]])
def test_a_model_that_was_said_is_used_without_a_word_about_it(desk: Desk, words: list[str]) -> None:
    ran = desk.toro("codex", *words)

    assert 'model="lab/lorem"' in told(ran)[0]
    assert "asks" not in ran.stderr


def test_a_model_that_was_said_to_the_tool_is_left(desk: Desk) -> None:
    args, _ = told(desk.toro("codex", "--model", "lab/echo", "exec", "-m", "lab/lorem"))

    assert not [word for word in args if word.startswith("model=")]
    assert args[-3:] == ["exec", "-m", "lab/lorem"]


def test_a_model_that_was_written_down_comes_before_what_is_offered(desk: Desk) -> None:
    (desk.home / "toro.toml").write_text('default_model = "lab/lorem"\n')

    assert 'model="lab/lorem"' in told(desk.toro("codex"))[0]


def test_a_tool_that_is_not_there_is_told_with_the_command_that_installs_it(desk: Desk) -> None:
    ran = desk.toro("gemini", "-p", "hi")

    assert ran.returncode == 127
    assert ran.stderr == (
        "toro: gemini is not installed, or not on your PATH; install it: npm install -g @google/gemini-cli\n"
    )


@pytest.mark.parametrize(
    ("env", "code", "words"),
    [
        ({"TOKENROUTER_API_KEY": "tr_nobody"}, 1, "API key"),
        ({"TOKENROUTER_API_KEY": ""}, 1, "toro set-key"),
        ({"TOKENROUTER_URL": "no address"}, 2, "is no address of a server"),
    ],
)
def test_a_server_that_cannot_be_asked_is_told(desk: Desk, env: dict[str, str], code: int, words: str) -> None:
    ran = desk.toro("codex", **env)

    assert ran.returncode == code
    assert words in ran.stderr
    assert ran.stdout == ""


def test_a_server_that_is_away_is_told(desk: Desk) -> None:
    ran = desk.toro("codex", TOKENROUTER_URL=f"http://127.0.0.1:{free_port()}")

    assert ran.returncode == 3
    assert "nothing answers" in ran.stderr


def test_a_key_that_may_use_nothing_is_told(desk: Desk, gateway: GatewayProcess) -> None:
    made = gateway.call("POST", "/api/v1/keys", json_body={"name": "narrow", "allowed_models": ["other/*"]}).json()
    ran = desk.toro("codex", TOKENROUTER_API_KEY=made["key"])

    assert ran.returncode == 1
    assert "no model that holds a conversation" in ran.stderr
