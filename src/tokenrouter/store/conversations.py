"""Conversations that are kept for people to read: what comes in, and what goes for good.

A file of captured requests is taken in as a whole, in one transaction that also notes its name, so that one which is
met again, after whatever died in between, adds nothing, and brings nothing back that was deleted since.

What is deleted is overwritten (SQLite's `secure_delete`) and the log of writes is emptied, so that the file does not
hold it any longer; PostgreSQL gives its room to others in its own time. In either it was encrypted.
"""

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct, msgpack
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from tokenrouter.config.sealing import SealBroken, Sealing
from tokenrouter.domain.capture import Captured
from tokenrouter.store.audit import note
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_conversation_files, tr_conversation_records, tr_conversations

HEURISTIC_US: Final = 10 * 60 * 1_000_000
"""Requests of one client that are no further apart belong together where nothing says otherwise (TokenRouter-Go's)."""
MAX_BATCH: Final = 200
"""Conversations, or requests, that one transaction deletes: others wait for some tens of milliseconds."""
MAX_IN: Final = 500
_records, _conversations = tr_conversation_records.c, tr_conversations.c
_head: Final = msgpack.Decoder(type=dict[str, str])


class Gist(Struct, frozen=True):
    """The words of one request that are searched and listed: the beginnings of what was asked and answered."""

    asked: str = ""
    answered: str = ""


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A captured request, with what was read in it.

    Attributes:
        kind: "" or "title_generation".
        title: what the conversation is to be called because of it, or "".
        response_id: by which a later request may go on from it, or "".
    """

    captured: Captured
    kind: str = ""
    gist: Gist = Gist()
    title: str = ""
    response_id: str = ""


def take_in_file(store: Store, sealing: Sealing, file: str, records: Sequence[NewRecord]) -> int:
    """Keep the `records` of a file that is complete; return how many of them are new. 0 where it was taken in before.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database is away; call again.
    """
    sealed = [_sealed(sealing, record.captured, record.gist) for record in records]
    with store.write() as connection:
        files = tr_conversation_files
        if connection.execute(select(files.c.file).where(files.c.file == file)).first() is not None:
            return 0
        connection.execute(insert(files).values(file=file))
        _overwrite_what_goes(store, connection)
        known = {
            found
            for at in range(0, len(records), MAX_IN)
            for found in connection.execute(
                select(_records.id).where(_records.id.in_([one.captured.id for one in records[at : at + MAX_IN]]))
            ).scalars()
        }
        fresh = [one for one in zip(records, sealed, strict=True) if one[0].captured.id not in known]
        for record, (words, gist) in fresh:
            _append(connection, sealing, record, words, gist)
    return len(fresh)


def forget_file(store: Store, file: str) -> None:
    """Forget a file that no longer lies on the disk."""
    with store.write() as connection:
        connection.execute(delete(tr_conversation_files).where(tr_conversation_files.c.file == file))


def files_taken_in(store: Store) -> frozenset[str]:
    """Return the names of files that are in the database and may still lie on a disk."""
    with store.read() as connection:
        return frozenset(connection.execute(select(tr_conversation_files.c.file)).scalars())


def _sealed(sealing: Sealing, captured: Captured, gist: Gist) -> tuple[bytes, bytes]:
    """Return a request and its words as they are kept; made before the transaction, for which others wait."""
    return (
        sealing.seal(msgpack.encode(captured), record_place(captured.id)),
        sealing.seal(msgpack.encode(gist), gist_place(captured.id)),
    )


def _append(connection: Connection, sealing: Sealing, record: NewRecord, sealed: bytes, gist: bytes) -> None:
    captured = record.captured
    conversation_id, asker_ref = _conversation_of(connection, record)
    size = len(sealed) + len(gist)
    connection.execute(
        insert(tr_conversation_records).values(
            id=captured.id,
            conversation_id=conversation_id,
            kind=record.kind,
            outcome=captured.outcome,
            provider=captured.provider,
            model=captured.model,
            operation=captured.operation,
            client_ip=captured.client_ip,
            started_us=captured.started_us,
            ended_us=captured.ended_us,
            status=captured.status,
            bytes=size,
            response_ref=_reference(captured.key_id, "response", record.response_id) if record.response_id else "",
            asker_ref=asker_ref,
            gist=gist,
            sealed=sealed,
        )
    )
    _join(connection, sealing, conversation_id, record, size)


def _conversation_of(connection: Connection, record: NewRecord) -> tuple[str, str]:
    """Return the conversation that a request belongs to, and by which reference the next one may find it.

    In the order of TokenRouter-Go: what names it, the answer that it goes on from, and else who asks, for what, and
    when. Conversations of different keys are never one, whatever clients call them.
    """
    captured = record.captured
    key = captured.key_id
    if captured.session:
        return _id(key, "session", captured.session), ""
    if captured.previous:
        wanted = _reference(key, "response", captured.previous)
        found = connection.execute(select(_records.conversation_id).where(_records.response_ref == wanted)).scalar()
        return found or _id(key, "previous", captured.previous), ""
    asker_ref = _reference(key, "asker", captured.client_ip)
    latest = (
        select(_records.conversation_id)
        .where(_records.asker_ref == asker_ref, _records.ended_us >= captured.started_us - HEURISTIC_US)
        .order_by(_records.ended_us.desc())
        .limit(1)
    )
    if not record.kind:
        latest = latest.where(
            _records.operation == captured.operation, _records.model == captured.model, _records.kind == ""
        )
    return connection.execute(latest).scalar() or _id(key, "alone", captured.id), asker_ref


def _join(connection: Connection, sealing: Sealing, conversation_id: str, record: NewRecord, size: int) -> None:
    """Let the conversation know of its new request."""
    captured = record.captured
    row = connection.execute(select(tr_conversations).where(_conversations.id == conversation_id)).mappings().first()
    head = {} if row is None else read_head(sealing, row)
    told = {"title": record.title} if record.title else {}
    if not record.kind:
        told |= {"first": head.get("first") or record.gist.asked, "last": record.gist.asked or head.get("last", "")}
    sealed = sealing.seal(msgpack.encode(head | told), head_place(conversation_id))
    last = {
        "operation": captured.operation,
        "provider": captured.provider,
        "model": captured.model,
        "client_ip": captured.client_ip,
    }
    if row is None:
        whose = {"key_id": captured.key_id, "key": captured.key, "user": captured.user, "team": captured.team}
        times = {"begun_us": captured.started_us, "last_us": captured.ended_us}
        counts = {"requests": 1, "internal": int(bool(record.kind)), "bytes": size}
        values = {"id": conversation_id, **whose, **last, **times, **counts, "sealed": sealed}
        connection.execute(insert(tr_conversations).values(values))
        return
    changes: dict[str, Any] = {
        "begun_us": min(row["begun_us"], captured.started_us),
        "last_us": max(row["last_us"], captured.ended_us),
        "requests": row["requests"] + 1,
        "internal": row["internal"] + bool(record.kind),
        "bytes": row["bytes"] + size,
        "sealed": sealed,
    }
    changes |= {} if record.kind else last
    connection.execute(update(tr_conversations).where(_conversations.id == conversation_id).values(changes))


def read_head(sealing: Sealing, row: Any) -> dict[str, str]:
    """Return the words of a conversation (`title`, `first`, `last`); none where they cannot be read any more."""
    try:
        return _head.decode(sealing.unseal(row["sealed"], head_place(row["id"])))
    except (SealBroken, ValueError):
        return {}


def head_place(conversation_id: str) -> str:
    """Return what the words of a conversation are bound to."""
    return f"conversation {conversation_id}"


def record_place(record_id: str) -> str:
    """Return what a request and its answer are bound to."""
    return f"record {record_id}"


def gist_place(record_id: str) -> str:
    """Return what the words of a request are bound to that are searched."""
    return f"gist {record_id}"


def _id(key_id: str, kind: str, name: str) -> str:
    return f"conv_{_reference(key_id, kind, name)}"


def _reference(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


def delete_conversations(store: Store, wanted: Sequence[ColumnElement[bool]], *, told: dict[str, Any]) -> int:
    """Delete the conversations for which all of `wanted` is true, with everything of them; return how many.

    In several transactions. `told` is what the audit log says of which they were.
    """
    gone = 0
    while True:
        with store.write() as connection:
            _overwrite_what_goes(store, connection)
            ids = list(connection.execute(select(_conversations.id).where(*wanted).limit(MAX_BATCH)).scalars())
            if ids:
                connection.execute(delete(tr_conversation_records).where(_records.conversation_id.in_(ids)))
                connection.execute(delete(tr_conversations).where(_conversations.id.in_(ids)))
            gone += len(ids)
            if len(ids) < MAX_BATCH:
                subject = ("conversations", str(told.get("id", "")), "")
                note(store, connection, "conversation.delete", subject, {**told, "conversations": gone}, None)
                break
    empty_write_ahead_log(store)
    return gone


def note_reading(store: Store, conversation_id: str, key: str) -> None:
    """Write into the audit log that somebody else's conversation, of the key `key`, was read."""
    with store.write() as connection:
        note(store, connection, "conversation.read", ("conversation", conversation_id, key))


