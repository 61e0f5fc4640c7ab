"""Everything in one database, then the same in another."""

from pathlib import Path

import pytest
from sqlalchemy import insert, select

from tests.store.entries import NOON_US, entry
from tokenrouter.store.balances import add_to_balances
from tokenrouter.store.copy import CopiedTable, copy_store
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.errors import CopyRefused, MigrationFailed
from tokenrouter.store.facts import read_fact
from tokenrouter.store.fingerprint import FACT
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.limit_use import LimitCharge
from tokenrouter.store.schema import metadata, tr_adjustments
from tokenrouter.store.setup_links import create_setup_link

Everything = dict[str, list[tuple[object, ...]]]


def fill(store: Store) -> None:
    create_key(store, KeyRequest("alice ☃", team="physics", passthrough=True), pepper=b"p", now_s=1.25)
    create_key(store, KeyRequest("bob", expires_at_s=1e10 + 1 / 3), pepper=b"p", now_s=1.5)
    create_setup_link(store, now_s=1e9)
    rows = [entry(f"{n:05}", started_us=NOON_US + n, cost_nano_usd=None if n % 3 else n) for n in range(1200)]
    record(store, [Row(row, (LimitCharge("tokens", "key:alice", 0, 2**40),)) for row in rows], {"j": 7})
    with store.write() as connection:
        add_to_balances(connection, rows, lambda _: True)
        made = {"kind": "reset", "limit_id": "tokens", "scope": "key:alice", "at_us": 1, "made_us": 2, "once": "a"}
        connection.execute(insert(tr_adjustments).values(number=41, amount=-(2**50), **made))


def everything(store: Store) -> Everything:
    with store.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


@pytest.fixture
def other_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """A new database of the other kind than `database_url`."""
    if database_url.startswith("sqlite"):
        url: str = request.getfixturevalue("new_postgres_url")
        return url
    return f"sqlite:///{tmp_path / 'other.db'}"


@pytest.fixture
def filled(store: Store) -> Everything:
    fill(store)
    copied = everything(store)
    store.close()  # a server's connections would be in the way
    return copied


def test_what_arrives_is_what_was_there(filled: Everything, database_url: str, other_url: str) -> None:
    told: list[CopiedTable] = []

    done = copy_store(database_url, other_url, told=told.append)

    target = open_store(other_url)
    assert everything(target) == filled
    target.close()
    ledger = next(table for table in done.tables if table.name == "tr_ledger")
    assert (ledger.rows, ledger.sums["input_tokens"]) == (1200, 12_000)
    assert ledger.sums["started_us"] == sum(NOON_US + n for n in range(1200))
    assert (done.newest_us, done.source_moved) == (NOON_US + 1199, False)
    assert tuple(told) == done.tables


def test_numbers_that_the_database_gives_out_go_on(filled: Everything, database_url: str, other_url: str) -> None:
    copy_store(database_url, other_url)

    target = open_store(other_url)
    with target.write() as connection:
        made = {"kind": "reset", "amount": 1, "at_us": 1, "made_us": 2}
        numbers = connection.execute(insert(tr_adjustments).values(**made).returning(tr_adjustments.c.number)).scalars()
        assert list(numbers) == [42]
    target.close()


def test_a_target_that_holds_anything_of_ours_is_refused(filled: Everything, database_url: str, other_url: str) -> None:
    copy_store(database_url, other_url)

    with pytest.raises(CopyRefused, match="holds data already"):
        copy_store(database_url, other_url)


def test_a_target_of_another_program_is_refused(sqlite_url: str, postgres_url: str) -> None:
    theirs = open_store(sqlite_url)
    with theirs.write() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (id INTEGER)")
    theirs.close()

    with pytest.raises(MigrationFailed, match="invoices"):
        copy_store(postgres_url, sqlite_url)


def test_a_database_is_not_copied_onto_itself(database_url: str) -> None:
    with pytest.raises(CopyRefused, match="itself"):
        copy_store(database_url, database_url)


def test_a_source_that_servers_are_connected_to_is_refused(postgres_url: str, tmp_path: Path) -> None:
    server = open_store(postgres_url)

    with pytest.raises(CopyRefused, match="Stop every node"):
        copy_store(postgres_url, f"sqlite:///{tmp_path / 'other.db'}")

    server.close()


def test_a_copy_that_fails_leaves_nothing_behind(filled: Everything, database_url: str, other_url: str) -> None:
    def fail(table: CopiedTable) -> None:
        if table.name == "tr_usage_daily":
            raise RuntimeError

    with pytest.raises(RuntimeError):
        copy_store(database_url, other_url, told=fail)

    target = open_store(other_url)
    assert not any(everything(target).values())
    target.close()


def test_a_source_that_is_written_to_meanwhile_is_told_and_copied_as_it_was(
    sqlite_url: str, new_postgres_url: str
) -> None:
    source = open_store(sqlite_url)
    record(source, [Row(entry("before"))], {"j": 7})

    def write(table: CopiedTable) -> None:
        if table.name == "tr_adjustments":
            record(source, [Row(entry("later"))], {"j": 9})

    done = copy_store(sqlite_url, new_postgres_url, told=write)

    source.close()
    rows = {table.name: table.rows for table in done.tables}
    assert done.source_moved
    assert (rows["tr_ledger"], rows["tr_journal"]) == (1, 1)


def test_the_target_is_used_with_the_secret_of_the_source(
    filled: Everything, database_url: str, other_url: str
) -> None:
    copy_store(database_url, other_url, fingerprint="aa11")

    target = open_store(other_url)
    with target.read() as connection:
        assert read_fact(connection, FACT) == "aa11"
    target.close()


def test_a_character_that_postgresql_cannot_keep_does_not_stop_the_copy(sqlite_url: str, new_postgres_url: str) -> None:
    source = open_store(sqlite_url)
    with source.write() as connection:
        connection.exec_driver_sql("INSERT INTO tr_settings (key, value) VALUES ('a', 'b' || char(0) || 'c')")
    source.close()

    copy_store(sqlite_url, new_postgres_url)

    target = open_store(new_postgres_url)
    with target.read() as connection:
        assert read_fact(connection, "a") == "b\ufffdc"
    target.close()
