"""Who is signed in: one row for each browser, found by the digest of its cookie, so a stolen database opens nothing.

A session is no permission of its own. Whoever it belongs to is looked up anew with each request, on whichever node, so
it is over at once when the person is disabled, the key revoked, or the password changed. It is not found any more after
twelve hours without a request, nor after its absolute end. Every sign-in makes a new cookie, and ends the session that
the browser had before: a cookie that somebody planted is worth nothing (fixation).
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, insert, or_, select, update

from tokenrouter.store.audit import note
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_sessions

IDLE_S: Final = 12 * 3600.0
LONGEST_S: Final = 7 * 24 * 3600.0
SEEN_S: Final = 60.0
"""How exactly it is noted when a session was last used: a write for each request would be too many."""
MAX_SESSIONS: Final = 50
"""Of one person or key; the one that was not used for longest gives way."""
MAX_AGENT_CHARS: Final = 200

SessionKind = Literal["person", "key", "password"]


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """Whose session it is: a person, a key, or whoever knows `ADMIN_PASSWORD`.

    Attributes:
        key_digest: of the key; for the password a keyed digest of it, so that another password ends the session.
    """

    kind: SessionKind
    user_id: str = ""
    key_digest: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in.

    Attributes:
        id: how its owner names it; it opens nothing.
        way: how it was begun: `password`, `key`, `admin-password`, `setup-link`, `invitation`, `oidc:NAME`.
        expires_at_s: its absolute end.
        csrf: what every form and every unsafe request of it carries; follows from the cookie, "" where that is unknown.
    """

    id: str
    owner: SessionOwner
    way: str
    created_at_s: float
    seen_at_s: float
    expires_at_s: float
    address: str
    agent: str
    csrf: str = field(default="", repr=False)


def begin_session(
    store: Store,
    owner: SessionOwner,
    *,
    way: str,
    address: str,
    agent: str,
    now_s: float,
    longest_s: float = LONGEST_S,
    before: str = "",
) -> str:
    """Begin a session and return its cookie; the session of the cookie `before` ends."""
    cookie = secrets.token_urlsafe(32)
    row = {
        "digest": _digest(cookie),
        "id": "ses_" + secrets.token_hex(8),
        "kind": owner.kind,
        "user_id": owner.user_id,
        "key_digest": owner.key_digest,
        "created_at_s": now_s,
        "seen_at_s": now_s,
        "expires_at_s": now_s + longest_s,
        "address": address[:100],
        "agent": _storable(agent)[:MAX_AGENT_CHARS],
        "way": way,
    }
    with store.write() as connection:
        connection.execute(delete(tr_sessions).where(_is_over(now_s)))
        if before:
            connection.execute(delete(tr_sessions).where(tr_sessions.c.digest == _digest(before)))
        _make_room(connection, owner)
        connection.execute(insert(tr_sessions).values(row))
        note(store, connection, "session.create", ("session", str(row["id"]), ""), None, {"way": way})
    return cookie


def refuse_session(store: Store, *, way: str, account: str, reason: str) -> None:
    """Write down that somebody did not get in, and why."""
    with store.write() as connection:
        note(store, connection, "session.refuse", ("session", "", account[:100]), None, {"way": way, "reason": reason})


def find_session(connection: Connection, cookie: str, *, now_s: float) -> Session | None:
    """Return the session of `cookie`, or None when there is none or it is over."""
    if not cookie:
        return None
    wanted = select(tr_sessions).where(tr_sessions.c.digest == _digest(cookie), ~_is_over(now_s))
    row = connection.execute(wanted).mappings().first()
    return None if row is None else _session(row, csrf_token(cookie))


def see_session(store: Store, session: Session, *, now_s: float) -> None:
    """Note that a session was used, now and then."""
    if now_s - session.seen_at_s < SEEN_S:
        return
    with store.write() as connection:
        connection.execute(update(tr_sessions).where(tr_sessions.c.id == session.id).values(seen_at_s=now_s))


def list_sessions(store: Store, owner: SessionOwner, *, now_s: float) -> tuple[Session, ...]:
    """Return the sessions of `owner`, the newest first."""
    query = select(tr_sessions).where(_is_of(owner), ~_is_over(now_s)).order_by(tr_sessions.c.created_at_s.desc())
    with store.read() as connection:
        return tuple(_session(row, "") for row in connection.execute(query).mappings())


def end_session(store: Store, session_id: str, owner: SessionOwner) -> bool:
    """End one session of `owner`; False when there is none of this id."""
    with store.write() as connection:
        return bool(_end(store, connection, and_(tr_sessions.c.id == session_id, _is_of(owner))))


def end_sessions(store: Store, owner: SessionOwner, *, but: str = "") -> int:
    """End every session of `owner` except the one with the id `but`; return how many there were."""
    with store.write() as connection:
        return end_sessions_in(store, connection, owner, but=but)


def end_sessions_in(store: Store, connection: Connection, owner: SessionOwner, *, but: str = "") -> int:
    """Do so in a transaction that does more, such as changing the password."""
    return _end(store, connection, and_(_is_of(owner), tr_sessions.c.id != but))


def csrf_token(cookie: str) -> str:
    """Return the token that belongs to a cookie; who has the token does not have the cookie."""
    return hashlib.sha256(b"tokenrouter csrf\0" + cookie.encode("utf-8", "replace")).hexdigest()


def _end(store: Store, connection: Connection, which: ColumnElement[bool]) -> int:
    gone: Sequence[Any] = connection.execute(select(tr_sessions.c.id, tr_sessions.c.user_id).where(which)).all()
    connection.execute(delete(tr_sessions).where(tr_sessions.c.id.in_([one.id for one in gone])))
    for one in gone:
        note(store, connection, "session.end", ("session", one.id, ""), {"user_id": one.user_id}, None)
    return len(gone)


def _make_room(connection: Connection, owner: SessionOwner) -> None:
    columns = tr_sessions.c
    oldest = select(columns.digest).where(_is_of(owner)).order_by(columns.seen_at_s.desc()).offset(MAX_SESSIONS - 1)
    gone = connection.execute(oldest.limit(MAX_SESSIONS)).scalars().all()
    connection.execute(delete(tr_sessions).where(columns.digest.in_(gone)))


def _is_of(owner: SessionOwner) -> ColumnElement[bool]:
    columns = tr_sessions.c
    if owner.kind == "person":
        return and_(columns.kind == "person", columns.user_id == owner.user_id)
    return and_(columns.kind == owner.kind, columns.key_digest == owner.key_digest)


def _is_over(now_s: float) -> ColumnElement[bool]:
    return or_(tr_sessions.c.expires_at_s <= now_s, tr_sessions.c.seen_at_s <= now_s - IDLE_S)


def _session(row: RowMapping, csrf: str) -> Session:
    return Session(
        id=row["id"],
        owner=SessionOwner(row["kind"], row["user_id"], row["key_digest"]),
        way=row["way"],
        created_at_s=row["created_at_s"],
        seen_at_s=row["seen_at_s"],
        expires_at_s=row["expires_at_s"],
        address=row["address"],
        agent=row["agent"],
        csrf=csrf,
    )


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()
