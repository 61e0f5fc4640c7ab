from collections.abc import Iterator
from pathlib import Path

import pytest

from tokenrouter.app.key_file import read_keys
from tokenrouter.app.told_keys import ToldKeys
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.keys import KeyRequest, create_key, revoke_key
from tokenrouter.store.migrate import migrate

FILE_KEY = b"k" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    migrate(f"sqlite:///{tmp_path / 'tokenrouter.db'}")
    store = open_store(f"sqlite:///{tmp_path / 'tokenrouter.db'}")
    yield store
    store.close()


def test_everything_is_told_first_and_then_what_has_changed(store: Store, tmp_path: Path) -> None:
    told = ToldKeys(store, tmp_path, lambda: FILE_KEY)
    create_key(store, KeyRequest("ann"), pepper=b"", now_s=1.0)
    first = told.take(told.look(), 1)
    made = create_key(store, KeyRequest("bob"), pepper=b"", now_s=2.0)
    second = told.take(told.look(), 2)

    assert first is not None
    assert first.news is None
    assert second is not None
    assert second.news is not None
    assert second.messages == (second.news,)
    assert told.take(told.look(), 3) is None
    assert told.name(made.stored.id) == "bob"
    assert sorted(key.name for key in told.keys.values()) == ["ann", "bob"]


def test_what_is_written_down_is_what_was_told(store: Store, tmp_path: Path) -> None:
    told = ToldKeys(store, tmp_path, lambda: FILE_KEY)
    made = [create_key(store, KeyRequest(name), pepper=b"", now_s=1.0) for name in ("ann", "bob")]
    for version in (1, 2):
        telling = told.take(told.look(), version)
        assert telling is not None
        told.write_down(telling)
        if version == 1:
            revoke_key(store, "ann")

    kept = read_keys(tmp_path, FILE_KEY)

    assert [kept.key(one.stored.digest) is not None for one in made] == [False, True]


def test_a_folder_that_cannot_be_written_stops_nothing(store: Store, tmp_path: Path) -> None:
    told = ToldKeys(store, tmp_path / "missing" / "deeper", lambda: FILE_KEY)
    telling = told.take(told.look(), 1)

    assert telling is not None
    told.write_down(telling)
