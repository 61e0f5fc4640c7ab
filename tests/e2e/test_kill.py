"""`kill -9` under load at random moments: judged by the clients' and the sandbox's own logs, never by ours."""

import json
import random
import sqlite3
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartGateway
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e

CLIENTS = 8


@dataclass
class Seen:
    """What one request looked like to its client."""

    request_id: str
    stream: bool
    deltas: int = 0
    whole: bool = False
    usage: dict[str, Any] = field(default_factory=dict)


class Load:
    """Clients that ask without a pause, streams and whole answers mixed, and write down what they got."""

    def __init__(self, running: GatewayProcess) -> None:
        self._running = running
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on, args=(number,)) for number in range(CLIENTS)]
        self.seen: list[Seen] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask_on(self, number: int) -> None:
        turn = number
        while not self._stop.is_set():
            turn += 1
            try:
                self._ask(stream=turn % 2 == 0)
            except (OSError, HTTPException):
                time.sleep(0.02)

    def _ask(self, *, stream: bool) -> None:
        host, port = self._running.address.split(":")
        connection = HTTPConnection(host, int(port), timeout=20)
        model = "sandbox/lorem-60@400" if stream else "sandbox/lorem-12"
        body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": "go on"}]}
        headers = {"Authorization": f"Bearer {self._running.key}"}
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            answer = connection.getresponse()
            if answer.status != 200:
                return
            seen = Seen(answer.headers["x-request-id"], stream)
            self.seen.append(seen)
            if stream:
                for line in answer:
                    seen.deltas += b'"content":"' in line and b'"content":""' not in line
                    seen.whole = seen.whole or b"[DONE]" in line
            else:
                seen.usage = json.loads(answer.read())["usage"]
                seen.whole = True
        finally:
            connection.close()


def ledger_rows(running: GatewayProcess) -> list[sqlite3.Row]:
    """Read the ledger file itself, so that nothing of ours stands between."""
    database = running.home.path / "data" / "tokenrouter.db"
    if not database.exists():
        return []
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        has_ledger = "SELECT name FROM sqlite_master WHERE name = 'tr_ledger'"
        if connection.execute(has_ledger).fetchone() is None:
            return []
        return connection.execute("SELECT * FROM tr_ledger").fetchall()


def begun_at_the_provider(sandbox: SandboxProcess, since: int) -> list[str]:
    lines = Path(sandbox.books).read_text().splitlines()[since:]
    return [
        str(line["x-request-id"])
        for line in map(json.loads, lines)
        if line.get("event", "begin") == "begin" and "x-request-id" in line
    ]


def judge(running: GatewayProcess, sandbox: SandboxProcess, seen: list[Seen], since: int) -> None:
    begun = begun_at_the_provider(sandbox, since)
    wait_until(
        "every begun request to have a row",
        lambda: set(begun) <= {row["id"] for row in ledger_rows(running)},
        30,
    )
    rows = {row["id"]: row for row in ledger_rows(running)}
    assert max(Counter(begun).values()) == 1, "a request was sent to the provider twice"
    for one in seen:
        row = rows[one.request_id]
        if one.whole:
            assert row["end_reason"] in ("completed", "client_disconnect"), dict(row)
        if one.whole and not one.stream:
            assert row["output_tokens"] == one.usage["completion_tokens"]
            assert row["input_tokens"] == one.usage["prompt_tokens"]
        assert row["output_tokens"] >= one.deltas, (dict(row), one)
    assert any(row["end_reason"] == "interrupted" for row in rows.values()), "no kill hit a running request"


def kill_data_process(running: GatewayProcess) -> None:
    """Kill it alone, and return when its successor serves."""
    dead = running.pids["data"]
    running.kill_child("data")
    wait_until("a new data process", lambda: running.pids.get("data", dead) != dead, 20)
    wait_until("its readiness", running.is_ready, 20)


def kill_again_and_again(running: GatewayProcess, sandbox: SandboxProcess, times: int, *, seed: int) -> None:
    chance = random.Random(seed)
    since = len(Path(sandbox.books).read_text().splitlines())
    with Load(running) as load:
        for number in range(times):
            time.sleep(chance.uniform(0.05, 0.5))
            if number % 2:
                running.kill()
                running.start()
            else:
                kill_data_process(running)
        time.sleep(0.3)
    judge(running, sandbox, load.seen, since)


def test_a_few_kills_under_load_lose_nothing(
    gateway: StartGateway, sandbox_config: str, sandbox: SandboxProcess
) -> None:
    kill_again_and_again(gateway(sandbox_config), sandbox, 6, seed=1)


@pytest.mark.torture
@pytest.mark.timeout(1200)
def test_a_hundred_kills_under_load_lose_nothing(
    gateway: StartGateway, sandbox_config: str, sandbox: SandboxProcess
) -> None:
    kill_again_and_again(gateway(sandbox_config), sandbox, 100, seed=2)
