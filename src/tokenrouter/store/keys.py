"""Keys of the database: made, listed, changed, revoked.

A key is shown once, to whoever made it; only its digest is kept. A revoked key's row is deleted, so
its name is free again and the Catalog does not grow; the ledger remembers it by id and name. Children
go with their parent: a key must not outlive the one that answers for it.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from tokenrouter.domain.addresses import MAX_NETWORKS, read_networks
from tokenrouter.domain.catalog import CacheUse, Key, Role, UnboundedInput, Unpriced
from tokenrouter.domain.keys import MIN_KEY_CHARS, key_digest, key_hint, make_key
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import InvalidField, KeyTaken, KeyUnknown, NameTaken, TooManyKeys
from tokenrouter.store.names import check_comment, check_models, check_name
from tokenrouter.store.schema import tr_heartbeats, tr_keys

MAX_KEY_CHARS: Final = 512
"""Longest key that an operator may choose; our own have 46 characters."""
ID_PREFIX: Final = "key_"
MAX_WORDS_BYTES: Final = 2000
"""PostgreSQL takes some 2,700 bytes into an entry of an index (release 18, "B-Tree Indexes"); longer comments are
searched up to here."""
MAX_AT_ONCE: Final = 1000
"""Most keys that one statement names."""
MAX_TEMPORARY_S: Final = 24 * 3600.0
"""Longest life of a temporary key, whoever makes or changes it."""
MAX_OVERLAP_S: Final = 30 * 86_400.0
"""Longest time that a key is good after its successor was made: who needs longer has forgotten it."""


_FIELDS: Final = tuple(field.name for field in fields(Key) if field.name != "origin")


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to be made. `parent` is the key that answers for it: team and user come from there.

    Attributes:
        key: a key of the operator's own choice, or None for a random one.
        allowed_ips, temporary, heartbeat: see `domain.catalog.Key`.
        most_of_user: how many keys the user may have, this one among them; None is any number.
        most_temporary: how many temporary keys may stand below the one that they all come from; None is any number.
        passthrough: whether it may ask providers raw; a key never may where its parent may not.
        cache: see `domain.catalog.Key`.
        unpriced, allow_unpriced, clamp, unbounded_input: see `domain.catalog.Key`; a child is not freer than its
            parents.
    """

    name: str
    role: Role = "inferrer"
    key: str | None = None
    parent: Key | None = None
    team: str = ""
    user: str = ""
    allowed_models: tuple[str, ...] = ()
    expires_at_s: float | None = None
    comment: str = ""
    passthrough: bool = False
    unpriced: Unpriced = ""
    allow_unpriced: bool = False
    clamp: bool = True
    unbounded_input: UnboundedInput = ""
    cache: CacheUse = ""
    allowed_ips: tuple[str, ...] = ()
    temporary: bool = False
    heartbeat: bool = False
    most_temporary: int | None = None
    most_of_user: int | None = None


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """What of a key is to change; None leaves a field as it is, and `never_expires` takes an expiry away."""

    enabled: bool | None = None
    comment: str | None = None
    allowed_models: tuple[str, ...] | None = None
    expires_at_s: float | None = None
    never_expires: bool = False
    passthrough: bool | None = None
    unpriced: Unpriced | None = None
    allow_unpriced: bool | None = None
    clamp: bool | None = None
    unbounded_input: UnboundedInput | None = None
    cache: CacheUse | None = None
    allowed_ips: tuple[str, ...] | None = None
    team: str | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, with the one chance to read it."""

    key: str
    stored: Key

    def __repr__(self) -> str:
        return f"NewKey({self.stored.name!r})"


def create_key(store: Store, request: KeyRequest, *, pepper: bytes, now_s: float) -> NewKey:
    """Make the key that `request` describes.

    Raises:
        InvalidField: a field cannot be used as it is.
        NameTaken: another key of the database has the name.
        KeyTaken: a key of the operator's choice that exists already.
        TooManyKeys: there are `most_temporary`, or `most_of_user`, already.
        KeyUnknown: the parent was revoked meanwhile.
    """
    _check_fields(request, now_s)
    key = make_key() if request.key is None else request.key
    parent = request.parent
    stored = Key(
        id=ID_PREFIX + secrets.token_hex(8),
        name=request.name,
        digest=key_digest(key, pepper),
        role=request.role,
        parent_id=parent.id if parent else None,
        team=parent.team if parent else request.team,
        user=parent.user if parent else request.user,
        allowed_models=request.allowed_models,
        created_at_s=now_s,
        expires_at_s=request.expires_at_s,
        hint=key_hint(key),
        comment=request.comment,
        passthrough=request.passthrough,
        unpriced=request.unpriced,
        allow_unpriced=request.allow_unpriced,
        clamp=request.clamp,
        unbounded_input=request.unbounded_input,
        cache=request.cache,
        allowed_ips=request.allowed_ips,
        temporary=request.temporary,
        heartbeat=request.heartbeat,
    )
    with store.write() as connection:
        _check_parent(connection, parent)
        _check_number(connection, request, now_s)
        _check_number_of_user(connection, stored.user, request.most_of_user)
        _insert(connection, stored)
        raise_catalog_version(connection, [stored.id])
        _note(store, connection, "key.create", None, stored)
    return NewKey(key, stored)


def add_key(store: Store, connection: Connection, key: Key) -> None:
    """Keep a key that was made elsewhere as it is, in a transaction of `store.write()` that makes more.

    Raises:
        InvalidField: a field cannot be used as it is; an expiry in the past can.
        NameTaken, KeyTaken: as `create_key`.
    """
    check_name(key.name)
    check_models(key.allowed_models)
    check_comment(key.comment)
    _check_networks(key.allowed_ips)
    _insert(connection, key)
    raise_catalog_version(connection, [key.id])
    _note(store, connection, "key.create", None, key)


def keys_in(connection: Connection) -> tuple[Key, ...]:
    """Return every key as a transaction sees them, oldest first."""
    return _all_keys(connection)


def list_keys(store: Store) -> tuple[Key, ...]:
    """Return every key of the database, oldest first."""
    with store.read() as connection:
        return _all_keys(connection)


def find_key(store: Store, name_or_id: str) -> Key:
    """Return the key of this id, or else of this name.

    Raises:
        KeyUnknown: there is none in the database.
    """
    with store.read() as connection:
        return _find(connection, name_or_id)


def keys_called(store: Store, name_or_id: str) -> tuple[Key, ...]:
    """Return the key of this id and that of this name, as far as the database has them."""
    wanted = or_(tr_keys.c.id == name_or_id, tr_keys.c.name == name_or_id)
    with store.read() as connection:
        return tuple(map(read_key, connection.execute(select_keys().where(wanted)).all()))


def keys_of_team(connection: Connection, team: str) -> tuple[Key, ...]:
    """Return the keys that are charged to a team, as a transaction sees them, oldest first."""
    wanted = select_keys().where(tr_keys.c.team == team).order_by(tr_keys.c.created_at_s, tr_keys.c.id)
    return tuple(map(read_key, connection.execute(wanted).all()))


def child_ids(store: Store, parents: Iterable[str]) -> frozenset[str]:
    """Return the ids of the keys directly below any of these."""
    with store.read() as connection:
        wanted = (select(tr_keys.c.id).where(tr_keys.c.parent_id.in_(some)) for some in _some(parents))
        return frozenset(found for query in wanted for found in connection.execute(query).scalars())


def key_with_digest(store: Store, digest: bytes) -> Key | None:
    """Return the key of the database that has this digest now."""
    with store.read() as connection:
        row = connection.execute(select_keys().where(tr_keys.c.digest == digest)).first()
    return None if row is None else read_key(row)


def update_key(
    store: Store, name_or_id: str, changes: KeyChanges, *, check: Callable[[Key], None] | None = None
) -> Key:
    """Change a key and return it as it is now; `check` sees it as it was, and stops the change by raising.

    Raises:
        KeyUnknown: there is none in the database.
        InvalidField: a field cannot be used as it is.
        Exception: what `check` raises.
    """
    check_models(changes.allowed_models or ())
    check_comment(changes.comment or "")
    _check_networks(changes.allowed_ips or ())
    with store.write() as connection:
        before = _find(connection, name_or_id)
        if check is not None:
            check(before)
        after = _changed(before, changes)
        _check_end(before, after)
        connection.execute(update(tr_keys).where(tr_keys.c.id == before.id).values(_row(after)))
        raise_catalog_version(connection, [after.id])
        _note(store, connection, "key.change", before, after)
    return after


def rotate_key(
    store: Store,
    name_or_id: str,
    *,
    overlap_s: float,
    pepper: bytes,
    now_s: float,
    check: Callable[[Key], None] | None = None,
) -> NewKey:
    """Put a new key in the place of one, which is good for `overlap_s` seconds more; all else stays as it is.

    What an earlier rotation left good ends now: two keys at most open one door. `check` as in `update_key`.

    Raises:
        KeyUnknown: there is none in the database.
        InvalidField: the overlap is not between 0 and `MAX_OVERLAP_S`.
        Exception: what `check` raises.
    """
    if not 0 <= overlap_s <= MAX_OVERLAP_S:
        raise InvalidField(f"it is from 0 to {MAX_OVERLAP_S:.0f} seconds", field="overlap_s")
    key = make_key()
    with store.write() as connection:
        before = _find(connection, name_or_id)
        if check is not None:
            check(before)
        after = replace(
            before,
            digest=key_digest(key, pepper),
            hint=key_hint(key),
            previous_digest=before.digest if overlap_s else None,
            previous_until_s=now_s + overlap_s if overlap_s else None,
        )
        connection.execute(update(tr_keys).where(tr_keys.c.id == before.id).values(_row(after)))
        raise_catalog_version(connection, [after.id])
        _note(store, connection, "key.rotate", before, after)
    return NewKey(key, after)


def revoke_key(store: Store, name_or_id: str, *, check: Callable[[Key], None] | None = None) -> tuple[Key, ...]:
    """Delete a key and everything below it; return what was deleted, the key itself first. `check`: as `update_key`.

    Raises:
        KeyUnknown: there is none in the database.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        root = _find(connection, name_or_id)
        if check is not None:
            check(root)
        family = _with_descendants(connection, [root])
        _delete(connection, family)
        for key in family:
            _note(store, connection, "key.revoke", key, None)
    return family