def prune(store: Store, *, max_items: int, max_bytes: int, before_us: int) -> int:
    """Delete the oldest requests that ended before `before_us`, or are more than is to be kept; return how many."""
    gone = 0
    while some := _prune_some(store, max_items, max_bytes, before_us):
        gone += some
    if gone:
        empty_write_ahead_log(store)
    return gone


def _prune_some(store: Store, max_items: int, max_bytes: int, before_us: int) -> int:
    with store.write() as connection:
        count, size = connection.execute(select(func.count(), func.coalesce(func.sum(_records.bytes), 0))).one()
        oldest = select(_records.number, _records.conversation_id, _records.ended_us, _records.bytes)
        found = connection.execute(oldest.order_by(_records.ended_us, _records.number).limit(MAX_BATCH)).all()
        going = []
        for row in found:
            if row.ended_us >= before_us and count <= max_items and size <= max_bytes:
                break
            going.append(row)
            count, size = count - 1, size - row.bytes
        if going:
            _overwrite_what_goes(store, connection)
            connection.execute(
                delete(tr_conversation_records).where(_records.number.in_([row.number for row in going]))
            )
            _sum_up_again(connection, {row.conversation_id for row in going})
    return len(going)


def _sum_up_again(connection: Connection, ids: set[str]) -> None:
    """Count again what is left of conversations, and delete those of which nothing is."""
    left = (
        select(
            _records.conversation_id,
            func.count().label("requests"),
            func.coalesce(func.sum(_records.bytes), 0).label("bytes"),
            func.min(_records.started_us).label("begun_us"),
            func.count().filter(_records.kind != "").label("internal"),
        )
        .where(_records.conversation_id.in_(ids))
        .group_by(_records.conversation_id)
    )
    rows = connection.execute(left).mappings().all()
    for row in rows:
        values = {name: int(row[name]) for name in ("requests", "bytes", "begun_us", "internal")}
        connection.execute(update(tr_conversations).where(_conversations.id == row["conversation_id"]).values(values))
    empty = ids - {row["conversation_id"] for row in rows}
    connection.execute(delete(tr_conversations).where(_conversations.id.in_(empty)))


def _overwrite_what_goes(store: Store, connection: Connection) -> None:
    """Let SQLite fill with zeros what this connection deletes from now on, and what it writes anew."""
    if store.is_sqlite:
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def empty_write_ahead_log(store: Store) -> None:
    """Bring SQLite's log of writes into its file and empty it; where readers are in the way, it is done later."""
    if not store.is_sqlite:
        return
    connection = store.connect_watcher()
    try:
        with contextlib.suppress(DBAPIError):
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
