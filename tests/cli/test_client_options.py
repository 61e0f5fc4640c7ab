"""The options that say which server is asked."""

import json
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import ClientMistake
from tokenrouter.cli.client_options import asks_server, has_terminal, print_json, typed_key


@click.command()
@click.argument("word")
@asks_server
def show(server: Server, word: str) -> None:
    """Show what a command is given."""
    print_json([server.url, server.key, server.ca_file, word])


@pytest.mark.parametrize(
    ("args", "text", "found"),
    [
        (["--url", "http://x", "--key", "tr_1", "--ca-file", "/c"], "", ["http://x", "tr_1", "/c", "ü"]),
        (["--key", "-"], "tr_typed\nmore", ["http://file", "tr_typed", "", "ü"]),
    ],
)
def test_a_command_is_given_its_server(tmp_path: Path, args: list[str], text: str, found: list[str]) -> None:
    (tmp_path / "toro.toml").write_text('server_url = "http://file"')
    environ = {"TOKENROUTER_HOME": str(tmp_path), "TOKENROUTER_URL": None, "TOKENROUTER_API_KEY": None}

    done = CliRunner().invoke(show, ["ü", *args], input=text, env=environ)

    assert done.output == '[\n  "{}",\n  "{}",\n  "{}",\n  "{}"\n]\n'.format(*found)


def test_json_commands_no_terminal_and_can_always_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"name": "ü\x1b\x9b2J\ud800"}

    print_json(told)

    printed = capsys.readouterr().out
    assert printed == '{\n  "name": "ü\\u001b\\u009b2J\\ud800"\n}\n'
    assert json.loads(printed) == told


def test_a_closed_standard_input_is_no_terminal_and_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    assert not has_terminal()
    with pytest.raises(ClientMistake, match="standard input is closed"):
        typed_key("-")
