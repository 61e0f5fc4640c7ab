import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.limits.money import RESET, MoneyInterleavings
from tests.limits.money_in_memory import MemoryMoney
from tests.limits.money_in_redis import RedisMoney
from tests.limits.suite import ALICE
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.valkey import ValkeyServer

NewDatabase = Callable[[Path], str]
M = TypeVar("M", bound=MoneyInterleavings)


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


def on(database: NewDatabase, machine: type[M]) -> type[M]:
    """Return `machine` with databases that `database` makes."""

    class Money(machine):  # type: ignore[valid-type, misc]
        def new_database(self, folder: Path) -> str:
            return database(folder)

    return Money


def run(machine: type[MoneyInterleavings], new_database: NewDatabase, examples: int) -> None:
    quick = settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        stateful_step_count=40,
        deadline=None,
        derandomize=examples < 100,  # a short run looks at the same orders each time; new ones are for the long runs
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(on(new_database, machine), settings=quick)


def test_in_memory_what_is_used_is_what_the_ledger_says(new_database: NewDatabase) -> None:
    run(MemoryMoney, new_database, 15)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_in_memory_what_is_used_is_what_the_ledger_says_however_long_one_looks(new_database: NewDatabase) -> None:
    run(MemoryMoney, new_database, 400)


def at(server: ValkeyServer) -> type[RedisMoney]:
    """Return the machine that counts on `server`."""

    class AtServer(RedisMoney):
        pass

    AtServer.server = server
    return AtServer


def reserve(money: MoneyInterleavings, *, is_begun: bool = True) -> None:
    money.reserve(0, ALICE, tokens=40, cost=100, is_begun=is_begun)


def end(money: MoneyInterleavings) -> None:
    money.finish(*money.begun()[0], 71)


def die_before_asking(money: RedisMoney) -> None:
    reserve(money, is_begun=False)
    money.crash(0)


def die_before_asking_and_be_missed(money: RedisMoney) -> None:
    die_before_asking(money)
    money.lease_ends()


def die_at_an_end(money: RedisMoney) -> None:
    reserve(money)
    money.write_end(*money.begun()[0], 71)
    money.crash(0)


def die_after_what_ended_was_restored(money: RedisMoney) -> None:
    reserve(money)
    money.wait(59)
    end(money)
    money.server_is_emptied()
    money.crash(0)


def be_reset_then_lose_the_server_then_die(money: RedisMoney) -> None:
    reserve(money)
    end(money)
    money.drain_one(0)
    for limit in RESET:
        money.reset(limit)
    reserve(money)
    end(money)
    money.server_is_emptied()
    money.crash(0)


ORDERS = [
    die_before_asking,
    die_before_asking_and_be_missed,
    die_at_an_end,
    die_after_what_ended_was_restored,
    be_reset_then_lose_the_server_then_die,
]
"""Orders of events in which something was counted twice, or for ever."""


@pytest.mark.parametrize("order", ORDERS)
def test_what_once_went_wrong_goes_right(
    valkey: ValkeyServer, new_database: NewDatabase, order: Callable[[RedisMoney], None]
) -> None:
    money = on(new_database, at(valkey))()
    order(money)
    money.no_hard_limit_is_passed()
    money.teardown()


def run_in_redis(server: ValkeyServer, new_database: NewDatabase, examples: int) -> None:
    run(at(server), new_database, examples)


def test_in_redis_what_is_used_is_what_the_ledger_says(valkey: ValkeyServer, new_database: NewDatabase) -> None:
    run_in_redis(valkey, new_database, 4)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_in_redis_what_is_used_is_what_the_ledger_says_however_long_one_looks(
    valkey: ValkeyServer, new_database: NewDatabase
) -> None:
    run_in_redis(valkey, new_database, 150)
