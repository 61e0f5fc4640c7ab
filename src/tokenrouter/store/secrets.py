"""Secrets of the database, in envelopes: kept, opened, and wrapped anew.

The database itself says under which key new secrets are wrapped. Writers queue, so once a rotation has changed that, no
process adds one under the key before, whatever it has read of keys so far. Opening never fails for all because of one:
what cannot be decrypted is told beside the rest.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from tokenrouter.config.envelope import CannotDecrypt, Envelope, SecretPlace, rewrap, seal, unseal
from tokenrouter.config.keyring import KeyRing
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import SecretUnreadable
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.schema import tr_secrets

KEY_FACT: Final = "secrets_key"
"""Names the id of the key under which secrets are wrapped; before the first rotation it is that of the first one."""
MAX_AT_ONCE: Final = 200
"""Secrets that a rotation wraps in one transaction: some milliseconds, for which other writers wait."""
_HINT_CHARS: Final = 4
_LONG_CHARS: Final = 12
"""Of a secret that is shorter not even its end is shown."""

_columns: Final = tr_secrets.c


@dataclass(frozen=True, slots=True)
class OpenedSecret:
    """A secret, or why there is none: of `text` and `problem` one is ""; `hint` may be shown."""

    place: SecretPlace
    hint: str
    text: str = field(default="", repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SecretState:
    """What can be told of a secret; `problem` is "" when it opens."""

    place: SecretPlace
    key_id: str
    hint: str
    created_at_s: float
    rotated_at_s: float | None
    problem: str


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What one step of a rotation did; `problems` are of secrets that were left as they are."""

    count: int
    problems: Mapping[SecretPlace, str]
    last: SecretPlace | None


def secret_hint(text: str) -> str:
    """Return what may be shown of a secret: enough to tell several apart, too little to use one."""
    return f"…{text[-_HINT_CHARS:]}" if len(text) >= _LONG_CHARS else "…"


def keep_secrets(
    connection: Connection, ring: KeyRing, kind: str, subject: str, texts: Mapping[str, str], *, now_s: float
) -> None:
    """Keep `texts`, by field, as all the secrets of a subject; what it had under other fields is gone.

    Raises:
        SecretUnreadable: this process does not have the key under which secrets are wrapped now.
    """
    key_id = current_key_id(connection, ring)
    try:
        key = ring.key(key_id)
    except CannotDecrypt as error:
        raise SecretUnreadable(f"secrets cannot be kept here: {error}") from error
    remove_secrets(connection, kind, subject)
    for name, text in texts.items():
        place = SecretPlace(kind, subject, name)
        envelope = seal(text, place, key_id, key)
        row = {**place._asdict(), **_sealed(envelope), "hint": secret_hint(text), "created_at_s": now_s}
        connection.execute(insert(tr_secrets).values(**row))


def remove_secrets(connection: Connection, kind: str, subject: str) -> None:
    """Remove every secret of a subject."""
    connection.execute(delete(tr_secrets).where(_columns.kind == kind, _columns.id == subject))


def open_secrets(connection: Connection, ring: KeyRing, kind: str, subject: str = "") -> list[OpenedSecret]:
    """Return the secrets of one subject, or of all of a kind."""
    wanted = select(tr_secrets).where(_columns.kind == kind).order_by(_columns.id, _columns.field)
    rows = connection.execute(wanted.where(_columns.id == subject) if subject else wanted).mappings()
    return [_opened(row, ring) for row in rows]


def list_secrets(store: Store, ring: KeyRing) -> list[SecretState]:
    """Return every secret that the database has, and whether it opens."""
    with store.read() as connection:
        rows = connection.execute(select(tr_secrets).order_by(_columns.kind, _columns.id, _columns.field)).mappings()
        return [_state(row, ring) for row in rows]


def current_key_id(connection: Connection, ring: KeyRing) -> str:
    """Return the id of the key under which secrets are wrapped now."""
    return read_fact(connection, KEY_FACT) or ring.ids[0]


def use_key(store: Store, ring: KeyRing, key_id: str) -> None:
    """Wrap what is kept from now on under another key."""
    with store.write() as connection:
        before = current_key_id(connection, ring)
        if before != key_id:
            write_fact(connection, KEY_FACT, key_id)
            raise_catalog_version(connection, keys=())
            note(store, connection, "secrets.rotate", ("secrets", "", ""), {"key_id": before}, {"key_id": key_id})


def rewrap_some(
    store: Store,
    ring: KeyRing,
    key_id: str,
    *,
    after: SecretPlace | None = None,
    clock: Callable[[], float] = time.time,
) -> Rewrapped:
    """Wrap up to `MAX_AT_ONCE` secrets under the key of `key_id`, of those that come after `after`, in one transaction.

    Raises:
        CannotDecrypt: there is no key of that id.
    """
    key, now_s, problems = ring.key(key_id), clock(), {}
    with store.write() as connection:
        rows = _stale(connection, key_id, after)
        for row in rows:
            place = _place(row)
            try:
                fresh = rewrap(_envelope(row), place, ring.key(row["key_id"]), key_id, key)
            except CannotDecrypt as error:
                problems[place] = str(error)
                continue
            here = update(tr_secrets).where(*(_columns[name] == part for name, part in place._asdict().items()))
            connection.execute(here.values(**_sealed(fresh), rotated_at_s=now_s))
    return Rewrapped(len(rows) - len(problems), problems, _place(rows[-1]) if rows else None)


def _stale(connection: Connection, key_id: str, after: SecretPlace | None) -> list[RowMapping]:
    order = (_columns.kind, _columns.id, _columns.field)
    wanted = select(tr_secrets).where(_columns.key_id != key_id).order_by(*order).limit(MAX_AT_ONCE)
    if after is not None:
        kind, subject, name = after
        wanted = wanted.where(
            (_columns.kind > kind)
            | (_columns.kind == kind) & (_columns.id > subject)
            | (_columns.kind == kind) & (_columns.id == subject) & (_columns.field > name)
        )
    return list(connection.execute(wanted).mappings())


def problem_of(opened: Iterable[OpenedSecret]) -> str:
    """Return why the first secret that does not open does not, naming its field, or ""."""
    return next((f"{one.place.field} cannot be decrypted: {one.problem}" for one in opened if one.problem), "")


def _opened(row: RowMapping, ring: KeyRing) -> OpenedSecret:
    place = _place(row)
    try:
        return OpenedSecret(place, row["hint"], unseal(_envelope(row), place, ring.key(row["key_id"])))
    except CannotDecrypt as error:
        return OpenedSecret(place, row["hint"], problem=str(error))


def _state(row: RowMapping, ring: KeyRing) -> SecretState:
    return SecretState(
        _place(row), row["key_id"], row["hint"], row["created_at_s"], row["rotated_at_s"], _opened(row, ring).problem
    )


def _place(row: RowMapping) -> SecretPlace:
    return SecretPlace(row["kind"], row["id"], row["field"])


def _envelope(row: RowMapping) -> Envelope:
    return Envelope(row["key_id"], row["wrapped"], row["sealed"])


def _sealed(envelope: Envelope) -> dict[str, Any]:
    return {"key_id": envelope.key_id, "wrapped": envelope.wrapped, "sealed": envelope.sealed}
