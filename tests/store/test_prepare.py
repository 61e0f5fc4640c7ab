"""Opening with the tables made where they are missing."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tokenrouter.store.errors import ForeignDatabase
from tokenrouter.store.keys import list_keys
from tokenrouter.store.prepare import prepare_store


def test_a_new_database_is_ready_at_once(tmp_path: Path) -> None:
    store = prepare_store(f"sqlite:///{tmp_path / 'a' / 'b' / 'tokenrouter.db'}")

    assert list_keys(store) == ()
    store.close()


def test_a_foreign_database_is_refused_before_any_migration(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "theirs.db")
    connection.execute("CREATE TABLE teams (id INTEGER)")
    connection.close()

    with pytest.raises(ForeignDatabase):
        prepare_store(f"sqlite:///{tmp_path / 'theirs.db'}")


def test_the_process_that_prepares_does_not_load_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from tokenrouter.store.prepare import prepare_store; "
        f"prepare_store('sqlite:///{tmp_path / 'tokenrouter.db'}'); sys.exit('alembic' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
