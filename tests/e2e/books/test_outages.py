"""PostgreSQL away, Valkey killed and emptied, a node cut off from both: nothing is lost, nothing is counted twice."""

import time
from collections.abc import Callable

import pytest

from tests.e2e.books.cables import Cable
from tests.e2e.books.judge import Judge
from tests.e2e.books.load import Load
from tests.e2e.books.places import KEYS, Place
from tests.e2e.books.telling import Tell
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import SandboxProcess
from tokenrouter.testing.valkey import ValkeyServer

pytestmark = pytest.mark.e2e

LEASE_S = 5.0
"""After so long a node that says nothing is taken for dead."""


def stop_postgres(place: Place, provider: SandboxProcess, postgres: PostgresServer, tell: Tell, away_s: float) -> None:
    with Load(place.nodes, list(KEYS.values())) as load:
        time.sleep(1.0)
        postgres.stop()
        try:
            before = load.answered
            time.sleep(away_s)
            assert load.answered > before, "requests waited for the database"
        finally:
            postgres.start()
        time.sleep(2.0)

    tell(Judge(place, provider).judge(load.seen), load, away_s=away_s)


def empty_valkey(place: Place, provider: SandboxProcess, valkey: ValkeyServer, tell: Tell, times: int) -> None:
    with Load(place.nodes, list(KEYS.values())) as load:
        for _ in range(times):
            time.sleep(3.0)
            valkey.ask("FLUSHALL")
            time.sleep(3.0)
            valkey.kill()
            time.sleep(0.5)
            valkey.start()
        time.sleep(6.0)

    tell(Judge(place, provider).judge(load.seen), load, kills=times, flushes=times)


def cut_off(
    place: Place, provider: SandboxProcess, cables: tuple[Cable, Cable], tell: Tell, times: int, away_s: float
) -> None:
    with Load(place.nodes, list(KEYS.values())) as load:
        for _ in range(times):
            time.sleep(1.0)
            for cable in cables:
                cable.cut()
            time.sleep(away_s)
            for cable in cables:
                cable.mend()
            time.sleep(LEASE_S)

    tell(Judge(place, provider).judge(load.seen), load, cuts=times, away_s=away_s)


def test_a_database_that_is_away_agrees_with_the_books(
    together: Callable[..., Place], provider: SandboxProcess, postgres: PostgresServer, tell: Tell
) -> None:
    stop_postgres(together(), provider, postgres, tell, 3.0)


def test_a_valkey_that_is_emptied_and_killed_agrees_with_the_books(
    together: Callable[..., Place], provider: SandboxProcess, valkey: ValkeyServer, tell: Tell
) -> None:
    empty_valkey(together(), provider, valkey, tell, 1)


def test_a_node_that_is_cut_off_agrees_with_the_books(
    together: Callable[..., Place], provider: SandboxProcess, cables: tuple[Cable, Cable], tell: Tell
) -> None:
    cut_off(together(cables), provider, cables, tell, 1, LEASE_S + 3)


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_a_database_that_is_away_for_a_minute_agrees_with_the_books(
    together: Callable[..., Place], provider: SandboxProcess, postgres: PostgresServer, tell: Tell
) -> None:
    stop_postgres(together(), provider, postgres, tell, 60.0)


@pytest.mark.torture
@pytest.mark.timeout(900)
def test_a_valkey_that_is_emptied_and_killed_again_and_again_agrees_with_the_books(
    together: Callable[..., Place], provider: SandboxProcess, valkey: ValkeyServer, tell: Tell
) -> None:
    empty_valkey(together(), provider, valkey, tell, 20)


@pytest.mark.torture
@pytest.mark.timeout(900)
def test_a_node_that_is_cut_off_again_and_again_agrees_with_the_books(
    together: Callable[..., Place], provider: SandboxProcess, cables: tuple[Cable, Cable], tell: Tell
) -> None:
    cut_off(together(cables), provider, cables, tell, 5, 30.0)
