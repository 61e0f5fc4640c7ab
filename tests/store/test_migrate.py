"""The migration as the program that it is."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic import command

from tokenrouter.store.engine import open_store
from tokenrouter.store.keys import KeyRequest, create_key, list_keys
from tokenrouter.store.migrate import alembic_config, migrate

PROGRAM = [sys.executable, "-m", "tokenrouter.store.migrate"]


def test_two_that_start_at_once_migrate_one_after_the_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'tokenrouter.db'}"

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: subprocess.run([*PROGRAM, "--url", url], check=False), range(2)))

    assert [process.returncode for process in done] == [0, 0]
    open_store(url).close()


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "tokenrouter.db"

    subprocess.run([*PROGRAM, "--url", "-"], input=f"sqlite:///{file}\n", text=True, check=True)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_keys_of_an_older_database_stay_as_they_are(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)
    create_key(store, KeyRequest("alice", team="physics"), pepper=b"p", now_s=1.0)
    config = alembic_config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    store.close()

    migrate(url)

    store = open_store(url)
    (alice,) = list_keys(store)
    store.close()
    assert (alice.name, alice.team, alice.passthrough) == ("alice", "physics", False)


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
