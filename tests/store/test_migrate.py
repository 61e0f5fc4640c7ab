"""The migration as the program that it is."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from tests.store.entries import entry
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.errors import SchemaMissing
from tokenrouter.store.facts import write_fact
from tokenrouter.store.keys import KeyRequest, create_key, list_keys
from tokenrouter.store.ledger import LedgerFilter, Row, ledger_page, record
from tokenrouter.store.limit_use import LimitCharge, add_limit_use, covered_in, has_carried, limit_use
from tokenrouter.store.migrate import alembic_config, migrate
from tokenrouter.store.usage import UsageFilter, usage_sums

PROGRAM = [sys.executable, "-m", "tokenrouter.store.migrate"]


def downgrade(store: Store, revision: str) -> None:
    config = alembic_config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def test_some_that_start_at_once_migrate_one_after_the_other(new_database_url: str) -> None:
    def start(_: int) -> int:
        return subprocess.run([*PROGRAM, "--url", new_database_url], check=False).returncode

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(start, range(3))) == [0, 0, 0]

    open_store(new_database_url).close()


def test_a_node_that_runs_goes_on_while_tables_grow(store: Store, database_url: str) -> None:
    def work(number: int) -> None:
        record(store, [Row(entry(f"{number:02}"))], {"j": number})
        assert len(ledger_page(store, LedgerFilter(key_ids=frozenset({"key_alice"})), limit=50)) == number + 1

    for number in range(8):  # often enough that statements are prepared
        work(number)
    other = open_store(database_url)
    with other.write() as connection:
        for table in ("tr_ledger", "tr_usage_daily", "tr_usage_monthly", "tr_journal"):
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN later TEXT NOT NULL DEFAULT ''"))
    other.close()

    for number in range(8, 12):
        work(number)
    assert usage_sums(store, UsageFilter()).requests == 12


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "tokenrouter.db"

    subprocess.run([*PROGRAM, "--url", "-"], input=f"sqlite:///{file}\n", text=True, check=True)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_keys_and_rows_of_an_older_database_stay_as_they_are(database_url: str) -> None:
    store = open_store(database_url)
    create_key(store, KeyRequest("alice", team="physics"), pepper=b"p", now_s=1.0)
    record(store, [Row(entry("01"))], {"j": 1})
    downgrade(store, "0001")
    store.close()

    migrate(database_url)

    store = open_store(database_url)
    (alice,) = list_keys(store)
    rows = ledger_page(store, LedgerFilter(), limit=10)
    sums = usage_sums(store, UsageFilter())
    store.close()
    assert (sums.requests, sums.usage.input_tokens, sums.cost_nano_usd) == (1, 10, 25)
    assert (alice.name, alice.team, alice.passthrough) == ("alice", "physics", False)
    assert rows == [entry("01")]


WINDOWS = ("day", "interval:60s")


def test_what_intervals_used_is_counted_anew_and_nothing_else(store: Store, database_url: str) -> None:
    downgrade(store, "0003")
    with store.write() as connection:
        add_limit_use(connection, [LimitCharge(f"key:*|tokens|{window}", "key:x", 5, 9) for window in WINDOWS])
        write_fact(connection, "covered_limits", "[]")
        for window in WINDOWS:
            write_fact(connection, f"carried_use/key:*|tokens|{window}/key:x", "1")

    migrate(database_url)

    with store.read() as connection:
        assert covered_in(connection) == {"key:*|tokens|day"}
        assert limit_use(connection) == {("key:*|tokens|day", "key:x"): {5: 9}}
        assert [has_carried(connection, f"key:*|tokens|{window}", "key:x") for window in WINDOWS] == [True, False]


def test_nothing_is_left_when_all_is_undone(store: Store, database_url: str) -> None:
    downgrade(store, "base")

    with pytest.raises(SchemaMissing):
        open_store(database_url)


def test_rows_of_the_version_before_are_still_taken(store: Store) -> None:
    """Nodes of two versions write for a while: what a migration adds has a default, or may be missing."""
    with store.write() as connection:
        connection.execute(
            text(
                "INSERT INTO tr_ledger (id, started_us, stream, status, estimated, count) "
                "VALUES ('01', 1, false, 200, false, 1)"
            )
        )

    assert [row.id for row in ledger_page(store, LedgerFilter(), limit=10)] == ["01"]


def test_what_is_wrong_is_said_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = subprocess.run(
        [*PROGRAM, "--url", f"sqlite:///{tmp_path / 'file' / 'tokenrouter.db'}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "cannot" in done.stderr
    assert "Traceback" not in done.stderr