def remove_expired_keys(store: Store, *, now_s: float, only_temporary: bool = False) -> tuple[Key, ...]:
    """Delete the keys whose time has passed, with everything below them; return what was deleted."""
    is_due = tr_keys.c.expires_at_s <= now_s
    if only_temporary:
        is_due &= tr_keys.c.temporary
    with store.read() as connection:
        due = connection.execute(select(tr_keys.c.id).where(is_due).limit(1)).first()
    if due is None:
        return ()
    with store.write() as connection:
        expired = select_keys().where(is_due).order_by(tr_keys.c.created_at_s, tr_keys.c.id)
        gone = _with_descendants(connection, map(read_key, connection.execute(expired).all()))
        _delete(connection, gone)
        for key in gone:
            _note(store, connection, "key.expire", key, None)
    return gone


def temporary_keys_beside(store: Store, parent: Key, now_s: float) -> int:
    """Return how many temporary keys are good that come from where a new one below `parent` would."""
    with store.read() as connection:
        return _temporary_beside(connection, parent, now_s)


def _check_parent(connection: Connection, parent: Key | None) -> None:
    """Refuse a key below one that is gone: nobody would ever revoke it."""
    if parent is None or parent.origin != "database":
        return
    if connection.execute(select(tr_keys.c.id).where(tr_keys.c.id == parent.id)).first() is None:
        raise KeyUnknown(f"the key {parent.name!r} was revoked, so none can be made below it")


