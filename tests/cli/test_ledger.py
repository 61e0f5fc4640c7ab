"""`torod ledger` as a user types it."""

import csv
import io
import json
import os
import stat
import sys
from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from tests.cli.test_torod import torod
from tests.jobs.ledgers import DAY_US, priced
from tests.store.entries import NOON_US
from tokenrouter.cli.torod import main
from tokenrouter.jobs.ledger_export import COLUMNS
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.ledger import Row, record
from tokenrouter.testing.processes import Home

DECLARED = """
[[incoming_tokens]]
name = "alice"
id = "key_alice"
key = "tr_alice-0123456789-0123456789"

[[providers]]
name = "acme"
base_url = "http://127.0.0.1:9/v1"
"""
ROWS = [
    priced("a", started_us=NOON_US - DAY_US, key_name="=cmd()"),
    priced("b", team="chemistry"),
    priced("c", key_id="key_bob", cost_nano_usd=None),
]


def ledger(home: Home, *args: str) -> Result:
    return CliRunner().invoke(main, ["ledger", *args], env={**dict.fromkeys(os.environ), **home.env})


@pytest.fixture
def home(home_with_tables: Home) -> Home:
    return home_with_tables


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    """The store of an installation that has some rows."""
    (home.path / "torod.toml").write_text(DECLARED)
    assert ledger(home, "verify").exit_code == 0
    store = open_store(f"sqlite:///{home.path / 'data' / 'tokenrouter.db'}")
    record(store, [Row(row) for row in ROWS], {})
    yield store
    store.close()


def change(store: Store, statement: str) -> None:
    with store.write() as connection:
        connection.exec_driver_sql(statement)


def exported(home: Home, *args: str) -> list[dict[str, str]]:
    done = ledger(home, "export", *args)
    assert done.exit_code == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout_bytes.decode(), newline=""), strict=True))


def test_books_that_are_right_are_told_so(home: Home, store: Store) -> None:
    done = torod(home, "ledger", "verify")

    assert done.returncode == 0
    assert done.stdout.startswith("Looked at 3 rows, 2 days: nothing differs.\n")


def test_every_difference_is_told_and_repaired(home: Home, store: Store) -> None:
    change(store, "UPDATE tr_usage_daily SET requests = 9 WHERE day = '2025-12-31'")

    found = ledger(home, "verify")
    assert (found.exit_code, found.stdout.splitlines()[:2]) == (
        1,
        [
            "tr_usage_daily: 2025-12-31 key key_alice user ann team physics model acme/small: "
            "requests: kept 9, the rows say 1",
            "Looked at 3 rows, 2 days: 1 difference.",
        ],
    )
    assert ledger(home, "verify", "--since", "2026-01-01").exit_code == 0
    repaired = ledger(home, "verify", "--repair")
    assert (repaired.exit_code, "Set 1 of them right.\n" in repaired.stdout) == (0, True)
    assert ledger(home, "verify").exit_code == 0


def test_journals_that_could_not_be_read_are_named(home: Home, store: Store) -> None:
    damaged = home.path / "data" / "journal" / "1-000001.damaged"
    damaged.parent.mkdir(exist_ok=True)
    damaged.touch()

    assert f"{damaged} could not be read to its end" in ledger(home, "verify").stdout
    assert json.loads(ledger(home, "verify", "--json").stdout)["damaged_journals"] == [str(damaged)]


def test_programs_get_json(home: Home, store: Store) -> None:
    change(store, "DELETE FROM tr_usage_daily WHERE day = '2025-12-31'")

    done = ledger(home, "verify", "--json")

    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (told["rows"], told["repaired"], told["count"]) == (3, 0, len(told["differences"]))
    assert {one["kept"] for one in told["differences"]} == {None}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("verify", "--since", "yesterday"), "'yesterday' is not a day"),
        (("verify", "--config", "/no/such.toml"), "1 mistake"),
        (("export", "--columns", "id,cost"), "there is no column 'cost'; did you mean"),
        (("export", "--month", "2026-11", "--from", "2026-11-01"), "use either a month"),
        (("export", "--output", "/no/such/folder/a.csv"), "cannot be written: No such file or directory"),
        (("export", "--parquet"), "say --output FILE"),
    ],
)
def test_what_cannot_be_done_is_told_and_ends_with_two(home: Home, args: tuple[str, ...], told: str) -> None:
    done = ledger(home, *args)

    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr


def test_a_database_that_cannot_be_read_ends_with_two(home: Home, store: Store) -> None:
    change(store, "DROP TABLE tr_usage_daily")

    done = ledger(home, "verify")

    assert (done.exit_code, "the database cannot be read" in done.stderr) == (2, True), done.stderr


def test_an_export_has_every_row_and_column_oldest_first(home: Home, store: Store) -> None:
    rows = exported(home)

    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert list(rows[0]) == [column.name for column in COLUMNS]
    assert rows[0]["key_name"] == "'=cmd()"
    assert (rows[2]["cost_usd"], rows[1]["cost_usd"]) == ("", "0.000450000")


@pytest.mark.parametrize(
    ("args", "ids"),
    [
        (("--from", "2026-01-01"), ["b", "c"]),
        (("--to", "2025-12-31"), ["a"]),
        (("--month", "2025-12"), ["a"]),
        (("--from", "2025-12-31T12:00", "--to", "2026-01-01T12:00"), ["a"]),
        (("--from", "2026-01-02", "--tz", "Pacific/Kiritimati"), ["b", "c"]),
        (("--team", "chemistry"), ["b"]),
        (("--key", "alice"), ["a", "b"]),
        (("--key", "key_bob", "--model", "small", "--provider", "acme", "--user", "ann"), ["c"]),
    ],
)
def test_an_export_may_be_of_a_part(home: Home, store: Store, args: tuple[str, ...], ids: list[str]) -> None:
    assert [row["id"] for row in exported(home, *args, "--columns", "team, id")] == ids


def test_a_file_is_its_owners(home: Home, store: Store) -> None:
    file = home.path / "a.csv"

    assert ledger(home, "export", "--csv", "--columns", "id", "--output", str(file)).exit_code == 0

    assert file.read_bytes() == b"id\r\na\r\nb\r\nc\r\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in home.path.iterdir() if one.name.startswith("a.csv")] == ["a.csv"]


def test_an_export_may_be_parquet(home: Home, store: Store) -> None:
    file = home.path / "a.parquet"

    assert ledger(home, "export", "--parquet", "--columns", "id,key_name", "--output", str(file)).exit_code == 0

    assert pq.read_table(file).to_pylist()[0] == {"id": "a", "key_name": "=cmd()"}


def test_what_parquet_wants_is_told(home: Home, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tokenrouter.jobs.ledger_export_parquet", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    done = ledger(home, "export", "--parquet", "--output", str(home.path / "a.parquet"))

    assert (done.exit_code, "pip install 'tokenrouter[parquet]'" in done.stderr) == (2, True), done.stderr
