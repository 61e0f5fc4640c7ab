"""The audit log: who changed what, from where, and how it was before and after.

An entry is written in the transaction of the change it tells of, so there is neither without the other. Each carries a
hash of itself and of the one before; whoever alters or removes one later breaks the chain from there on, and whoever
cuts off its end is found out by anybody who has noted an earlier end (`torod audit verify` prints it).

Nothing in it can be used: callers hand over no key, secret, digest or password, and no prompt.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, or_, select

from tokenrouter.domain.actors import Actor
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_audit

MAX_PAGE_ROWS: Final = 1001
"""A page of a list, and the row that says whether there are more."""
Subject = tuple[str, str, str]
"""Kind, id and name, such as `("key", "key_0123", "alice")`."""
_HASHED: Final = (
    "at_us",
    "actor_kind",
    "actor_id",
    "actor_name",
    "address",
    "action",
    "kind",
    "subject_id",
    "subject_name",
    "before",
    "after",
)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. `before` and `after` are what can be shown of the subject; None where it was not there."""

    number: int
    at_us: int
    actor: Actor
    action: str
    subject: Subject
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; empty fields do not restrict. `since_us` is inclusive, `until_us` exclusive; `text` is looked for
    in names and actions.
    """

    actor: str = ""
    action: str = ""
    kind: str = ""
    subject: str = ""
    text: str = ""
    since_us: int = 0
    until_us: int | None = None
    before_number: int | None = None


@dataclass(frozen=True, slots=True)
class AuditState:
    """What a verification found.

    Attributes:
        entries: how many there are.
        broken_at: the number of the first entry that is not as it was written, or that follows a gap; None if all is
            well.
        head: the hash of the last entry, "" when there is none: note it somewhere else.
        noted: whether a head that was asked for is in the chain; True when none was.
    """

    entries: int
    broken_at: int | None
    head: str
    noted: bool


def note(
    store: Store,
    connection: Connection,
    action: str,
    subject: Subject,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write that `store.actor` has done `action` to `subject`, as `key.create`; `connection` is of `store.write()`.

    What both have alike is left out of both, so that an entry shows what has changed.
    """
    before, after = _differences(before, after)
    actor = store.actor
    row: dict[str, Any] = {
        "at_us": time.time_ns() // 1000,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": _storable(actor.name),
        "address": actor.address,
        "action": action,
        "kind": subject[0],
        "subject_id": _storable(subject[1]),
        "subject_name": _storable(subject[2]),
        "before": _text(before),
        "after": _text(after),
    }
    connection.execute(insert(tr_audit).values(**row, hash=_hash(_head(connection), row)))


def audit_page(store: Store, wanted: AuditFilter, *, limit: int) -> list[AuditEntry]:
    """Return up to `limit` (at most `MAX_PAGE_ROWS`) entries, newest first."""
    query = select(tr_audit).where(*_conditions(wanted)).order_by(tr_audit.c.number.desc())
    with store.read() as connection:
        return [_entry(row) for row in connection.execute(query.limit(min(limit, MAX_PAGE_ROWS))).mappings()]


def has_done(store: Store, actor_id: str, action: str, kind: str, subject_id: str) -> bool:
    """Return whether whoever has this id did `action` to this subject, such as the making of a key."""
    of = tr_audit.c
    query = select(of.number).where(
        of.kind == kind, of.subject_id == subject_id, of.action == action, of.actor_id == actor_id
    )
    with store.read() as connection:
        return connection.execute(query.limit(1)).scalar() is not None


def last_audit_number(store: Store) -> int:
    """Return the number of the newest entry; 0 where there is none."""
    with store.read() as connection:
        return connection.execute(select(func.max(tr_audit.c.number))).scalar() or 0


def audit_kinds_after(store: Store, number: int) -> dict[str, int]:
    """Return of which kinds of subject there are entries after `number`, each with the number of its newest."""
    last = func.max(tr_audit.c.number).label("last")
    query = select(tr_audit.c.kind, last).where(tr_audit.c.number > number)
    with store.read() as connection:
        return {row.kind: row.last for row in connection.execute(query.group_by(tr_audit.c.kind))}


def verify_audit(store: Store, *, noted: str = "") -> AuditState:
    """Go through the whole chain, and look whether `noted`, the head that somebody kept, is in it."""
    entries, previous, seen = 0, "", not noted
    with store.read(may_take_long=True) as connection:
        for row in map(dict, _rows(connection)):
            if row["hash"] != _hash(previous, row):
                return AuditState(entries, row["number"], previous, seen)
            entries, previous = entries + 1, row["hash"]
            seen = seen or previous == noted
    return AuditState(entries, None, previous, seen)


def _rows(connection: Connection) -> Iterator[RowMapping]:
    query = select(tr_audit).order_by(tr_audit.c.number)
    yield from connection.execute(query, execution_options={"yield_per": 1000}).mappings()


def _head(connection: Connection) -> str:
    last = select(tr_audit.c.hash).order_by(tr_audit.c.number.desc()).limit(1)
    head: str | None = connection.execute(last).scalar()
    return head or ""


def _hash(previous: str, row: Mapping[str, Any]) -> str:
    said = json.dumps([previous, *(row[name] for name in _HASHED)], ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    if before is None or after is None:
        return before, after
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    old, new = ({name: said[name] for name in said if name in changed} for said in (before, after))
    return old, new


def _text(said: Mapping[str, Any] | None) -> str:
    """Return JSON in ASCII, which any database can keep."""
    return "" if said is None else json.dumps(said, default=str)


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    columns = tr_audit.c
    found: list[ColumnElement[bool]] = []
    if wanted.actor:
        found.append(or_(columns.actor_id == wanted.actor, columns.actor_name == wanted.actor))
    if wanted.action:
        found.append(columns.action == wanted.action)
    if wanted.kind:
        found.append(columns.kind == wanted.kind)
    if wanted.subject:
        found.append(or_(columns.subject_id == wanted.subject, columns.subject_name == wanted.subject))
    if wanted.text:
        texts = (columns.subject_name, columns.actor_name, columns.action)
        found.append(or_(*(text.icontains(wanted.text, autoescape=True) for text in texts)))
    if wanted.since_us:
        found.append(columns.at_us >= wanted.since_us)
    if wanted.until_us is not None:
        found.append(columns.at_us < wanted.until_us)
    if wanted.before_number is not None:
        found.append(columns.number < wanted.before_number)
    return found


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(
        number=row["number"],
        at_us=row["at_us"],
        actor=Actor(row["actor_kind"], row["actor_id"], row["actor_name"], row["address"]),
        action=row["action"],
        subject=(row["kind"], row["subject_id"], row["subject_name"]),
        before=_said(row["before"]),
        after=_said(row["after"]),
        hash=row["hash"],
    )


def _said(text: str) -> dict[str, Any] | None:
    said: dict[str, Any] | None = json.loads(text) if text else None
    return said
