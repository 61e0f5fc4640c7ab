"""Keys of the database: made, listed, changed, revoked.

A key is shown once, to whoever made it; only its digest is kept. A revoked key's row is deleted, so
its name is free again and the Catalog does not grow; the ledger remembers it by id and name. Children
go with their parent: a key must not outlive the one that answers for it.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tokenrouter.domain.catalog import CacheUse, Key, Role, UnboundedInput, Unpriced
from tokenrouter.domain.keys import MIN_KEY_CHARS, key_digest, key_hint, make_key
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import InvalidKeyField, KeyTaken, KeyUnknown, NameTaken
from tokenrouter.store.schema import tr_keys

MAX_NAME_CHARS: Final = 100
MAX_COMMENT_CHARS: Final = 1000
MAX_KEY_CHARS: Final = 512
"""Longest key that an operator may choose; our own have 46 characters."""
MAX_ALLOWED_MODELS: Final = 1000
ID_PREFIX: Final = "key_"

_NAME = re.compile(r"[^\s*:\x00-\x1f\x7f](?:[^*:\x00-\x1f\x7f]*[^\s*:\x00-\x1f\x7f])?")
"""`*` and `:` have a meaning in the scopes of limits (`key:*`)."""


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to be made. `parent` is the key that answers for it: team and user come from there.

    Attributes:
        key: a key of the operator's own choice, or None for a random one.
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
        InvalidKeyField: a field cannot be used as it is.
        NameTaken: another key of the database has the name.
        KeyTaken: a key of the operator's choice that exists already.
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
    )
    with store.write() as connection:
        _insert(connection, stored)
        raise_catalog_version(connection)
    return NewKey(key, stored)


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


def update_key(
    store: Store, name_or_id: str, changes: KeyChanges, *, check: Callable[[Key], None] | None = None
) -> Key:
    """Change a key and return it as it is now; `check` sees it as it was, and stops the change by raising.

    Raises:
        KeyUnknown: there is none in the database.
        InvalidKeyField: a field cannot be used as it is.
    """
    _check_models(changes.allowed_models or ())
    _check_comment(changes.comment or "")
    with store.write() as connection:
        before = _find(connection, name_or_id)
        if check is not None:
            check(before)
        after = _changed(before, changes)
        connection.execute(update(tr_keys).where(tr_keys.c.id == before.id).values(_row(after)))
        raise_catalog_version(connection)
    return after


def revoke_key(store: Store, name_or_id: str, *, check: Callable[[Key], None] | None = None) -> tuple[Key, ...]:
    """Delete a key and everything below it; return what was deleted, the key itself first.

    `check` sees the key as it was, and stops the deletion by raising.

    Raises:
        KeyUnknown: there is none in the database.
    """
    with store.write() as connection:
        key = _find(connection, name_or_id)
        if check is not None:
            check(key)
        family = _with_descendants(_all_keys(connection), key)
        _delete(connection, family)
    return family


def remove_expired_keys(store: Store, *, now_s: float) -> tuple[Key, ...]:
    """Delete the keys whose time has passed, with everything below them; return what was deleted."""
    with store.read() as connection:
        due = connection.execute(select(tr_keys.c.id).where(tr_keys.c.expires_at_s <= now_s).limit(1)).first()
    if due is None:
        return ()
    with store.write() as connection:
        keys = _all_keys(connection)
        gone = {k.id: k for old in keys if _is_expired(old, now_s) for k in _with_descendants(keys, old)}
        _delete(connection, tuple(gone.values()))
    return tuple(gone.values())


def check_name(name: str) -> None:
    """Refuse a name that cannot be shown, typed, or used as the scope of a limit.

    Raises:
        InvalidKeyField: with the reason.
    """
    if not name or len(name) > MAX_NAME_CHARS:
        raise InvalidKeyField(f"a key's name has 1 to {MAX_NAME_CHARS} characters", field="name")
    if not _NAME.fullmatch(name):
        raise InvalidKeyField(
            f"the name {name!r} has a character that names cannot have: '*', ':', a control character, or a space at "
            "either end",
            field="name",
        )


def _check_fields(request: KeyRequest, now_s: float) -> None:
    check_name(request.name)
    _check_models(request.allowed_models)
    _check_comment(request.comment)
    if request.passthrough and request.parent is not None and not request.parent.passthrough:
        raise InvalidKeyField(
            f"the parent {request.parent.name!r} may not ask providers raw itself", field="passthrough"
        )
    if request.expires_at_s is not None and request.expires_at_s <= now_s:
        raise InvalidKeyField("the expiry is in the past; give a later one, or none", field="expires_at")
    if request.key is not None:
        _check_chosen_key(request.key)


def _check_chosen_key(key: str) -> None:
    if not MIN_KEY_CHARS <= len(key) <= MAX_KEY_CHARS:
        raise InvalidKeyField(f"a key has {MIN_KEY_CHARS} to {MAX_KEY_CHARS} characters", field="key")
    if not all("!" <= char <= "~" for char in key):
        raise InvalidKeyField("a key has visible ASCII characters only: it travels in a header", field="key")


def _check_models(patterns: Sequence[str]) -> None:
    if len(patterns) > MAX_ALLOWED_MODELS:
        raise InvalidKeyField(f"at most {MAX_ALLOWED_MODELS} patterns", field="allowed_models")
    if any(not pattern.strip() for pattern in patterns):
        raise InvalidKeyField("an empty pattern allows nothing; leave it out", field="allowed_models")


def _check_comment(comment: str) -> None:
    if len(comment) > MAX_COMMENT_CHARS:
        raise InvalidKeyField(f"a comment has at most {MAX_COMMENT_CHARS} characters", field="comment")


def _insert(connection: Connection, key: Key) -> None:
    try:
        with connection.begin_nested():  # PostgreSQL answers nothing more in a transaction that has failed
            connection.execute(insert(tr_keys).values(_row(key)))
    except IntegrityError as error:
        if connection.execute(select(tr_keys.c.id).where(tr_keys.c.name == key.name)).first() is not None:
            raise NameTaken(f"there is a key named {key.name!r} already; revoke it first or choose another") from error
        raise KeyTaken("this very key exists already, under another name") from error


def _changed(key: Key, changes: KeyChanges) -> Key:
    expires_at_s = None if changes.never_expires else (changes.expires_at_s or key.expires_at_s)
    return replace(
        key,
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
    )


def _is_expired(key: Key, now_s: float) -> bool:
    return key.expires_at_s is not None and key.expires_at_s <= now_s


def _find(connection: Connection, name_or_id: str) -> Key:
    for column in (tr_keys.c.id, tr_keys.c.name):
        row = connection.execute(select(tr_keys).where(column == name_or_id)).mappings().first()
        if row is not None:
            return read_key(row)
    raise KeyUnknown(f"there is no key named {name_or_id!r} in the database")


def _all_keys(connection: Connection) -> tuple[Key, ...]:
    rows = connection.execute(select(tr_keys).order_by(tr_keys.c.created_at_s, tr_keys.c.id)).mappings()
    return tuple(read_key(row) for row in rows)


def _with_descendants(keys: Iterable[Key], root: Key) -> tuple[Key, ...]:
    children: dict[str, list[Key]] = {}
    for key in keys:
        children.setdefault(key.parent_id or "", []).append(key)
    family = {root.id: root}
    queue = [root]
    while queue:
        for child in children.get(queue.pop().id, []):
            if child.id not in family:
                family[child.id] = child
                queue.append(child)
    return tuple(family.values())


def _delete(connection: Connection, keys: Sequence[Key]) -> None:
    connection.execute(delete(tr_keys).where(tr_keys.c.id.in_([key.id for key in keys])))
    raise_catalog_version(connection)


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
    }


def read_key(row: RowMapping) -> Key:
    """Return the key of a whole row of `tr_keys`."""
    fields = dict(row)
    fields["allowed_models"] = tuple(json.loads(fields["allowed_models"] or "[]"))
    return Key(**fields, origin="database")
