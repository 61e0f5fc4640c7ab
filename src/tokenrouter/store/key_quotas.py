"""Keys with their quotas: what TokenRouter-Go has as one thing is made, changed and removed in one transaction.

A quota is what hard limits on requests and tokens say of the key itself; its other limits are nobody's business here.
The limits go with the key, so that another key of the same name begins with none.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from tokenrouter.domain.catalog import Key
from tokenrouter.domain.limits import Limit, Metric
from tokenrouter.store.engine import Store
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.keys import KeyChanges, KeyRequest, NewKey, create_key, revoke_key, update_key
from tokenrouter.store.limits import create_limit, limits_of, remove_limit, update_limit

QUOTA_METRICS: Final[tuple[Metric, ...]] = ("requests", "tokens")
QUOTA_WINDOWS: Final = ("lifetime", "interval")

Check = Callable[[Key], None]


def is_quota(limit: Limit) -> bool:
    """Whether TokenRouter-Go could say this of a key."""
    is_key = limit.scope.startswith("key:") and limit.scope != "key:*"
    return is_key and limit.mode == "hard" and limit.metric in QUOTA_METRICS and limit.window.kind in QUOTA_WINDOWS


def create_with_quota(
    store: Store, request: KeyRequest, quota: Sequence[Limit], *, pepper: bytes, made_by: str, now_s: float
) -> NewKey:
    """Make a key, with `quota` as its own.

    Raises:
        InvalidField, NameTaken, KeyTaken: as `create_key`.
    """
    with store.write() as connection:
        joined = JoinedStore(store, connection)
        made = create_key(joined, request, pepper=pepper, now_s=now_s)
        _put_quota(joined, connection, made.stored, quota, made_by, now_s)
    return made


def change_with_quota(
    store: Store,
    key_id: str,
    changes: KeyChanges,
    quota: Sequence[Limit],
    *,
    check: Check,
    made_by: str,
    now_s: float,
) -> Key:
    """Change a key, and put `quota` in the place of its own; what was used of limits that stay is kept.

    Raises:
        KeyUnknown, InvalidField: as `update_key`.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        joined = JoinedStore(store, connection)
        changed = update_key(joined, key_id, changes, check=check)
        _put_quota(joined, connection, changed, quota, made_by, now_s)
    return changed


def revoke_with_quota(store: Store, key_id: str, *, check: Check) -> tuple[Key, ...]:
    """Delete a key and everything below it, each with its quota.

    Raises:
        KeyUnknown: as `revoke_key`.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        joined = JoinedStore(store, connection)
        family = revoke_key(joined, key_id, check=check)
        for key in family:
            _put_quota(joined, connection, key, (), "", 0.0)
    return family


def _put_quota(
    store: JoinedStore, connection: Connection, key: Key, quota: Sequence[Limit], made_by: str, now_s: float
) -> None:
    stored = limits_of(connection, f"key:{key.name}")
    before = {one.limit.id: one.limit for one in stored if is_quota(one.limit)}
    wanted = {limit.id: limit for limit in quota}
    for limit_id in before.keys() - wanted.keys():
        remove_limit(store, limit_id)
    for limit_id, limit in wanted.items():
        kept = before.get(limit_id)
        if kept is None:
            create_limit(store, limit, made_by=made_by, now_s=now_s)
        elif kept.amount != limit.amount:
            update_limit(store, replace(kept, amount=limit.amount))