def _check_number(connection: Connection, request: KeyRequest, now_s: float) -> None:
    most, parent = request.most_temporary, request.parent
    if most is not None and parent is not None and _temporary_beside(connection, parent, now_s) >= most:
        raise TooManyKeys(f"there are {most} temporary keys below {parent.name!r} or beside it; revoke one first")


def _check_number_of_user(connection: Connection, user: str, most: int | None) -> None:
    if most is None or not user:
        return
    own = select(func.count()).select_from(tr_keys).where(tr_keys.c.user == user)
    if connection.execute(own).scalar_one() >= most:
        raise TooManyKeys(f"{user!r} has {most} keys, the most there may be; revoke one first")


def _temporary_beside(connection: Connection, parent: Key, now_s: float) -> int:
    """Count from the nearest key that is not temporary: one that a program has made must not open the way to more."""
    top: Key | None = parent
    top_id = parent.id
    while top is not None and top.temporary and top.parent_id is not None:
        top_id = top.parent_id
        row = connection.execute(select_keys().where(tr_keys.c.id == top_id)).first()
        top = None if row is None else read_key(row)  # one of the file is not temporary
    below = _below(connection, [top_id])
    return sum(key.temporary and (key.expires_at_s is None or key.expires_at_s > now_s) for key in below)


