"""The whole of it, as a user calls it."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click import Group

from tests.cli.installed import torod
from tests.conftest import StartGateway
from tokenrouter.cli import doctor
from tokenrouter.cli.doctor.command import CHECKS
from tokenrouter.cli.torod import main
from tokenrouter.config.applied import read_applied
from tokenrouter.testing.processes import Home, wait_until


def test_an_empty_home_has_no_problem_and_stays_empty(home: Home) -> None:
    done = torod(home, "doctor", "--offline")

    assert done.exit_code == 0, done.output
    assert "PROBLEM" not in done.stdout
    assert "Traceback" not in done.output
    assert not list(home.path.iterdir())


def test_a_wrong_configuration_does_not_keep_the_rest_from_being_looked_at(home: Home) -> None:
    (home.path / "torod.toml").write_text("nonsense = 1\n")
    (home.path / "torod.toml").chmod(0o644)

    done = torod(home, "doctor", "--json", "--fix")

    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [one["subject"] for one in found if one["level"] == "problem"] == ["configuration"]
    assert [one["subject"] for one in found if one["mended"]] == ["configuration file"]
    assert "disk" in [one["subject"] for one in found]


def test_a_database_of_a_newer_version_is_told(home: Home) -> None:
    torod(home, "keys", "list")
    with closing(sqlite3.connect(home.path / "data" / "tokenrouter.db")) as connection, connection:
        connection.execute("UPDATE tr_schema SET version_num = '9999'")

    done = torod(home, "doctor", "--offline")

    assert done.exit_code == 1
    assert "made by a newer version of TokenRouter" in done.stdout
    assert "could not be looked at" not in done.stdout


def test_every_check_is_there() -> None:
    assert len(CHECKS) == len(set(CHECKS)) == 13


@pytest.mark.e2e
def test_a_running_server_is_found_and_asked(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    wait_until("the note", lambda: read_applied(running.home.path / "data") is not None)

    done = torod(running.home, "doctor", "--fix")

    assert done.exit_code == 0, done.output
    assert f"server: process {running.pid} runs" in done.stdout
    assert f"server: /readyz answers at {running.address}" in done.stdout
    assert f"listen_addr: {running.address} is held by the server that runs here" in done.stdout
    assert "provider sandbox: answers at" in done.stdout
    running.stop()
    done = torod(running.home, "doctor", "--offline")
    assert "server: none runs on this installation" in done.stdout
    assert done.exit_code == 0, done.output


def test_every_command_that_is_recommended_exists() -> None:
    sources = "".join(file.read_text() for file in Path(doctor.__file__ or "").parent.glob("*.py"))
    named = set(re.findall(r"torod ([a-z]+) ([a-z]+)", sources))

    assert ("store", "migrate") in named
    for group, command in named:
        found = main.commands.get(group)
        assert found is not None, group
        assert not isinstance(found, Group) or command in found.commands, (group, command)
