"""Limits as people manage them, over the real processes: added late, restarted, reset, boosted, made by the API."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartGateway
from tokenrouter.testing.processes import Answer, GatewayProcess, wait_until

pytestmark = pytest.mark.e2e

TOROD = str(Path(sys.executable).with_name("torod"))
SCOPE = "key:test-admin"
LATER = "2100-01-01T00:00:00Z"


def declared(metric: str, amount: int, window: str = "lifetime") -> str:
    return f'\n[[limits]]\nscope = "{SCOPE}"\nmetric = "{metric}"\nwindow = "{window}"\namount = {amount}\n'


def ask(running: GatewayProcess) -> Answer:
    """Ask once; a counter that is still being read is waited for."""
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "one two three"}]}
    answers: list[Answer] = []

    def has_answered() -> bool:
        answers.append(running.call("POST", "/v1/chat/completions", json_body=body))
        return answers[-1].status != 503

    wait_until("the counters", has_answered)
    return answers[-1]


def limit_of(running: GatewayProcess) -> dict[str, Any]:
    limits: list[dict[str, Any]] = []

    def is_told() -> bool:
        answer = running.call("GET", "/v1/usage")
        limits[:] = answer.json()["limits"] if answer.status == 200 else []
        return bool(limits)

    wait_until("the limit", is_told)
    return limits[0]


def used_up(running: GatewayProcess, times: int) -> None:
    for _ in range(times):
        assert ask(running).status == 200


@pytest.mark.parametrize("metric", ["requests", "tokens"])
@pytest.mark.parametrize("is_away", [False, True], ids=["by a reload", "while the server is down"])
def test_a_limit_that_is_added_late_begins_at_what_the_ledger_knows(
    gateway: StartGateway, sandbox_config: str, metric: str, is_away: bool
) -> None:
    running = gateway(sandbox_config)
    tokens = [ask(running).json()["usage"]["total_tokens"] for _ in range(3)]
    amount = 3 if metric == "requests" else sum(tokens)
    if is_away:
        running.stop()
    text = running.config_file.read_text()
    running.config_file.write_text(text + declared(metric, amount))
    if is_away:
        running.start()
    else:
        running.reload()

    limit_of(running)

    assert ask(running).status == 429
    shown = limit_of(running)
    assert (shown["used"], shown["left"]) == (amount, 0)


def test_no_restart_moves_an_interval_window(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config + declared("requests", 9, "interval:1h"))
    used_up(running, 2)
    before = limit_of(running)["resets_in_s"]
    wait_until("a second", lambda: limit_of(running)["resets_in_s"] < before - 1)

    running.kill()
    running.start()
    wait_until("the counters", lambda: limit_of(running)["used"] == 2)

    assert limit_of(running)["resets_in_s"] < before - 1
    used_up(running, 7)
    assert ask(running).status == 429


def test_a_reset_by_the_api_counts_at_once_and_outlives_a_restart(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config + declared("requests", 2))
    used_up(running, 2)
    assert ask(running).status == 429
    limit_of(running)
    (limit,) = running.call("GET", "/api/v1/limits").json()["data"]

    given_back = running.call("POST", f"/api/v1/limits/{limit['id']}/reset", json_body={}).json()

    assert given_back == {"data": [{"scope": SCOPE, "amount": 2}]}
    used_up(running, 1)
    running.kill()
    running.start()
    used_up(running, 1)
    assert ask(running).status == 429


def test_a_reset_by_the_command_line_reaches_a_running_server(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config + declared("requests", 1))
    used_up(running, 1)
    limit_of(running)
    (limit,) = running.call("GET", "/api/v1/limits").json()["data"]
    use = f"/api/v1/limits/{limit['id']}/use"
    wait_until("the ledger", lambda: running.call("GET", use).json()["data"][0]["used"] == 1)

    reset = [TOROD, "limits", "reset", limit["id"], "--config", str(running.config_file)]
    subprocess.run(reset, env=running.home.env, check=True, timeout=60)

    wait_until("the reset", lambda: ask(running).status == 200)
    assert ask(running).status == 429


def test_what_the_api_makes_boosts_and_removes_counts_at_once(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    used_up(running, 2)
    wait_until("the control process", lambda: running.call("GET", "/api/v1/limits").status == 200)
    body = {"scope": SCOPE, "metric": "requests", "window": "day", "amount": 2}
    limit = running.call("POST", "/api/v1/limits", json_body=body).json()
    limit_of(running)
    assert ask(running).status == 429
    path = f"/api/v1/limits/{limit['id']}"

    assert running.call("POST", f"{path}/boost", json_body={"amount": 1, "until": LATER}).json()["allowed"] == 3
    wait_until("the boost", lambda: limit_of(running)["left"] == 1)
    used_up(running, 1)
    assert ask(running).status == 429

    assert running.call("DELETE", path).status == 200
    wait_until("its end", lambda: running.call("GET", "/v1/usage").json()["limits"] == [])
    used_up(running, 1)


def test_a_soft_limit_refuses_nobody_and_is_told_of(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config + declared("requests", 2) + 'mode = "soft"\n')

    used_up(running, 3)

    wait_until("the warning", lambda: "soft limit passed" in running.log())
    told = 'tokenrouter_soft_limit_alerts_total{metric="requests",percent="100",scope="key"} 1.0'
    assert told in running.call("GET", "/metrics").body.decode()
