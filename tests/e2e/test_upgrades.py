"""Databases of earlier versions: the server opens them, brings them up to date and goes on with their books."""

import csv
import hashlib
import io
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.cli.installed import torod
from tests.conftest import StartGateway
from tests.store.upgrades.make import WRITTEN_AT, dump_file
from tests.store.upgrades.rows import KEY, ROWS
from tokenrouter.store.prepare import find_revision
from tokenrouter.store.schema import REVISIONS
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import Home, free_port, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("upgrades")]

SECRET = {"ENCRYPTION_KEY": "of the upgrade tests"}
BODY = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello after the upgrade"}]}
Load = Callable[[str, str], str]


@pytest.fixture
def load(home: Home, postgres: PostgresServer) -> Load:
    """A function that makes a database of a kind as it was at a revision, and returns its URL."""

    def load(kind: str, revision: str) -> str:
        text = dump_file(kind, revision).read_text()
        if kind == "sqlite":
            file = home.path / "data" / "tokenrouter.db"
            file.parent.mkdir(mode=0o700)
            with closing(sqlite3.connect(file)) as connection:
                connection.executescript(text)
            return f"sqlite:///{file}"
        url = postgres.url(postgres.create_database())
        with psycopg.connect(url) as connection:
            connection.execute(text.encode())
        return url

    return load


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("revision", WRITTEN_AT)
def test_an_older_database_is_opened_migrated_and_gone_on_with(
    kind: str, revision: str, load: Load, home: Home, gateway: StartGateway, sandbox_config: str
) -> None:
    url = load(kind, revision)
    assert find_revision(url) == revision
    config = sandbox_config.replace(
        "[[providers]]", f'database_url = "{url}"\nmigrate_on_start = true\n[[providers]]', 1
    )

    running = gateway(config, home=home, env=SECRET)

    def answers() -> bool:  # at the first start keys come with the database, a moment after the door is open
        return running.call("POST", "/v1/chat/completions", json_body=BODY, key=KEY).status == 200

    wait_until("an answer to a key of before", answers)
    assert running.stop() == 0
    assert find_revision(url) == REVISIONS[-1]
    exported = torod(home, "ledger", "export", **SECRET)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(exported.stdout))}
    for before in ROWS:
        row = rows.pop(str(before["id"]))
        assert {name: row[name] for name in ("key_id", "team", "provider", "model", "status")} == {
            name: str(before[name]) for name in ("key_id", "team", "provider", "model", "status")
        }
        assert (int(row["input_tokens"]), int(row["output_tokens"])) == (
            before["input_tokens"],
            before["output_tokens"],
        )
    since = [row["status"] for row in rows.values()]
    assert since.count("200") == 1
    assert set(since) <= {"200", "503"}  # until its limit is counted, a key is asked to come again
    verified = torod(home, "ledger", "verify", **SECRET)
    assert verified.exit_code == 0, verified.output
    if revision != "0001":
        assert "key:alice" in torod(home, "limits", "list", **SECRET).stdout


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_of_a_newer_version_is_refused_by_everything_and_left_alone(
    kind: str, load: Load, home: Home, sandbox_config: str
) -> None:
    url = load(kind, "0022")
    _make_newer(url)
    listen = f"127.0.0.1:{free_port()}"
    (home.path / "torod.toml").write_text(f'database_url = "{url}"\nmigrate_on_start = true\n{sandbox_config}')
    before = _digest(home) if kind == "sqlite" else ""

    for command in (("store", "migrate"), ("ledger", "verify"), ("doctor", "--offline"), ("keys", "list")):
        done = torod(home, *command, **SECRET)
        assert done.exit_code != 0, command
        assert "schema 9999, made by a newer version of TokenRouter" in done.output, command
        assert "run that version, or restore a backup" in done.output
    served = serve(home, listen)

    assert served[0] == 1, served[1]
    assert "schema 9999, made by a newer version of TokenRouter" in served[1]
    assert "Traceback" not in served[1]
    assert (_digest(home) if kind == "sqlite" else "") == before


def serve(home: Home, listen: str) -> tuple[int, str]:
    """Return how `torod serve` ended by itself, and what it said."""
    command = [str(Path(sys.executable).with_name("torod")), "serve", "--listen-addr", listen]
    done = subprocess.run(command, env={**home.env, **SECRET}, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def _make_newer(url: str) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute("UPDATE tr_schema SET version_num = '9999'")
        return
    with psycopg.connect(url) as server:
        server.execute("UPDATE tr_schema SET version_num = '9999'")


def _digest(home: Home) -> str:
    return hashlib.sha256((home.path / "data" / "tokenrouter.db").read_bytes()).hexdigest()
