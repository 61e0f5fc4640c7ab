"""PostgreSQL as we drive it: what writers, readers and outages do."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from tests.store.entries import NOON_US, entry
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.ledger import LedgerFilter, Row, journal_positions, ledger_page, record
from tokenrouter.store.limit_use import LimitCharge, limit_use
from tokenrouter.store.migrate import migrate
from tokenrouter.store.postgres import others_connected
from tokenrouter.store.usage import UsageFilter, usage_sums
from tokenrouter.testing.postgres import NoPostgres, PostgresServer
from tokenrouter.testing.processes import wait_until

IDLE = "idle_in_transaction_session"
CHARGE = LimitCharge("tokens", "key:alice", 0, 15)


def is_away(error: SQLAlchemyError) -> bool:
    return isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    store = open_store(postgres_url)
    yield store
    store.close()


@pytest.fixture(scope="module")
def mortal() -> Iterator[PostgresServer]:
    """A PostgreSQL that a test may stop, with our tables."""
    server = PostgresServer()
    try:
        server.open()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with closing(server):
        migrate(server.url())
        yield server


def test_a_reader_cannot_write(postgres_url: str) -> None:
    store = open_store(postgres_url)
    with pytest.raises(DBAPIError, match="read-only"), store.read() as connection:
        write_fact(connection, "colour", "blue")
    store.close()


def test_nothing_waits_for_ever(postgres_url: str) -> None:
    store = open_store(postgres_url)
    with store.write() as connection:
        limits = [connection.execute(text(f"SHOW {name}_timeout")).scalar() for name in ("statement", IDLE)]
    store.close()

    assert limits == ["30s", "1min"]


def test_those_that_add_do_not_wait_for_each_other_but_for_a_writer(postgres_url: str) -> None:
    store = open_store(postgres_url)
    done: list[str] = []
    together = threading.Barrier(2, timeout=60)

    def add() -> None:
        store.append(lambda _: together.wait())
        done.append("added")

    threads = [threading.Thread(target=add) for _ in range(2)]
    with store.write() as connection:
        for thread in threads:
            thread.start()
        wait_until("both wait for the writer", lambda: _waiting(connection) == 2)
        done.append("written")
    for thread in threads:
        thread.join()
    store.close()

    assert done == ["written", "added", "added"]


def _waiting(connection: Connection) -> int:
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    return int(connection.execute(text(query)).scalar_one())


def test_a_deadlock_is_tried_again_and_nothing_is_lost(postgres_url: str) -> None:
    store = open_store(postgres_url)
    names = ("a", "b")
    with store.write() as connection:
        for name in names:
            write_fact(connection, name, "0")
    together = threading.Barrier(2, timeout=60)
    attempts: list[str] = []

    def add(order: tuple[str, ...]) -> None:
        first = True

        def work(connection: Connection) -> None:
            nonlocal first
            attempts.append(order[0])
            for name in order:
                connection.execute(
                    text("UPDATE tr_settings SET value = value::int + 1 WHERE key = :key"), {"key": name}
                )
                if first:
                    first = False
                    together.wait()

        store.append(work)

    threads = [threading.Thread(target=add, args=(order,)) for order in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        values = [read_fact(connection, name) for name in names]
    store.close()

    assert values == ["2", "2"]
    assert len(attempts) >= 3


def test_it_connects_again_after_the_server_was_stopped(mortal: PostgresServer) -> None:
    store = open_store(mortal.url())
    with store.write() as connection:
        write_fact(connection, "colour", "blue")
    mortal.stop()
    with pytest.raises(DBAPIError) as away, store.read():
        pass
    mortal.start()

    with store.read() as connection:
        assert read_fact(connection, "colour") == "blue"
    store.close()
    assert is_away(away.value)
    assert mortal.password not in str(away.value)


def test_an_outage_under_writes_loses_nothing_and_repeats_nothing(mortal: PostgresServer) -> None:
    """Two nodes write what they have until it is written, as drains do, while the server is stopped and killed."""
    store = open_store(mortal.url())
    done = [0, 0]
    goes_on = threading.Event()
    goes_on.set()

    def drain(node: int) -> None:
        while goes_on.is_set():
            ids = [f"{node}-{done[node]:05}-{n}" for n in range(20)]
            rows = [Row(entry(one, started_us=NOON_US + done[node]), (CHARGE,)) for one in ids]
            while True:
                try:
                    record(store, rows, {f"journal-{node}": done[node] + 1})
                    break
                except SQLAlchemyError as error:
                    assert is_away(error)  # noqa: PT017 - whatever else is wrong would be a bug
            done[node] += 1

    threads = [threading.Thread(target=drain, args=(node,)) for node in range(2)]
    for thread in threads:
        thread.start()
    for end in (mortal.stop, mortal.kill, mortal.kill):
        before = tuple(done)
        wait_until("both have written", lambda b=before: all(map(int.__gt__, done, b)))  # type: ignore[misc]
        end()
        mortal.start()
    before = tuple(done)
    wait_until("both write again", lambda: all(map(int.__gt__, done, before)))
    goes_on.clear()
    for thread in threads:
        thread.join()

    rows = 20 * sum(done)
    assert usage_sums(store, UsageFilter()).requests == rows
    assert journal_positions(store) == {f"journal-{node}": done[node] for node in range(2)}
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM tr_ledger")).scalar() == rows
        assert limit_use(connection) == {("tokens", "key:alice"): {0: 15 * rows}}
    assert len(ledger_page(store, LedgerFilter(), limit=10)) == 10
    store.close()


def test_connections_of_servers_are_counted_and_those_of_maintenance_are_not(postgres_url: str) -> None:
    maintenance = open_store(postgres_url, may_take_long=True)
    server = open_store(postgres_url)
    with maintenance.read() as connection:
        assert others_connected(connection) == 1
    server.close()
    with maintenance.read() as connection:
        assert others_connected(connection) == 0
    maintenance.close()
