"""The first provider at a terminal: its test, and what one does when it fails."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.wizard.terminal import DOWN, Terminal
from tokenrouter.testing import processes
from tokenrouter.testing.processes import Home, SandboxProcess, make_home

PROVIDER, KEY, NOW = "first provider?", "Where is its key?", "What now?"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A provider that takes one key only."""
    folder = tmp_path_factory.mktemp("strict")
    with SandboxProcess(folder, env=make_home(folder).env, args=["--api-key", "the-right-key"]) as running:
        yield running


def given(port: int) -> tuple[str, ...]:
    return ("config", "--listen-addr", f"127.0.0.1:{port}", "--tls", "off", "--admin", "keep")


def providers(home: Home) -> Any:
    return tomllib.loads((home.path / "torod.toml").read_text()).get("providers")


def finish(terminal: Terminal) -> None:
    terminal.answers("More questions")
    terminal.answers("Write it?")
    code, rest = terminal.ends()
    assert code == 0, rest


def test_a_wrong_key_is_told_and_another_one_is_asked_for(home: Home, free_port: int, strict: SandboxProcess) -> None:
    more = ("--provider-type", "openai", "--provider-base-url", strict.base_url)
    with Terminal(*given(free_port), *more, env={**home.env, "OPENAI_API_KEY": "wrong"}) as terminal:
        terminal.sees("OPENAI_API_KEY, which is set here")
        terminal.presses("\r")
        terminal.sees("auth problem")
        terminal.answers(NOW)  # another key, since it was the key
        terminal.sees(KEY)
        terminal.presses(DOWN + "\r")
        terminal.answers("Its key (not shown)", "")
        terminal.sees("paste the key")
        terminal.answers("Its key (not shown)", "the-right-key")
        terminal.sees("openai: it works")
        finish(terminal)

    assert providers(home) == [
        {"name": "openai", "base_url": strict.base_url, "api_key": f"file:{home.path}/keys/openai.key"}
    ]


def test_a_provider_that_cannot_be_reached_may_be_tried_again_replaced_or_kept(home: Home, free_port: int) -> None:
    nobody = f"http://127.0.0.1:{processes.free_port()}/v1"
    more = ("--provider-type", "openai", "--provider-base-url", nobody)
    with Terminal(*given(free_port), *more, "--provider-key-env", "LATER", env=home.env) as terminal:
        terminal.sees("'LATER' is not set")
        terminal.answers(NOW)
        terminal.sees("'LATER' is not set")
        terminal.answers(NOW, DOWN * 2)
        terminal.answers(PROVIDER, "any other")
        terminal.answers("shall it be called")
        terminal.instead("Its base URL", f"http://127.0.0.1:{free_port}/v1")
        terminal.sees("is this gateway's own address")
        terminal.instead("Its base URL", nobody)
        terminal.answers(KEY)
        terminal.sees("cannot be reached")
        terminal.answers(NOW, DOWN * 3)
        finish(terminal)

    assert [entry["name"] for entry in providers(home)] == ["my-server"]


def test_a_provider_may_be_left_out_after_all(home: Home, free_port: int) -> None:
    nobody = f"http://127.0.0.1:{processes.free_port()}/v1"
    more = ("--provider-type", "openai-compatible", "--provider-base-url", nobody)
    with Terminal(*given(free_port), *more, env=home.env) as terminal:
        terminal.answers("shall it be called")
        terminal.answers(KEY)
        terminal.answers(NOW, DOWN * 4)
        finish(terminal)

    assert providers(home) is None


def test_servers_of_this_machine_join_by_themselves(home: Home, free_port: int) -> None:
    with Terminal(*given(free_port), env=home.env) as terminal:
        terminal.answers(PROVIDER, "on this machine")
        finish(terminal)

    assert tomllib.loads((home.path / "torod.toml").read_text())["auto_detect_local_servers"] is True


def test_keys_of_files_and_variables_are_named_and_not_copied(
    home: Home, free_port: int, tmp_path: Path, strict: SandboxProcess
) -> None:
    file = tmp_path / "key"
    file.write_text("the-right-key\n")
    more = ("--provider-type", "openai", "--provider-base-url", strict.base_url)
    with Terminal(*given(free_port), *more, env=home.env) as terminal:
        terminal.answers(KEY, DOWN)
        terminal.answers("Path of the file", "/nowhere")
        terminal.sees("cannot be read")
        terminal.instead("Path of the file", str(file))
        terminal.sees("it works")
        finish(terminal)

    assert providers(home)[0]["api_key"] == f"file:{file}"

    with Terminal(*given(free_port), *more, env={**home.env, "MY_KEY": "the-right-key"}) as terminal:
        terminal.sees("The key that it has")
        terminal.presses(DOWN * 3 + "\r")
        terminal.instead("Name of the variable", "not a name")
        terminal.sees("is no name of a variable")
        terminal.instead("Name of the variable", "MY_KEY")
        terminal.sees("it works")
        finish(terminal)

    assert providers(home)[0]["api_key"] == "env:MY_KEY"
