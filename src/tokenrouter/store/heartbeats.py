"""Heartbeats: that a temporary key is still wanted, said by whoever runs a program with it.

Saying so is one row written and nothing else: no entry of the audit log, no new Catalog. A key becomes suspended, or
good again, seldom, and that is a change like any other: audited, and known to every node within a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select, update

from tokenrouter.domain.catalog import Key
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import KeyUnknown
from tokenrouter.store.keys import read_key, select_keys
from tokenrouter.store.schema import tr_heartbeats, tr_keys


@dataclass(frozen=True, slots=True)
class Heard:
    """Whether a heartbeat has made a key good again."""

    revived: bool


def note_heartbeat(store: Store, key_id: str, *, now_s: float) -> Heard:
    """Note that a key is wanted; one that was suspended is good again.

    Raises:
        KeyUnknown: there is no key with a heartbeat of this id.
    """

    def heard(connection: Connection) -> bool:
        row = update(tr_heartbeats).where(tr_heartbeats.c.key_id == key_id).values(heard_at_s=now_s)
        if connection.execute(row).rowcount == 0:
            raise KeyUnknown(f"there is no key with a heartbeat whose id is {key_id!r}")
        return bool(connection.execute(select(tr_keys.c.suspended).where(tr_keys.c.id == key_id)).scalar())

    is_suspended = store.append(heard)
    return Heard(is_suspended and _revive(store, key_id))


def heartbeats(store: Store) -> dict[str, float]:
    """Return of each key with a heartbeat that is not suspended when it was last heard of."""
    beats = tr_heartbeats.c
    query = select(beats.key_id, beats.heard_at_s).join(tr_keys, tr_keys.c.id == beats.key_id)
    with store.read() as connection:
        return {row.key_id: row.heard_at_s for row in connection.execute(query.where(~tr_keys.c.suspended))}


def suspend_silent_keys(store: Store, silent: Mapping[str, float]) -> tuple[Key, ...]:
    """Suspend keys of which nothing was heard since what `silent` says; return those that are suspended now."""
    suspended = []
    with store.write() as connection:
        for key_id, heard_at_s in silent.items():
            last = select(tr_heartbeats.c.heard_at_s).where(tr_heartbeats.c.key_id == key_id)
            if connection.execute(last).scalar() == heard_at_s:
                suspended += _set(store, connection, key_id, is_suspended=True)
        if suspended:
            raise_catalog_version(connection, [key.id for key in suspended])
    return tuple(suspended)


def _revive(store: Store, key_id: str) -> bool:
    with store.write() as connection:
        revived = _set(store, connection, key_id, is_suspended=False)
        if revived:
            raise_catalog_version(connection, [key_id])
    return bool(revived)


def _set(store: Store, connection: Connection, key_id: str, *, is_suspended: bool) -> list[Key]:
    """Return the key as it is now, and nothing where it was so already, or is gone."""
    wanted = (tr_keys.c.id == key_id, tr_keys.c.suspended != is_suspended)
    row = connection.execute(select_keys().where(*wanted)).first()
    if row is None:
        return []
    after = replace(read_key(row), suspended=is_suspended)
    connection.execute(update(tr_keys).where(tr_keys.c.id == key_id).values(suspended=is_suspended))
    action = "key.suspend" if is_suspended else "key.revive"
    note(store, connection, action, ("key", key_id, after.name), _told(not is_suspended), _told(is_suspended))
    return [after]


def _told(is_suspended: bool) -> dict[str, Any]:
    return {"suspended": is_suspended}
