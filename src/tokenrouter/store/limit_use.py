"""How much of each limit is used, by window: what the counters in memory are restored from.

Rows are only ever added to, in the transaction that writes the ledger rows and adjustments they come from, so they
equal both whatever happens in between. That holds for the limits that are *covered*: a limit that is
new is filled from ledger and adjustments once, and one that is gone is forgotten, since its rows would not grow.

Several nodes write, and do not learn of a new limit at one moment. So what is covered has a version, which changes only
while nobody writes, and whoever writes rows says for which version it has charged them: rows that were charged for
another are refused with what is covered now.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, or_, select, text

from tokenrouter.store.adjustments import Adjustment, add_adjustments
from tokenrouter.store.bulk import add_rows
from tokenrouter.store.engine import Store
from tokenrouter.store.facts import read_fact, write_fact
from tokenrouter.store.schema import tr_limit_first_use, tr_limit_use, tr_settings

_COVERED: Final = "covered_limits"
_VERSION: Final = "covered_limits_version"
_CARRIED: Final = "carried_use"
_CLAIM: Final = text(
    "INSERT INTO tr_limit_first_use (limit_id, scope, first_us) VALUES (:limit_id, :scope, :first_us) "
    "ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class LimitCharge:
    """`amount` used of one counter, in the window that starts at `window_start_us` (0 for lifetime)."""

    limit_id: str
    scope: str
    window_start_us: int
    amount: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The limits whose rows equal the ledger; `version` rises with every change of them."""

    version: int
    limit_ids: frozenset[str]


UseByWindow = Mapping[tuple[str, str], Mapping[int, int]]
"""(limit id, concrete scope) → window start in microseconds → used."""


def add_limit_use(connection: Connection, charges: Iterable[LimitCharge]) -> None:
    """Add `charges` to their counters."""
    sums: dict[tuple[str, str, int], int] = {}
    for charge in charges:
        counter = (charge.limit_id, charge.scope, charge.window_start_us)
        sums[counter] = sums.get(counter, 0) + charge.amount
    rows = [(*counter, amount) for counter, amount in sums.items()]
    add_rows(connection, tr_limit_use, ("limit_id", "scope", "window_start_us"), ("used",), rows)


def limit_use(connection: Connection) -> UseByWindow:
    """Return every counter that is kept, with all its windows."""
    return _by_window(connection.execute(select(tr_limit_use)))


def limit_use_of(connection: Connection, limit_ids: Collection[str]) -> UseByWindow:
    """Return the counters of some limits, with all their windows."""
    return _by_window(connection.execute(select(tr_limit_use).where(tr_limit_use.c.limit_id.in_(limit_ids))))


def _by_window(rows: Iterable[Any]) -> UseByWindow:
    use: dict[tuple[str, str], dict[int, int]] = {}
    for row in rows:
        use.setdefault((row.limit_id, row.scope), {})[row.window_start_us] = row.used
    return use


def count_adjustments(connection: Connection, counted: Iterable[tuple[Adjustment, int]]) -> list[Adjustment]:
    """Write adjustments down and add them to their counters, each in the window that starts at the time beside it.

    Those that are there already are left out of both; what was written is returned.
    """
    windows = list(counted)
    written = add_adjustments(connection, (adjustment for adjustment, _ in windows))
    is_written = frozenset(written)
    charges = [
        LimitCharge(adjustment.limit_id, adjustment.scope, start_us, adjustment.used)
        for adjustment, start_us in windows
        if adjustment in is_written and adjustment.used
    ]
    add_limit_use(connection, charges)
    return written


def has_carried(connection: Connection, limit_id: str, scope: str) -> bool:
    """Return whether an earlier version, which wrote no adjustments, has brought a counter's use along."""
    return read_fact(connection, f"{_CARRIED}/{limit_id}/{scope}") is not None


def claim_first_uses(store: Store, first_us: Mapping[tuple[str, str], int]) -> None:
    """Note when counters were first used; what is noted already stays."""
    if first_us:
        store.append(lambda connection: add_first_uses(connection, first_us))


def add_first_uses(connection: Connection, first_us: Mapping[tuple[str, str], int]) -> None:
    """Do what `claim_first_uses` does, in a transaction that has begun."""
    claims = [{"limit_id": key[0], "scope": key[1], "first_us": time_us} for key, time_us in sorted(first_us.items())]
    if claims:
        connection.execute(_CLAIM, claims)


def first_uses(connection: Connection) -> dict[tuple[str, str], int]:
    """Return when each `interval` counter was first used, in microseconds since the epoch."""
    return {(row.limit_id, row.scope): row.first_us for row in connection.execute(select(tr_limit_first_use))}


def first_use_of(connection: Connection, counter: tuple[str, str]) -> int:
    """Return when one counter, which somebody has claimed, was first used."""
    limit_id, scope = counter
    row = tr_limit_first_use.c
    wanted = select(row.first_us).where(row.limit_id == limit_id, row.scope == scope)
    first_us: int = connection.execute(wanted).scalar_one()
    return first_us


def covered_limits(store: Store) -> frozenset[str]:
    """Return the ids of the limits whose rows equal the ledger."""
    with store.read() as connection:
        return covered_in(connection)


def covered_in(connection: Connection) -> frozenset[str]:
    """Return what `covered_limits` does, as a transaction that has begun sees it."""
    noted = read_fact(connection, _COVERED)
    if noted is not None:
        return frozenset(json.loads(noted))
    return frozenset(connection.execute(select(tr_limit_use.c.limit_id).distinct()).scalars())


def coverage_in(connection: Connection) -> Coverage:
    """Return what is covered, with its version."""
    return Coverage(coverage_version(connection), covered_in(connection))


def coverage_version(connection: Connection) -> int:
    """Return the version of what is covered."""
    return int(read_fact(connection, _VERSION) or "0")


def cover_limits(connection: Connection, limit_ids: frozenset[str], charges: Iterable[LimitCharge]) -> Coverage:
    """Note that exactly `limit_ids` are covered from now on; `charges` is all that those have used that are new.

    The transaction must be one of `Store.write`, and `charges` read in it: nobody else writes meanwhile.
    """
    covered = covered_in(connection)
    for limit_id in covered ^ limit_ids:
        connection.execute(delete(tr_limit_use).where(tr_limit_use.c.limit_id == limit_id))
    for limit_id in covered - limit_ids:
        connection.execute(delete(tr_limit_first_use).where(tr_limit_first_use.c.limit_id == limit_id))
        marks = tr_settings.c.key.startswith(f"{_CARRIED}/{limit_id}/", autoescape=True)
        connection.execute(delete(tr_settings).where(marks))
    add_limit_use(connection, charges)
    version = coverage_version(connection) + 1
    write_fact(connection, _COVERED, json.dumps(sorted(limit_ids)))
    write_fact(connection, _VERSION, str(version))
    return Coverage(version, limit_ids)


def forget_windows(store: Store, ended: Iterable[tuple[str, int]]) -> None:
    """Delete windows that nobody asks for any more: for each (limit id, start) what began before `start`.

    Lifetime windows (start 0) are never deleted.
    """
    use = tr_limit_use.c
    old = [and_(use.limit_id == limit_id, use.window_start_us < start) for limit_id, start in ended]
    if not old:
        return
    with store.write() as connection:
        connection.execute(delete(tr_limit_use).where(use.window_start_us > 0, or_(*old)))