def _check_fields(request: KeyRequest, now_s: float) -> None:
    check_name(request.name)
    check_models(request.allowed_models)
    check_comment(request.comment)
    _check_networks(request.allowed_ips)
    if request.passthrough and request.parent is not None and not request.parent.passthrough:
        raise InvalidField(f"the parent {request.parent.name!r} may not ask providers raw itself", field="passthrough")
    if request.expires_at_s is not None and request.expires_at_s <= now_s:
        raise InvalidField("the expiry is in the past; give a later one, or none", field="expires_at")
    if request.key is not None:
        check_chosen_key(request.key)


def _check_end(before: Key, after: Key) -> None:
    if not after.temporary or after.expires_at_s == before.expires_at_s:
        return
    if after.expires_at_s is None or after.expires_at_s > after.created_at_s + MAX_TEMPORARY_S:
        raise InvalidField("a temporary key ends within 24 hours of its making", field="expires_at")


def _check_networks(texts: Sequence[str]) -> None:
    if len(texts) > MAX_NETWORKS:
        raise InvalidField(f"at most {MAX_NETWORKS} addresses and networks", field="allowed_ips")
    try:
        read_networks(texts)
    except ValueError as error:
        raise InvalidField(str(error), field="allowed_ips") from None


def check_chosen_key(key: str) -> None:
    """Refuse what cannot be a key of somebody's own choice.

    Raises:
        InvalidField
    """
    if not MIN_KEY_CHARS <= len(key) <= MAX_KEY_CHARS:
        raise InvalidField(f"a key has {MIN_KEY_CHARS} to {MAX_KEY_CHARS} characters", field="key")
    if not all("!" <= char <= "~" for char in key):
        raise InvalidField("a key has visible ASCII characters only: it travels in a header", field="key")


def _insert(connection: Connection, key: Key) -> None:
    try:
        with connection.begin_nested():  # PostgreSQL answers nothing more in a transaction that has failed
            connection.execute(insert(tr_keys).values(_row(key)))
    except IntegrityError as error:
        if connection.execute(select(tr_keys.c.id).where(tr_keys.c.name == key.name)).first() is not None:
            raise NameTaken(f"there is a key named {key.name!r} already; revoke it first or choose another") from error
        raise KeyTaken("this very key exists already, under another name") from error
    if key.heartbeat:
        connection.execute(insert(tr_heartbeats).values(key_id=key.id, heard_at_s=key.created_at_s))


def _changed(key: Key, changes: KeyChanges) -> Key:
    expires_at_s = None if changes.never_expires else (changes.expires_at_s or key.expires_at_s)
    return replace(
        key,
        role=key.role if changes.role is None else changes.role,
        enabled=key.enabled if changes.enabled is None else changes.enabled,
        comment=key.comment if changes.comment is None else changes.comment,
        allowed_models=key.allowed_models if changes.allowed_models is None else changes.allowed_models,
        expires_at_s=expires_at_s,
        passthrough=key.passthrough if changes.passthrough is None else changes.passthrough,
        unpriced=key.unpriced if changes.unpriced is None else changes.unpriced,
        allow_unpriced=key.allow_unpriced if changes.allow_unpriced is None else changes.allow_unpriced,
        clamp=key.clamp if changes.clamp is None else changes.clamp,
        unbounded_input=key.unbounded_input if changes.unbounded_input is None else changes.unbounded_input,
        cache=key.cache if changes.cache is None else changes.cache,
        allowed_ips=key.allowed_ips if changes.allowed_ips is None else changes.allowed_ips,
        team=key.team if changes.team is None else changes.team,
    )


