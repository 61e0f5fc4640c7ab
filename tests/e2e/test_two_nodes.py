"""Two nodes with one PostgreSQL and one Valkey: what one knows the other knows, and neither's death loses anything."""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import StartGateway
from tokenrouter.store.engine import open_store
from tokenrouter.store.heartbeats import suspend_silent_keys
from tokenrouter.store.keys import find_key
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home, wait_until
from tokenrouter.testing.valkey import ValkeyServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

ENCRYPTION = {"ENCRYPTION_KEY": "a key that both nodes have, of some length"}
ALICE = "tr_alice-0123456789abcdefgh"
TOKENS = 40_000_000
"""More than the load can use on any machine: some 40,000 a second were seen."""
CLIENTS = 8


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox whose books are about one test alone."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    with SandboxProcess(folder, env=make_home(folder).env) as running:
        yield running


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """An empty database of its own."""
    return postgres.url(postgres.create_database())


@pytest.fixture
def nodes(
    gateway: StartGateway, provider: SandboxProcess, valkey: ValkeyServer, database: str
) -> tuple[GatewayProcess, GatewayProcess]:
    """Two nodes with the same configuration."""
    valkey.ask("FLUSHALL")
    config = f'redis_url = "{valkey.url}"\ndatabase_url = "{database}"\nmigrate_on_start = true\n'
    config += f'[[providers]]\nname = "p"\nbase_url = "{provider.base_url}"\napi_key = "k"\n'
    config += f'[[incoming_tokens]]\nname = "alice"\nrole = "inferrer"\nkey = "{ALICE}"\n'
    config += f'[[limits]]\nscope = "key:alice"\nmetric = "tokens"\nwindow = "lifetime"\namount = {TOKENS}\n'
    return gateway(config, env=ENCRYPTION), gateway(config, env=ENCRYPTION)


class Load:
    """Clients that ask both nodes in turn, whatever happens to them, until told to stop."""

    def __init__(self, nodes: tuple[GatewayProcess, ...], clients: int = CLIENTS) -> None:
        self._nodes = nodes
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on, args=(number,)) for number in range(clients)]
        self.answered: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def go_on(self) -> None:
        """Return when some more have been answered."""
        before = len(self.answered)
        wait_until("answers", lambda: len(self.answered) > before + CLIENTS)

    def _ask_on(self, number: int) -> None:
        chance = random.Random(number)
        while not self._stop.is_set():
            with suppress(OSError, HTTPException, ValueError):
                self._ask(chance)

    def _ask(self, chance: random.Random) -> None:
        host, port = chance.choice(self._nodes).address.split(":")
        connection = HTTPConnection(host, int(port), timeout=60)
        body = {"model": "p/lorem-40", "messages": [{"role": "user", "content": "word " * chance.randint(1, 40)}]}
        try:
            headers = {"authorization": f"Bearer {ALICE}", "content-type": "application/json"}
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            if answer.status == 200:
                self.answered.append((answer.getheader("x-request-id", ""), told["usage"]))
            else:
                self.refused.append(told["error"]["code"])
                time.sleep(0.05)
        finally:
            connection.close()


def rows(database: str) -> dict[str, dict[str, Any]]:
    with psycopg.connect(database) as connection:
        cursor = connection.execute("SELECT * FROM tr_ledger WHERE provider <> ''")
        names = [column.name for column in cursor.description or ()]
        return {row[names.index("id")]: dict(zip(names, row, strict=True)) for row in cursor}


def begun_at(provider: SandboxProcess) -> set[str]:
    lines = provider.booked()
    return {line["x-request-id"] for line in lines if line.get("event", "begin") == "begin" and "x-request-id" in line}


def used(node: GatewayProcess) -> int:
    limits = json.loads(node.call("GET", "/v1/usage", key=ALICE).body)["limits"]
    (limit,) = [each for each in limits if each["scope"] == "key:alice"]
    return int(limit["used"])


def require_whole(nodes: tuple[GatewayProcess, ...], provider: SandboxProcess, database: str, load: Load) -> None:
    """Every request that the provider saw has one row, what clients were told stands in it, and the limit agrees."""
    begun = begun_at(provider)
    wait_until("every begun request to have a row", lambda: begun <= rows(database).keys())
    ledger = rows(database)
    for request_id, usage in load.answered:
        row = ledger[request_id]
        assert (row["input_tokens"], row["output_tokens"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    total = sum(row["input_tokens"] + row["output_tokens"] for row in ledger.values())
    deadline_s = time.monotonic() + 30
    while (told := [used(node) for node in nodes]) != [total] * len(nodes):
        assert time.monotonic() < deadline_s, (told, total)
        time.sleep(0.1)


def test_a_key_that_is_suspended_revived_or_revoked_is_so_on_both_nodes_in_a_moment(
    nodes: tuple[GatewayProcess, GatewayProcess], database: str
) -> None:
    first, second = nodes
    wait_until("both control processes", lambda: {each.call("GET", "/api/v1/keys").status for each in nodes} == {200})
    answer = first.call(
        "POST", "/api/v1/keys", json_body={"name": "bob", "temporary": True, "heartbeat": True, "ttl_s": 60}
    )
    assert answer.status == 201, answer.body
    made = json.loads(answer.body)

    def wait_for(status: int, *asked: GatewayProcess) -> None:
        good = lambda: {each.call("GET", "/v1/models", key=made["key"]).status for each in asked} == {status}  # noqa: E731
        wait_until(f"the key to get a {status}", good)

    wait_for(200, first, second)
    with closing(open_store(database)) as store:
        suspend_silent_keys(store, {made["id"]: find_key(store, "bob").created_at_s})
    wait_for(401, first, second)
    assert json.loads(second.call("POST", f"/api/v1/keys/{made['id']}/heartbeat").body)["revived"]
    wait_for(200, first, second)

    first.call("DELETE", f"/api/v1/keys/{made['id']}")
    wait_for(401, second)
    assert first.call("GET", "/v1/models", key=made["key"]).status == 401


def test_neither_nodes_death_loses_anything(
    nodes: tuple[GatewayProcess, GatewayProcess], provider: SandboxProcess, database: str
) -> None:
    with Load(nodes) as load:
        for node in nodes:
            load.go_on()
            node.kill()
            load.go_on()
            node.start()
        load.go_on()

    require_whole(nodes, provider, database, load)


def test_a_valkey_that_is_killed_and_comes_back_empty_loses_nothing(
    nodes: tuple[GatewayProcess, GatewayProcess], provider: SandboxProcess, database: str, valkey: ValkeyServer
) -> None:
    with Load(nodes) as load:
        load.go_on()
        valkey.ask("FLUSHALL")
        load.go_on()
        valkey.kill()
        time.sleep(1.0)
        valkey.start()
        load.go_on()

    assert set(load.refused) <= {"counters_not_ready"}
    require_whole(nodes, provider, database, load)


def test_a_database_that_is_away_stops_nobody_and_loses_nothing(
    nodes: tuple[GatewayProcess, GatewayProcess], provider: SandboxProcess, database: str, postgres: PostgresServer
) -> None:
    with Load(nodes) as load:
        load.go_on()
        postgres.stop()
        load.go_on()
        time.sleep(3.0)
        load.go_on()
        postgres.start()
        load.go_on()

    require_whole(nodes, provider, database, load)
