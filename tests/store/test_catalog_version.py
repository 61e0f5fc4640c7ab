"""Changes by other processes are noticed; other writes are not taken for them."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tokenrouter.store.catalog_version import CatalogWatch
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.facts import write_fact
from tokenrouter.store.keys import KeyRequest, create_key, revoke_key


def test_every_change_of_keys_is_noticed_once(store: Store, database_url: str) -> None:
    other_process = open_store(database_url)
    with CatalogWatch(store) as watch:
        seen = [watch.changed(), watch.changed()]
        create_key(other_process, KeyRequest("alice"), pepper=b"", now_s=1.0)
        seen += [watch.changed(), watch.changed()]
        revoke_key(other_process, "alice")
        seen += [watch.changed(), watch.changed()]
    other_process.close()

    assert seen == [True, False, True, False, True, False]


def test_a_write_that_changes_no_key_is_not_a_change_of_the_catalog(store: Store) -> None:
    with CatalogWatch(store) as watch:
        watch.changed()
        with store.write() as connection:
            write_fact(connection, "colour", "blue")

        assert not watch.changed()


def test_after_a_failure_the_watch_starts_afresh(store: Store, database_url: str) -> None:
    vandal = open_store(database_url)
    with CatalogWatch(store) as watch:
        watch.changed()
        with vandal.write() as connection:
            connection.execute(text("ALTER TABLE tr_meta RENAME TO tr_gone"))
        with pytest.raises(DBAPIError):
            watch.changed()
        with vandal.write() as connection:
            connection.execute(text("ALTER TABLE tr_gone RENAME TO tr_meta"))
        vandal.close()

        assert watch.changed()