def _find(connection: Connection, name_or_id: str) -> Key:
    for column in (tr_keys.c.id, tr_keys.c.name):
        row = connection.execute(select_keys().where(column == name_or_id)).first()
        if row is not None:
            return read_key(row)
    raise KeyUnknown(f"there is no key named {name_or_id!r} in the database")


def _all_keys(connection: Connection) -> tuple[Key, ...]:
    rows = connection.execute(select_keys().order_by(tr_keys.c.created_at_s, tr_keys.c.id))
    return tuple(map(read_key, rows))


def _with_descendants(connection: Connection, roots: Iterable[Key]) -> tuple[Key, ...]:
    """Return `roots` and every key below them, generation after generation."""
    family = {root.id: root for root in roots}
    return (*family.values(), *_below(connection, list(family)))


def _below(connection: Connection, parents: list[str]) -> list[Key]:
    """Return every key below these, generation after generation."""
    found: dict[str, Key] = {}
    seen = set(parents)
    while parents:
        wanted = (select_keys().where(tr_keys.c.parent_id.in_(some)) for some in _some(parents))
        below = [read_key(row) for query in wanted for row in connection.execute(query)]
        parents = [child.id for child in below if child.id not in seen]
        found |= {child.id: child for child in below if child.id not in seen}
        seen.update(parents)
    return list(found.values())


def _some(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield `ids` in lists of at most `MAX_AT_ONCE`."""
    ordered = list(ids)
    for start in range(0, len(ordered), MAX_AT_ONCE):
        yield ordered[start : start + MAX_AT_ONCE]


def _delete(connection: Connection, keys: Sequence[Key]) -> None:
    for some in _some(key.id for key in keys):
        connection.execute(delete(tr_keys).where(tr_keys.c.id.in_(some)))
        connection.execute(delete(tr_heartbeats).where(tr_heartbeats.c.key_id.in_(some)))
    raise_catalog_version(connection, [key.id for key in keys])


def _note(store: Store, connection: Connection, action: str, before: Key | None, after: Key | None) -> None:
    key = after or before
    if key is not None:
        told = (None if one is None else _told(one) for one in (before, after))
        note(store, connection, action, ("key", key.id, key.name), *told)


def _row(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "digest": key.digest,
        "role": key.role,
        "parent_id": key.parent_id,
        "team": key.team,
        "user": key.user,
        "allowed_models": json.dumps(key.allowed_models),
        "created_at_s": key.created_at_s,
        "expires_at_s": key.expires_at_s,
        "enabled": key.enabled,
        "hint": key.hint,
        "comment": key.comment,
        "passthrough": key.passthrough,
        "unpriced": key.unpriced,
        "allow_unpriced": key.allow_unpriced,
        "clamp": key.clamp,
        "unbounded_input": key.unbounded_input,
        "cache": key.cache,
        "allowed_ips": json.dumps(key.allowed_ips),
        "temporary": key.temporary,
        "previous_digest": key.previous_digest,
        "previous_until_s": key.previous_until_s,
        "heartbeat": key.heartbeat,
        "suspended": key.suspended,
        "words": search_words(key),
    }


def search_words(key: Key) -> str:
    """Return what a search for `key` looks through: in one case, and short enough for an index of PostgreSQL."""
    words = "\n".join((key.name, key.hint, key.user, key.team, key.comment)).casefold()
    return words.encode()[:MAX_WORDS_BYTES].decode(errors="ignore")


def _told(key: Key) -> dict[str, Any]:
    """Return what the audit log tells of `key`: all but what could be used, or guessed at."""
    said = _row(key)
    return {name: value for name, value in said.items() if name not in ("digest", "previous_digest", "words")}


def select_keys() -> Select[Any]:
    """Return what `read_key` reads, of all keys."""
    return select(*(tr_keys.c[name] for name in _FIELDS))


def read_key(row: Row[Any]) -> Key:
    """Return the key of a row of `select_keys`; it is done a hundred thousand times at a start."""
    said: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
    said["allowed_models"], said["allowed_ips"] = _texts(said["allowed_models"]), _texts(said["allowed_ips"])
    return Key(origin="database", **said)


@lru_cache(maxsize=1000)
def _texts(written: str) -> tuple[str, ...]:
    return tuple(json.loads(written or "[]"))
