"""What has become of the keys of the database since somebody looked: those that changed, or all of them.

Reading a hundred thousand keys takes seconds and one takes a millisecond, so whoever keeps them in memory asks for the
difference. All of an answer is of one moment.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from tokenrouter.domain.catalog import Key
from tokenrouter.store.catalog_version import catalog_version, keys_changed_since
from tokenrouter.store.engine import Store
from tokenrouter.store.keys import MAX_AT_ONCE, read_key, select_keys
from tokenrouter.store.schema import tr_keys


@dataclass(frozen=True, slots=True)
class KeyNews:
    """What is to be done to the keys of an earlier version to have those of `version`.

    Attributes:
        put: keys that are new or have changed, oldest first.
        gone: ids of those that are no more.
        is_whole: `put` are all keys, whatever there was before.
        others: whether something else that the Catalog shows may have changed too.
    """

    version: int
    put: tuple[Key, ...] = ()
    gone: frozenset[str] = frozenset()
    is_whole: bool = False
    others: bool = False


def read_key_news(store: Store, since: int | None) -> KeyNews:
    """Return what has changed since the version `since`; all keys for None, and where nobody knows any more."""
    with store.read() as connection:
        version = catalog_version(connection)
        ids, others = (None, True) if since is None else keys_changed_since(connection, since)
        if ids is None:
            return KeyNews(version, _all(connection), is_whole=True, others=True)
        put = _those(connection, ids)
    return KeyNews(version, put, ids - {key.id for key in put}, others=others)


def _all(connection: Connection) -> tuple[Key, ...]:
    rows = connection.execute(select_keys().order_by(tr_keys.c.created_at_s, tr_keys.c.id))
    return tuple(map(read_key, rows))


def _those(connection: Connection, ids: frozenset[str]) -> tuple[Key, ...]:
    ordered = sorted(ids)
    found: list[Key] = []
    for start in range(0, len(ordered), MAX_AT_ONCE):
        wanted = tr_keys.c.id.in_(ordered[start : start + MAX_AT_ONCE])
        found += map(read_key, connection.execute(select_keys().where(wanted)))
    return tuple(sorted(found, key=lambda key: (key.created_at_s, key.id)))
