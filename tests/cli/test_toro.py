"""`toro` as a user types it."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.answering import Answering
from tokenrouter import __version__
from tokenrouter.cli.toro import main
from tokenrouter.testing.processes import Home

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def toro(home: Home, *args: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tokenrouter.cli.toro", *args]
    return subprocess.run(command, env=home.env, capture_output=True, text=True, timeout=60, check=False)


def test_it_says_the_version(home: Home) -> None:
    assert toro(home, "version").stdout == toro(home, "--version").stdout == f"toro {__version__}\n"
    assert json.loads(toro(home, "version", "--json").stdout)["version"] == __version__


@pytest.mark.parametrize(("program", "args"), [("toro", "version"), ("toro", "--help"), ("torod", "version")])
def test_it_starts_without_what_only_some_commands_need(home: Home, program: str, args: str) -> None:
    code = f"""
import sys
from tokenrouter.cli.{program} import main
try:
    main([{args!r}])
finally:
    print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=home.env, capture_output=True, text=True, timeout=60, check=True
    )

    loaded = set(done.stdout.split())
    assert not loaded & {
        "rich",
        "tomlkit",
        "msgspec",
        "http.client",
        "ssl",
        "email",
        "asyncio",
        "sqlalchemy",
        "readline",
    }


def test_another_file_may_be_named_for_another_server(home: Home, tmp_path: Path) -> None:
    other = tmp_path / "other" / "lab.toml"
    with Answering(200, b'{"object": "list", "data": []}') as server:
        kept = toro(home, "--config", str(other), "connect", "--url", server.url, "--key", "tr_lab", "--no-check")
        assert (kept.returncode, kept.stderr) == (0, f"Saved in {other}.\n")
        assert not (home.path / "toro.toml").exists()

        assert toro(home, "--config", str(other), "models").returncode == 0
        mistyped = toro(home, "--config", str(other.with_name("lap.toml")), "models")
        assert (mistyped.returncode, "there is no such file" in mistyped.stderr) == (2, True)
        assert toro(home, "models").returncode == 3

    assert {row[2] for row in server.asked} == {"Bearer tr_lab"}


def test_it_is_installed_beside_the_server() -> None:
    assert tomllib.loads(PROJECT.read_text())["project"]["scripts"]["toro"] == "tokenrouter.cli.toro:main"


STRANGE: tuple[object, ...] = (
    None,
    1,
    [],
    {},
    "a\x1b]0;\x9b\ud800",
    {"data": [{"id": "a\x1b\x9b\ud800"}]},
    {"error": {"message": "\x9b\ud800"}},
)
ASKING = (
    *("status", "models", "usage", "keys list", "keys show a", "keys show a/b", "keys create a", "keys rotate a"),
    *(
        "keys revoke a",
        "keys disable a",
        "explain m",
        "chat hi",
        "pingpong",
        "version",
        "connect --url {url} --key tr_1",
    ),
)


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize("told", STRANGE, ids=range(len(STRANGE)))
def test_whatever_a_server_answers_no_command_breaks_or_commands_a_terminal(
    told: object, status: int, tmp_path: Path
) -> None:
    clean = {**dict.fromkeys(os.environ), "PATH": os.environ["PATH"], "TOKENROUTER_HOME": str(tmp_path)}
    with Answering(status, json.dumps(told).encode()) as server:
        env = {**clean, "TOKENROUTER_URL": server.url, "TOKENROUTER_API_KEY": "tr_1"}
        for command in ASKING:
            for json_flag in ([], ["--json"]):
                args = [*command.format(url=server.url).split(), *json_flag]
                done = CliRunner().invoke(main, args, env=env)
                assert isinstance(done.exception, SystemExit | None), (args, done.exception)
                assert not {"\x1b", "\x9b"} & set(done.output), (args, done.output)


def test_the_first_days_of_all_are_days(tmp_path: Path) -> None:
    env = {"TOKENROUTER_HOME": str(tmp_path)}
    done = CliRunner().invoke(main, ["usage", "--to", "0001-01-01", "--url", "http://127.0.0.1:1"], env=env)

    assert (done.exit_code, "nothing answers" in done.output) == (3, True), done.output
