"""Aliases of the database, and the profile that was chosen at run time.

Whether an alias may be as it is depends on the others, so that is asked within the transaction that writes it, and the
transactions that write aliases follow one another: each raises the Catalog's counter before it looks.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from tokenrouter.domain.alias_text import ALIAS_FIELDS, kept_fields, read_alias
from tokenrouter.domain.aliases import Alias
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import AliasTaken, AliasUnknown
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.schema import tr_aliases, tr_settings

ORIGIN: Final = "database"
PROFILE_FACT: Final = "active_model_profile"

Check = Callable[[Sequence[Alias], Sequence[Alias]], None]
"""Given the aliases of the database as they are and as they would be, raises if they may not be so."""


@dataclass(frozen=True, slots=True)
class StoredAlias:
    """An alias of the database, with what is noted about it; `made_by` is the id of a key, "" for the command line."""

    alias: Alias
    comment: str = ""
    made_by: str = ""
    created_at_s: float = 0.0


Seen = Callable[[StoredAlias], None]


def create_alias(
    store: Store, alias: Alias, check: Check, *, comment: str = "", made_by: str = "", now_s: float
) -> StoredAlias:
    """Keep `alias`, and return it as it is kept.

    Raises:
        AliasTaken: there is one of its scope and name.
        Exception: what `check` raises.
    """
    stored = StoredAlias(replace(alias, origin=ORIGIN), comment, made_by, now_s)
    with store.write() as connection:
        raise_catalog_version(connection, keys=())
        others = _all(connection)
        if any(_is_same(one.alias, alias) for one in others):
            raise AliasTaken(f"there is an alias {alias.name!r} of {alias.scope} already; change it")
        _check(check, others, [*others, stored])
        connection.execute(insert(tr_aliases).values(_row(stored)))
        _note(store, connection, "alias.create", None, stored)
    return stored


def add_aliases(store: Store, connection: Connection, added: Iterable[StoredAlias]) -> None:
    """Keep aliases that the caller has checked beside `aliases_in`, in a transaction of `store.write()`."""
    for one in added:
        stored = replace(one, alias=replace(one.alias, origin=ORIGIN))
        connection.execute(insert(tr_aliases).values(_row(stored)))
        _note(store, connection, "alias.create", None, stored)
    raise_catalog_version(connection, keys=())


def aliases_in(connection: Connection) -> tuple[StoredAlias, ...]:
    """Return every alias as a transaction sees them, oldest first."""
    return _all(connection)


def list_aliases(store: Store) -> tuple[StoredAlias, ...]:
    """Return every alias of the database, oldest first."""
    with store.read() as connection:
        return _all(connection)


def update_alias(
    store: Store, changed: Alias, check: Check, *, comment: str | None = None, seen: Seen | None = None
) -> StoredAlias:
    """Put `changed` in the place of the alias of its scope and name; None leaves the comment.

    `seen` is asked about the alias as it was, before anything is written, and stops it by raising.

    Raises:
        AliasUnknown: there is none in the database.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        raise_catalog_version(connection, keys=())
        others = _all(connection)
        before = _find(others, changed)
        if seen is not None:
            seen(before)
        after = replace(
            before, alias=replace(changed, origin=ORIGIN), comment=before.comment if comment is None else comment
        )
        _check(check, others, [after if one is before else one for one in others])
        connection.execute(update(tr_aliases).where(*_place(changed)).values(_row(after)))
        _note(store, connection, "alias.change", before, after)
    return after


def remove_alias(store: Store, alias: Alias, check: Check, *, seen: Seen | None = None) -> StoredAlias:
    """Remove the alias of the scope and name of `alias`, and return it. `seen`: as `update_alias`.

    Raises:
        AliasUnknown: there is none in the database.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        raise_catalog_version(connection, keys=())
        others = _all(connection)
        gone = _find(others, alias)
        if seen is not None:
            seen(gone)
        _check(check, others, [one for one in others if one is not gone])
        connection.execute(delete(tr_aliases).where(*_place(alias)))
        _note(store, connection, "alias.remove", gone, None)
    return gone


def chosen_profile(store: Store) -> str:
    """Return the profile that was chosen at run time, or "" where the configuration's counts."""
    with store.read() as connection:
        return read_fact(connection, PROFILE_FACT) or ""


def choose_profile(store: Store, profile: str) -> None:
    """Let `profile` count from now on; "" undoes the choice."""
    with store.write() as connection:
        before = read_fact(connection, PROFILE_FACT) or ""
        if profile:
            write_fact(connection, PROFILE_FACT, profile)
        else:
            connection.execute(delete(tr_settings).where(tr_settings.c.key == PROFILE_FACT))
        raise_catalog_version(connection, keys=())
        subject = ("setting", PROFILE_FACT, PROFILE_FACT)
        note(store, connection, "setting.change", subject, {"value": before}, {"value": profile})


def _note(
    store: Store, connection: Connection, action: str, before: StoredAlias | None, after: StoredAlias | None
) -> None:
    stored = after or before
    if stored is not None:
        subject = ("alias", f"{stored.alias.scope}/{stored.alias.name}", stored.alias.name)
        note(store, connection, action, subject, *(None if one is None else _row(one) for one in (before, after)))


def _check(check: Check, before: Sequence[StoredAlias], after: Sequence[StoredAlias]) -> None:
    check([one.alias for one in before], [one.alias for one in after])


def _all(connection: Connection) -> tuple[StoredAlias, ...]:
    columns = tr_aliases.c
    rows = connection.execute(select(tr_aliases).order_by(columns.created_at_s, columns.scope, columns.name))
    return tuple(_stored(row) for row in rows.mappings())


def _find(aliases: Sequence[StoredAlias], wanted: Alias) -> StoredAlias:
    for one in aliases:
        if _is_same(one.alias, wanted):
            return one
    raise AliasUnknown(f"there is no alias {wanted.name!r} of {wanted.scope} in the database")


def _is_same(one: Alias, other: Alias) -> bool:
    return (one.scope, one.name) == (other.scope, other.name)


def _place(alias: Alias) -> tuple[Any, ...]:
    return tr_aliases.c.scope == alias.scope, tr_aliases.c.name == alias.name


def _row(stored: StoredAlias) -> dict[str, Any]:
    return {
        "scope": stored.alias.scope,
        "name": stored.alias.name,
        "said": json.dumps(kept_fields(stored.alias)),
        "comment": stored.comment,
        "made_by": stored.made_by,
        "created_at_s": stored.created_at_s,
    }


def _stored(row: RowMapping) -> StoredAlias:
    """Read a row; what a newer version has added is passed over."""
    said = {name: value for name, value in json.loads(row["said"]).items() if name in ALIAS_FIELDS}
    alias = read_alias(said, ORIGIN, needs_default=False)
    return StoredAlias(alias, row["comment"], row["made_by"], row["created_at_s"])
