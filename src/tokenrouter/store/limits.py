"""Limits of the database: made by API or command line, changed and removed there.

What a limit counts (scope, metric, window, mode) is its identity and never changes; amount, boost and carry-over may.
Removing one removes no ledger row and no adjustment, so the same limit made again begins at what was used.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tokenrouter.domain.limit_text import limit_handle, parse_window, window_text
from tokenrouter.domain.limits import Limit
from tokenrouter.store.adjustments import Adjustment, add_adjustments
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import LimitTaken, LimitUnknown
from tokenrouter.store.schema import tr_limits

ORIGIN: Final = "database"


@dataclass(frozen=True, slots=True)
class StoredLimit:
    """A limit of the database, with what is noted about it; `made_by` is the id of a key, "" for the command line."""

    limit: Limit
    comment: str = ""
    made_by: str = ""
    created_at_s: float = 0.0


Check = Callable[[StoredLimit], None]


def create_limit(store: Store, limit: Limit, *, comment: str = "", made_by: str = "", now_s: float) -> StoredLimit:
    """Keep `limit`, and return it as it is kept.

    Raises:
        LimitTaken: one of its scope, metric, window and mode is there.
    """
    stored = StoredLimit(replace(limit, origin=ORIGIN), comment, made_by, now_s)
    with store.write() as connection:
        try:
            connection.execute(insert(tr_limits).values(_row(stored)))
        except IntegrityError as error:
            raise LimitTaken(
                f"there is a {limit.mode} {limit.metric} limit of {limit.scope} with this window already; change it"
            ) from error
        raise_catalog_version(connection, keys=())
        _note(store, connection, "limit.create", None, stored)
    return stored


def list_limits(store: Store) -> tuple[StoredLimit, ...]:
    """Return every limit of the database, oldest first."""
    with store.read() as connection:
        return limits_in(connection)


def limits_in(connection: Connection) -> tuple[StoredLimit, ...]:
    """Return every limit as a transaction sees them, oldest first."""
    rows = connection.execute(select(tr_limits).order_by(tr_limits.c.created_at_s, tr_limits.c.id)).mappings()
    return tuple(read_stored_limit(row) for row in rows)


def limits_of(connection: Connection, scope: str) -> tuple[StoredLimit, ...]:
    """Return the database's limits of one scope, as a transaction sees them."""
    rows = connection.execute(select(tr_limits).where(tr_limits.c.scope == scope).order_by(tr_limits.c.id))
    return tuple(read_stored_limit(row) for row in rows.mappings())


def update_limit(
    store: Store,
    changed: Limit,
    *,
    comment: str | None = None,
    boosted: Adjustment | None = None,
    check: Check | None = None,
) -> StoredLimit:
    """Change the limit of this id to what `changed` says of amount, boost and carry-over; None leaves the comment.

    `boosted` is written down with it. `check` is asked about the limit as it was, before anything is written.

    Raises:
        LimitUnknown: there is none in the database.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        before = _find(connection, changed.id)
        if check is not None:
            check(before)
        after = StoredLimit(
            replace(
                before.limit,
                amount=changed.amount,
                boost=changed.boost,
                boost_until_s=changed.boost_until_s,
                carry_over=changed.carry_over,
            ),
            before.comment if comment is None else comment,
            before.made_by,
            before.created_at_s,
        )
        connection.execute(update(tr_limits).where(tr_limits.c.id == changed.id).values(_row(after)))
        add_adjustments(connection, [boosted] if boosted else [])
        raise_catalog_version(connection, keys=())
        _note(store, connection, "limit.boost" if boosted else "limit.change", before, after)
    return after


def remove_limit(store: Store, limit_id: str, *, check: Check | None = None) -> StoredLimit:
    """Remove a limit and return it. `check`: as `update_limit`.

    Raises:
        LimitUnknown: there is none in the database.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        gone = _find(connection, limit_id)
        if check is not None:
            check(gone)
        connection.execute(delete(tr_limits).where(tr_limits.c.id == limit_id))
        raise_catalog_version(connection, keys=())
        _note(store, connection, "limit.remove", gone, None)
    return gone


def _find(connection: Connection, limit_id: str) -> StoredLimit:
    row = connection.execute(select(tr_limits).where(tr_limits.c.id == limit_id)).mappings().first()
    if row is None:
        raise LimitUnknown(f"there is no limit {limit_id!r} in the database")
    return read_stored_limit(row)


def _note(
    store: Store, connection: Connection, action: str, before: StoredLimit | None, after: StoredLimit | None
) -> None:
    stored = after or before
    if stored is not None:
        subject = ("limit", stored.limit.id, stored.limit.scope)
        note(store, connection, action, subject, *(None if one is None else _told(one) for one in (before, after)))


def _told(stored: StoredLimit) -> dict[str, Any]:
    """Return what the audit log tells of a limit."""
    return {name: value for name, value in _row(stored).items() if name not in ("handle", "words")}


def _row(stored: StoredLimit) -> dict[str, Any]:
    limit = stored.limit
    return {
        "id": limit.id,
        "scope": limit.scope,
        "metric": limit.metric,
        "window": window_text(limit.window),
        "tz": limit.window.tz,
        "week_start": limit.window.week_start,
        "amount": limit.amount,
        "mode": limit.mode,
        "boost": limit.boost,
        "boost_until_s": limit.boost_until_s,
        "carry_over": limit.carry_over,
        "comment": stored.comment,
        "made_by": stored.made_by,
        "created_at_s": stored.created_at_s,
        "handle": limit_handle(limit.id),
        "words": f"{limit.scope}\n{stored.comment}".casefold(),
    }


def read_stored_limit(row: RowMapping) -> StoredLimit:
    """Return the limit of a whole row of `tr_limits`."""
    limit = Limit(
        id=row["id"],
        scope=row["scope"],
        metric=row["metric"],
        window=replace(parse_window(row["window"]), tz=row["tz"], week_start=row["week_start"]),
        amount=row["amount"],
        mode=row["mode"],
        origin=ORIGIN,
        boost=row["boost"],
        boost_until_s=row["boost_until_s"],
        carry_over=row["carry_over"],
    )
    return StoredLimit(limit, row["comment"], row["made_by"], row["created_at_s"])
