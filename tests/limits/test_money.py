import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.limits.money import MoneyInterleavings
from tests.limits.money_in_memory import MemoryMoney
from tests.limits.money_in_redis import RedisMoney
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.valkey import ValkeyServer

NewDatabase = Callable[[Path], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, empty_file: Path) -> Iterator[NewDatabase]:
    """Makes an empty database for each example, in its folder or beside the others."""
    if request.param == "sqlite":

        def copy(folder: Path) -> str:
            return f"sqlite:///{shutil.copy(empty_file, folder / 'tokenrouter.db')}"

        yield copy
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("empty_template")
    made: list[str] = []

    def create(folder: Path) -> str:
        made.append(server.create_database(template))
        return server.url(made[-1])

    yield create
    for name in made:
        server.drop_database(name)


def run(machine: type[MoneyInterleavings], new_database: NewDatabase, examples: int) -> None:
    class Money(machine):  # type: ignore[valid-type, misc]
        def new_database(self, folder: Path) -> str:
            return new_database(folder)

    quick = settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(Money, settings=quick)


def test_in_memory_what_is_used_is_what_the_ledger_says(new_database: NewDatabase) -> None:
    run(MemoryMoney, new_database, 15)


@pytest.mark.torture
def test_in_memory_what_is_used_is_what_the_ledger_says_however_long_one_looks(new_database: NewDatabase) -> None:
    run(MemoryMoney, new_database, 400)


def run_in_redis(server: ValkeyServer, new_database: NewDatabase, examples: int) -> None:
    class OnServer(RedisMoney):
        pass

    OnServer.server = server
    run(OnServer, new_database, examples)


def test_in_redis_what_is_used_is_what_the_ledger_says(valkey: ValkeyServer, new_database: NewDatabase) -> None:
    run_in_redis(valkey, new_database, 4)


@pytest.mark.torture
def test_in_redis_what_is_used_is_what_the_ledger_says_however_long_one_looks(
    valkey: ValkeyServer, new_database: NewDatabase
) -> None:
    run_in_redis(valkey, new_database, 150)
