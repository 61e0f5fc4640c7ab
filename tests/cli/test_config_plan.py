"""Plan and apply against a real server: what is told is what happens."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.cli.installed import torod
from tests.conftest import StartGateway
from tokenrouter.config.applied import read_applied
from tokenrouter.testing.processes import GatewayProcess, Home, free_port, wait_until

KEY = "tr_new-key-0123456789-abcdef"
LIMITED = f'\n[[incoming_tokens]]\nname = "new"\nkey = "{KEY}"\n'
PROVIDER = '[[providers]]\nname = "acme"\nbase_url = "http://127.0.0.1:9/v1"\napi_key = "env:ACME_KEY"\n'


def is_noted(running: GatewayProcess) -> bool:
    return read_applied(running.home.path / "data") is not None


def test_against_an_installation_that_never_ran_everything_is_told(home: Home) -> None:
    (home.path / "torod.toml").write_text('unpriced = "deny"\n[[teams]]\nname = "a"\n')

    done = torod(home, "config", "plan", "--detailed-exitcode")

    assert done.exit_code == 2
    assert '  ~ unpriced: "allow" -> "deny"' in done.stdout
    assert "  + team a" in done.stdout
    assert not (home.path / "data").exists()


def test_a_wrong_configuration_has_no_plan(home: Home) -> None:
    (home.path / "torod.toml").write_text("nonsense = 1\n")

    for command in ("plan", "apply"):
        done = torod(home, "config", command)
        assert done.exit_code == 1
        assert "torod.toml:1: nonsense" in done.stderr


def test_without_a_server_there_is_nothing_to_apply_to(home: Home) -> None:
    done = torod(home, "config", "apply", "--yes")

    assert done.exit_code == 1
    assert "no server runs here" in done.stderr


@pytest.mark.e2e
def test_a_change_is_planned_asked_for_and_taken_and_what_waits_is_told(gateway: StartGateway) -> None:
    running = gateway(PROVIDER, env={"ACME_KEY": "hidden-acme-key"})  # which this process does not have
    wait_until("the note", lambda: is_noted(running))
    plan = torod(running.home, "config", "plan", "--detailed-exitcode")
    assert (plan.exit_code, plan.stdout.partition(":")[0]) == (0, "No changes"), plan.output

    text = running.config_file.read_text()
    running.config_file.write_text(f'log_level = "error"\nunpriced = "deny"\n{text}{LIMITED}')
    plan = torod(running.home, "config", "plan", "--detailed-exitcode", "--json")
    told = [(one["kind"], one["name"], one["needs_restart"]) for one in json.loads(plan.stdout)["changes"]]
    assert plan.exit_code == 2
    assert told == [("setting", "log_level", True), ("setting", "unpriced", False), ("key", "new", False)]
    assert 'unpriced = "deny"' in torod(running.home, "config", "show", "--running", "unpriced").stdout
    assert '!! the server has "allow"' in torod(running.home, "config", "show", "--running", "unpriced").stdout

    asked = torod(running.home, "config", "apply")
    assert (asked.exit_code, running.call("GET", "/v1/models", key=KEY).status) == (2, 401)
    assert "--yes" in asked.stderr
    done = torod(running.home, "config", "apply", "--yes")

    assert done.exit_code == 3, done.output
    assert "log_level waits for a restart" in done.stdout
    assert running.call("GET", "/v1/models", key=KEY).status == 200
    assert torod(running.home, "config", "plan").stdout.count("\n  ~ ") == 1
    assert "hidden" not in plan.output + done.output + (running.home.path / "data" / "applied.json").read_text()


@pytest.mark.e2e
def test_a_configuration_that_the_server_refuses_or_does_not_read_is_not_applied(
    gateway: StartGateway, tmp_path: Path
) -> None:
    running = gateway(env={"TOKENROUTER_SANDBOX_URL": f"http://127.0.0.1:{free_port()}/v1"})
    wait_until("the note", lambda: is_noted(running))
    other = tmp_path / "other.toml"
    other.write_text(running.config_file.read_text() + LIMITED)

    planned = torod(running.home, "config", "plan", "--config", str(other))
    refused = torod(running.home, "config", "apply", "--config", str(other), "--yes")

    assert "  + key new" in planned.stdout
    assert refused.exit_code == 1
    assert f"reads {running.config_file}, not {other}" in refused.stderr
    before = read_applied(running.home.path / "data")
    text = running.config_file.read_text()
    running.config_file.write_text("nonsense = 1\n" + text)
    os.kill(running.pid, signal.SIGHUP)
    wait_until("the refusal", lambda: read_applied(running.home.path / "data") != before)
    running.config_file.write_text(text + LIMITED)
    assert torod(running.home, "config", "apply", "--yes").exit_code == 0
    assert running.call("GET", "/v1/models", key=KEY).status == 200


@pytest.mark.e2e
def test_a_control_process_that_dies_meanwhile_takes_it_when_it_is_back(gateway: StartGateway) -> None:
    running = gateway(env={"TOKENROUTER_SANDBOX_URL": f"http://127.0.0.1:{free_port()}/v1"})
    wait_until("the note", lambda: is_noted(running))
    running.config_file.write_text(running.config_file.read_text() + LIMITED)

    running.kill_child("control")
    done = torod(running.home, "config", "apply", "--yes")

    assert done.exit_code == 0, done.output
    wait_until("the key", lambda: running.call("GET", "/v1/models", key=KEY).status == 200)
