"""The books of a server that runs: right at every moment, after kill -9 too, and exported as they are."""

import csv
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartGateway
from tokenrouter.testing.processes import GatewayProcess, wait_until

pytestmark = pytest.mark.e2e

TOROD = str(Path(sys.executable).with_name("torod"))
RULES = """
[[prices]]
provider = "sandbox"
model = "echo"
input_per_1m = 1.5
output_per_1m = 6.0
per_request = 0.001

""" + "".join(
    f'[[limits]]\nscope = "{scope}"\nmetric = "{metric}"\nwindow = "{window}"\namount = {amount}\n\n'
    for scope, metric, window, amount in (
        ("key:*", "tokens", "lifetime", 10**9),
        ("global", "cost_usd", "day", '"1000"'),
        ("global", "requests", "interval:1h", 60),
        ("provider:sandbox", "requests", "90s", 10**6),
    )
)
REQUESTS = 80


def ask(running: GatewayProcess, number: int) -> int:
    body: dict[str, Any] = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "word " * number}]}
    body |= {"stream": True} if number % 2 else {"n": 2}
    return running.call("POST", "/v1/chat/completions", json_body=body).status


def verified(running: GatewayProcess) -> dict[str, Any]:
    done = subprocess.run(
        [TOROD, "ledger", "verify", "--json", "--config", str(running.config_file)],
        env=running.home.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(running: GatewayProcess) -> list[dict[str, str]]:
    answer = running.call("GET", "/api/v1/ledger/export?columns=id,status,end_reason,cost_usd,count")
    assert answer.status == 200, answer.body
    return list(csv.DictReader(io.StringIO(answer.body.decode(), newline=""), strict=True))


def test_the_books_are_right_at_every_moment(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config + RULES)
    wait_until("the counters", lambda: ask(running, 1) == 200)

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, running, number) for number in range(REQUESTS)]
        meanwhile = [verified(running) for _ in range(3)]
        statuses = [one.result() for one in asked]

    assert [found["differences"] for found in meanwhile] == [[], [], []]
    assert set(statuses) == {200, 429}
    running.kill_child("data")
    wait_until("the server", lambda: running.call("GET", "/readyz").status == 200)
    wait_until("all rows", lambda: sum(int(row["count"]) for row in rows(running)) >= REQUESTS + 1)

    found = verified(running)
    assert found["differences"] == []
    assert (found["unchecked_limits"], found["priced_otherwise"]) == (0, 0)
    assert found["costs"] >= 60
    assert running.call("GET", "/api/v1/ledger/verify").json()["ok"] is True
    assert all(row["cost_usd"] for row in rows(running) if row["status"] == "200")
