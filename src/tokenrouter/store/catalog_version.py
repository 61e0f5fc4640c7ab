"""How a change of the keys is noticed: a counter in the database that rises with each of them.

`torod keys revoke` runs in another process than the server, and must take effect within a second. The
writer raises the counter in the transaction of its change; the server looks at it a few times a second.
On SQLite even that query is saved: `PRAGMA data_version` says, from shared memory, whether any other
connection has committed anything at all. On PostgreSQL it is one look-up in a table of a few rows, outside of any
transaction; LISTEN would save it, but needs a session of its own, which poolers do not give.

With the counter stands of which keys a change was, so that one key of a hundred thousand is read and not all of them.
What a writer does not say is never guessed: then all are read.
"""

import threading
from collections.abc import Collection
from typing import Final, Self

from sqlalchemy import Connection, delete, insert, select, update

from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_key_changes, tr_meta

NOTED_VERSIONS: Final = 1000
"""Of how many changes it is known which keys they were of; whoever has missed more reads all keys."""
MAX_NOTED_KEYS: Final = 1000
"""Most keys of one change that are noted; reading more than that by id costs what reading all does."""
_COUNTER = tr_meta.c.name == "catalog"


def raise_catalog_version(connection: Connection, keys: Collection[str] | None = None) -> None:
    """Tell every watcher, at the commit of this transaction, that the Catalog has to be rebuilt.

    `keys` are the ids of those that were made, changed or deleted. None is for whoever cannot tell: all are read again.
    The transaction must be one of `Store.write`.
    """
    raised = connection.execute(update(tr_meta).where(_COUNTER).values(value=tr_meta.c.value + 1))
    if raised.rowcount == 0:
        connection.execute(insert(tr_meta).values(name="catalog", value=1))
    if keys is None or len(keys) > MAX_NOTED_KEYS:
        return
    version = catalog_version(connection)
    rows = [{"version": version, "key_id": key_id} for key_id in set(keys) or {""}]
    connection.execute(delete(tr_key_changes).where(tr_key_changes.c.version <= version - NOTED_VERSIONS))
    connection.execute(insert(tr_key_changes), rows)


def catalog_version(connection: Connection) -> int:
    """Return the counter; 0 before the first change."""
    value: int | None = connection.execute(select(tr_meta.c.value).where(_COUNTER)).scalar()
    return value or 0


def keys_changed_since(connection: Connection, version: int) -> tuple[frozenset[str] | None, bool]:
    """Return the ids of the keys that have changed since `version`, and whether anything else has.

    None for the ids: nobody knows (any more), so it may be all of them.
    """
    now = catalog_version(connection)
    changes = connection.execute(select(tr_key_changes).where(tr_key_changes.c.version > version)).all()
    if version > now or len({change.version for change in changes}) != now - version:
        return None, True
    return frozenset(change.key_id for change in changes if change.key_id), any(not one.key_id for one in changes)


class CatalogWatch:
    """Says whether the database has changed in a way that the Catalog must show. `close` it at the end.

    Safe to ask from several threads, one after the other: a database that is away is waited for.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._data_version: int | None = None
        self._seen: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def changed(self) -> bool:
        """Return True at the first call, and whenever the counter has risen since the last.

        After an exception of the database the next call starts afresh, and so returns True.
        """
        with self._lock:
            try:
                return self._changed()
            except BaseException:
                self._disconnect()
                raise

    def close(self) -> None:
        with self._lock:
            self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._data_version = self._seen = None
        if connection is not None:
            connection.close()

    def _changed(self) -> bool:
        if self._connection is None:
            self._connection = self._store.connect_watcher()
        if self._store.is_sqlite and not self._file_changed(self._connection):
            return False
        with self._connection.begin():
            now = catalog_version(self._connection)
        before, self._seen = self._seen, now
        return before != now

    def _file_changed(self, connection: Connection) -> bool:
        with connection.begin():
            version: int = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        before, self._data_version = self._data_version, version
        return before != version
