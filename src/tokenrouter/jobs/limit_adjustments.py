"""Counting to limits what no request used: resets, and what an older configuration brings along.

Everything here is written as adjustments and added to the counters in the same transaction; whoever watches the
catalogue's version reads what is new there and tells those who keep running counters (`Limiter.adjust`).
"""

from collections.abc import Iterable, Mapping

from tokenrouter.config.settings import CarriedUse
from tokenrouter.domain.limits import Limit
from tokenrouter.jobs.limit_use import current_windows
from tokenrouter.store.adjustments import Adjustment
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.limit_use import claim_first_uses, count_adjustments, has_carried, limit_use_of


def reset_limit(
    store: Store, limit: Limit, scope: str | None, *, made_by: str, reason: str = "", now_s: float
) -> dict[str, int]:
    """Give back what was used of `limit` in its window of now, and return how much by concrete scope.

    `scope` is one concrete scope, or None for each that a template counts apart. What running requests hold stays
    held, and counts when they end. Journals that are not drained yet are not part of it: drain first.
    """
    made_us = int(now_s * 1e6)
    given_back: dict[str, int] = {}
    with store.write() as connection:
        counted = []
        for (limit_id, counter), windows in limit_use_of(connection, [limit.id]).items():
            if scope not in (None, counter):
                continue
            for start_us, used in current_windows(limit, windows, now_s).items():
                if used <= 0:
                    continue
                at_us = start_us if limit.window.kind == "sliding" else made_us
                counted.append(
                    (Adjustment("reset", limit_id, counter, -used, at_us, made_us, made_by, reason), start_us)
                )
                given_back[counter] = given_back.get(counter, 0) + used
        count_adjustments(connection, counted)
        raise_catalog_version(connection, keys=())
        said = {"scope": scope, "given_back": given_back, "reason": reason}
        note(store, connection, "limit.reset", ("limit", limit.id, limit.scope), None, said)
    return given_back


def carry_use(store: Store, limits: Iterable[Limit], carried: Iterable[CarriedUse], now_s: float) -> None:
    """Count what an older configuration brings along: each counter once in the life of the database.

    An interval window goes on as it began there.
    """
    by_id: Mapping[str, Limit] = {limit.id: limit for limit in limits}
    counted = []
    began: dict[tuple[str, str], int] = {}
    for one in carried:
        start_s = one.window_started_s or now_s
        start_us = int(start_s * 1e6)
        kind = by_id[one.limit_id].window.kind
        if kind == "interval":
            began[one.limit_id, one.scope] = start_us
        if not one.used:
            continue
        once = f"import/{one.limit_id}/{one.scope}"
        adjustment = Adjustment(
            "import", one.limit_id, one.scope, one.used, start_us, int(now_s * 1e6), "configuration", once=once
        )
        counted.append((adjustment, 0 if kind == "lifetime" else start_us))
    claim_first_uses(store, began)
    if not counted:
        return
    with store.write() as connection:
        count_adjustments(
            connection, [one for one in counted if not has_carried(connection, one[0].limit_id, one[0].scope)]
        )
