"""The places of these tests, each with a sandbox whose books are about one test alone."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import StartGateway
from tests.e2e.books.cables import Cable
from tests.e2e.books.judge import Verdict
from tests.e2e.books.load import Load
from tests.e2e.books.places import Place, configuration
from tests.e2e.books.telling import Tell, told
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import SandboxProcess, make_home
from tokenrouter.testing.valkey import ValkeyServer

ENCRYPTION = {"ENCRYPTION_KEY": "a key that both nodes have, of some length"}
MUCH = 10
"""Whole answers that show that there was a load, also on a slow machine."""


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[SandboxProcess]:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    with SandboxProcess(folder, env=make_home(folder).env) as running:
        yield running


@pytest.fixture
def alone(gateway: StartGateway, provider: SandboxProcess) -> Place:
    """One node with SQLite."""
    return Place([gateway(configuration(provider))])


@pytest.fixture
def together(
    gateway: StartGateway, provider: SandboxProcess, valkey: ValkeyServer, postgres: PostgresServer
) -> Callable[..., Place]:
    """A function that starts two nodes with one PostgreSQL and one Valkey; the first reaches them by its cables."""

    def start(cables: tuple[Cable, Cable] | None = None) -> Place:
        valkey.ask("FLUSHALL")
        database = postgres.url(postgres.create_database())

        def shared(postgres_port: int, valkey_port: int) -> str:
            by_cable = database.replace(f":{postgres.port}/", f":{postgres_port}/")
            redis = valkey.url.replace(f":{valkey.port}/", f":{valkey_port}/")
            told = f'redis_url = "{redis}"\ndatabase_url = "{by_cable}"\nmigrate_on_start = true\n'
            return told + configuration(provider)

        straight = (postgres.port, valkey.port)
        ports = straight if cables is None else (cables[0].port, cables[1].port)
        nodes = [gateway(shared(*each), env=ENCRYPTION) for each in (ports, straight)]
        return Place(nodes, database)

    return start


@pytest.fixture
def cables(postgres: PostgresServer, valkey: ValkeyServer) -> Iterator[tuple[Cable, Cable]]:
    """The cables of the first node to PostgreSQL and to Valkey."""
    with Cable(postgres.port) as to_postgres, Cable(valkey.port) as to_valkey:
        yield to_postgres, to_valkey


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Tell:
    """A function that prints a run's figures, whether it passes or not, and fails if anything differs."""
    begun_s = time.monotonic()

    def say(verdict: Verdict, load: Load, **figures: object) -> None:
        line = told(verdict, load, **figures, seconds=round(time.monotonic() - begun_s))
        with capsys.disabled():
            request.config.get_terminal_writer().line(f"\n{request.node.name}: {line}")
        assert not verdict.differences, "\n".join(verdict.differences[:40])
        assert load.answered > MUCH

    return say
