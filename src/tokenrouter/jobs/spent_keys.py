"""Removing keys whose quota is used up for good, where the operator wants that (`auto_remove_empty_quota_tokens`).

Used up for good is a hard limit for a lifetime, on the key itself: nothing but a reset or a boost would open it again.
Limits of users, teams and everybody do not count, since they are not the key's; nor does a limit of 0, which blocks a
key on purpose. Keys of the file belong to the file, and a key of an admin opens more than requests: both stay.
"""

from collections.abc import Iterator

from tokenrouter.domain.catalog import Catalog, Key
from tokenrouter.domain.limits import Limit, LimitTable
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import KeyUnknown
from tokenrouter.store.keys import revoke_key
from tokenrouter.store.limit_use import UseByWindow, covered_in, limit_use_of


def remove_spent_keys(store: Store, catalog: Catalog, now_s: float) -> tuple[tuple[Key, Limit], ...]:
    """Delete the keys of the database whose quota is used up, with every key below them; say which, and by which limit.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database is away.
    """
    wanted = {limit.id for limit in catalog.limits if _ends_a_key(limit)}
    with store.read() as connection:
        use = limit_use_of(connection, covered_in(connection) & wanted)
    removed = []
    for key, limit in _spent(catalog, use, now_s):
        try:
            removed += [(gone, limit) for gone in revoke_key(store, key.id)]
        except KeyUnknown:  # it went with its parent, or somebody else was quicker
            continue
    return tuple(removed)


def _ends_a_key(limit: Limit) -> bool:
    is_for_good = limit.mode == "hard" and limit.window.kind == "lifetime" and limit.metric != "concurrency"
    return is_for_good and limit.scope.startswith("key:") and limit.amount > 0


def _spent(catalog: Catalog, use: UseByWindow, now_s: float) -> Iterator[tuple[Key, Limit]]:
    table = LimitTable(catalog.limits)
    for key in catalog.keys:
        if key.origin != "database" or key.role == "admin":
            continue
        scope = f"key:{key.name}"
        for limit in table.of(scope):
            if _ends_a_key(limit) and use.get((limit.id, scope), {}).get(0, 0) >= limit.amount_at(now_s):
                yield key, limit
                break
