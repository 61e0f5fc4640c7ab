"""What a newcomer sees: an empty home, one command, a line that works when pasted."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import StartGateway
from tests.e2e.conftest import FirstStart
from tokenrouter.testing.processes import GatewayProcess, Home, wait_until

pytestmark = pytest.mark.e2e


def test_the_printed_curl_line_works_when_it_is_pasted(first_start: FirstStart) -> None:
    line = next(line for line in first_start.log().splitlines() if line.strip().startswith("curl "))

    done = subprocess.run(["sh", "-c", line.strip()], capture_output=True, text=True, timeout=60, check=False)

    assert '"Hello!"' in done.stdout, done.stderr + done.stdout


def test_keys_of_the_command_line_work_and_end_while_the_server_runs(
    gateway: StartGateway, sandbox_config: str
) -> None:
    running = gateway(sandbox_config)
    running.call("GET", "/v1/usage")
    torod = [running.argv[0], "keys"]
    config = ["--config", str(running.config_file)]

    def run(*args: str) -> str:
        done = subprocess.run(
            [*torod, *args, *config], env=running.home.env, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    key = run("create", "bob").strip()
    wait_until("the key to work", lambda: running.call("GET", "/v1/models", key=key).status == 200)
    assert "bob" in run("list")
    assert key not in run("list")
    run("revoke", "bob")
    wait_until("the key to end", lambda: running.call("GET", "/v1/models", key=key).status == 401)


def test_a_key_that_was_made_before_the_first_start_is_never_called_wrong(
    gateway: StartGateway, home: Home, sandbox_config: str
) -> None:
    (home.path / "torod.toml").write_text(sandbox_config)
    torod = str(Path(sys.executable).with_name("torod"))
    key = subprocess.check_output([torod, "keys", "create", "bob"], env=home.env, text=True, timeout=60).strip()

    running = gateway(sandbox_config, home=home)
    answers = [ask(running, key)]
    while answers[-1] == 503:
        answers.append(ask(running, key))

    assert {*answers} <= {200, 503}


def ask(running: GatewayProcess, key: str) -> int:
    return running.call("GET", "/v1/models", key=key).status
