"""How a change of the keys is noticed: a counter in the database that rises with each of them.

`torod keys revoke` runs in another process than the server, and must take effect within a second. The
writer raises the counter in the transaction of its change; the server looks at it a few times a second.
On SQLite even that query is saved: `PRAGMA data_version` says, from shared memory, whether any other
connection has committed anything at all. On PostgreSQL it is one look-up in a table of a few rows, outside of any
transaction; LISTEN would save it, but needs a session of its own, which poolers do not give.
"""

import threading
from typing import Self

from sqlalchemy import Connection, insert, select, update

from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_meta

_COUNTER = tr_meta.c.name == "catalog"


def raise_catalog_version(connection: Connection) -> None:
    """Tell every watcher, at the commit of this transaction, that the Catalog has to be rebuilt."""
    raised = connection.execute(update(tr_meta).where(_COUNTER).values(value=tr_meta.c.value + 1))
    if raised.rowcount == 0:
        connection.execute(insert(tr_meta).values(name="catalog", value=1))


def catalog_version(connection: Connection) -> int:
    """Return the counter; 0 before the first change."""
    value: int | None = connection.execute(select(tr_meta.c.value).where(_COUNTER)).scalar()
    return value or 0


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
