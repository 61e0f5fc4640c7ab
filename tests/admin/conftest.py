"""A control plane over a fresh database, with a configuration file's subjects, reached as a client would."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import Installation
from tokenrouter.store.engine import open_store
from tokenrouter.store.migrate import migrate


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("admin") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def installation(migrated_database: Path, tmp_path: Path) -> Iterator[Installation]:
    shutil.copy(migrated_database, tmp_path / "tokenrouter.db")
    store = open_store(f"sqlite:///{tmp_path / 'tokenrouter.db'}")
    yield Installation(store, tmp_path)
    store.close()


@pytest.fixture
def client(installation: Installation) -> Iterator[TestClient]:
    with TestClient(installation.app(), base_url="http://gateway.test", follow_redirects=False) as client:
        yield client
