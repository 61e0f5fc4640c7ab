"""What a newcomer sees: an empty home, one command, a line that works when pasted."""

import subprocess

import pytest

from tests.conftest import StartGateway
from tests.e2e.conftest import FirstStart
from tokenrouter.testing.processes import wait_until

pytestmark = pytest.mark.e2e


def test_the_printed_curl_line_works_when_it_is_pasted(first_start: FirstStart) -> None:
    line = next(line for line in first_start.log().splitlines() if line.strip().startswith("curl "))

    done = subprocess.run(["sh", "-c", line.strip()], capture_output=True, text=True, timeout=30, check=False)

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
            [*torod, *args, *config], env=running.home.env, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    key = run("create", "bob").strip()
    wait_until("the key to work", lambda: running.call("GET", "/v1/models", key=key).status == 200, 20.0)
    assert "bob" in run("list")
    assert key not in run("list")
    run("revoke", "bob")
    wait_until("the key to end", lambda: running.call("GET", "/v1/models", key=key).status == 401, 20.0)
