"""`torod store` as an operator types it, on a real PostgreSQL."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tokenrouter.config.keyfile import FILE_NAME
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import Home

TOROD = str(Path(sys.executable).with_name("torod"))


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    name = postgres.create_database()
    yield postgres.url(name)
    postgres.drop_database(name)


def torod(home: Home, *args: str, typed: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [TOROD, *args],
        env={**home.env, **env},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_installation_moves_to_postgresql_with_its_short_keys(
    home: Home, url: str, postgres: PostgresServer
) -> None:
    torod(home, "keys", "create", "alice")

    moved = torod(home, "store", "copy", "--to", "-", typed=f"{url}\n")

    assert moved.returncode == 0, moved.stderr
    assert "tr_keys: 1 row\n" in moved.stdout
    assert "ENCRYPTION_KEY" in moved.stdout
    assert postgres.password not in moved.stdout + moved.stderr
    secret = f"hex:{(home.path / 'data' / FILE_NAME).read_bytes().hex()}"
    listed = torod(home, "keys", "list", DATABASE_URL=url, ENCRYPTION_KEY=secret)
    assert "alice" in listed.stdout, listed.stderr
    refused = torod(home, "keys", "list", DATABASE_URL=url, ENCRYPTION_KEY="another")
    assert refused.returncode == 1
    assert "ENCRYPTION_KEY is not the one" in refused.stderr
    assert postgres.password not in refused.stderr


def test_while_a_server_runs_nothing_is_copied(home: Home, tmp_path: Path) -> None:
    torod(home, "keys", "create", "alice")
    with (home.path / "data" / "torod.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        refused = torod(home, "store", "copy", "--to", f"sqlite:///{tmp_path / 'other.db'}")

    assert refused.returncode == 1
    assert "is running here" in refused.stderr


def test_migrating_says_what_was_and_what_is(home: Home, url: str, postgres: PostgresServer) -> None:
    told = [torod(home, "store", "migrate", DATABASE_URL=url, ENCRYPTION_KEY="words") for _ in range(2)]

    assert [run.returncode for run in told] == [0, 0]
    assert "(it was empty)" in told[0].stdout
    assert "(it was already)" in told[1].stdout
    assert postgres.password not in told[0].stdout


def test_a_database_that_is_away_is_told_in_one_line(home: Home, free_port: int) -> None:
    url = f"postgresql://me:hunter2@127.0.0.1:{free_port}/db"

    told = torod(home, "store", "migrate", DATABASE_URL=url, ENCRYPTION_KEY="words")

    assert told.returncode == 1
    assert told.stderr.startswith("torod: cannot open the database postgresql://me:***@127.0.0.1")
    assert "hunter2" not in told.stderr
    assert "Traceback" not in told.stderr
