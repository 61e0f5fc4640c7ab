"""A server on a real PostgreSQL: through outages, and after it has grown out of SQLite."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import StartGateway
from tokenrouter.config.keyfile import FILE_NAME
from tokenrouter.store.engine import open_store
from tokenrouter.store.usage import UsageFilter, UsageSums, usage_sums
from tokenrouter.testing.postgres import NoPostgres, PostgresServer
from tokenrouter.testing.processes import GatewayProcess, Home, wait_until

pytestmark = pytest.mark.e2e

TOROD = str(Path(sys.executable).with_name("torod"))


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL that the test may stop."""
    server = PostgresServer()
    try:
        server.open()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with closing(server):
        yield server


def ask(running: GatewayProcess, times: int, key: str = "") -> None:
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "one two three"}]}
    for _ in range(times):
        assert running.call("POST", "/v1/chat/completions", json_body=body, key=key).status == 200


def sums_in(url: str) -> UsageSums:
    with closing(open_store(url)) as store:
        return usage_sums(store, UsageFilter())


def make_key(running: GatewayProcess, name: str) -> str:
    """Make a key by the API, as soon as the database is there."""
    keys: list[str] = []

    def is_made() -> bool:
        answer = running.call("POST", "/api/v1/keys", json_body={"name": name})
        keys.extend([answer.json()["key"]] if answer.status == 201 else [])
        return bool(keys)

    wait_until(f"the key {name}", is_made)
    wait_until(f"{name} may come in", lambda: running.call("GET", "/v1/models", key=keys[0]).status == 200)
    return keys[0]


def test_no_request_waits_for_the_database_and_none_is_lost_or_counted_twice(
    gateway: StartGateway, sandbox_config: str, server: PostgresServer
) -> None:
    running = gateway(sandbox_config, env={"DATABASE_URL": server.url(), "ENCRYPTION_KEY": "correct horse"})
    key = make_key(running, "alice")
    ask(running, 10)

    for end in (server.stop, server.kill):
        end()
        ask(running, 10)
        ask(running, 5, key)  # what the data process knows, it goes on knowing
        server.start()
        ask(running, 5)
    wait_until("all rows", lambda: sums_in(server.url()).requests >= 50)

    assert sums_in(server.url()).requests == 50
    assert server.password not in running.log()


def test_an_installation_that_has_grown_goes_on_where_it_was(
    gateway: StartGateway, sandbox_config: str, home: Home, server: PostgresServer
) -> None:
    small = gateway(sandbox_config, home=home)
    key = make_key(small, "alice")
    ask(small, 7, key)
    small.stop()
    moved = subprocess.run(
        [TOROD, "store", "copy", "--config", str(small.config_file), "--to", "-"],
        env=dict(home.env),
        input=f"{server.url()}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert moved.returncode == 0, moved.stderr
    secret = f"hex:{(home.path / 'data' / FILE_NAME).read_bytes().hex()}"

    grown = gateway(sandbox_config, home=home, env={"DATABASE_URL": server.url(), "ENCRYPTION_KEY": secret})
    ask(grown, 3, key)
    wait_until("all rows", lambda: sums_in(server.url()).requests >= 10)

    assert sums_in(server.url()).requests == 10
