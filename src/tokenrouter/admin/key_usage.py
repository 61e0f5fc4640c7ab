"""`/v1/usage`, second half: what one key has used and has left.

The data process has authenticated the key and knows its live limits; both come along as headers that
no client can set. What was used stands in the ledger, so the journals are drained first: the answer
includes the request that ended a moment ago.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header

from tokenrouter.admin.amounts import amount_of, sums_of, time_text
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.limit_text import window_text
from tokenrouter.domain.limits import Limit
from tokenrouter.store.keys import keys_called
from tokenrouter.store.usage import UsageFilter, usage_sums

router: Final = APIRouter(include_in_schema=False)

_TOLD: Final = ("scope", "used", "held", "left", "amount", "resets_in_s")


@dataclass(frozen=True, slots=True)
class _LiveLimit:
    """A limit with its counter, as the data process sees it now; `amount` has its boost and what was carried over."""

    limit: Limit
    scope: str
    used: int
    held: int
    left: int
    amount: int
    resets_in_s: float | None

    def shown(self) -> dict[str, Any]:
        metric = self.limit.metric
        return {
            "scope": self.scope,
            "metric": metric,
            "window": window_text(self.limit.window),
            "mode": self.limit.mode,
            "amount": amount_of(metric, self.amount),
            "used": amount_of(metric, self.used),
            "held": amount_of(metric, self.held),
            "left": amount_of(metric, self.left),
            "resets_in_s": self.resets_in_s,
        }


@router.get("/internal/usage")
def key_usage(
    state: State,
    x_tokenrouter_key_id: Annotated[str, Header()],
    x_tokenrouter_limits: Annotated[str, Header()] = "[]",
) -> dict[str, Any]:
    """Return what the key has used today, this month and ever, and its limits."""
    key = authenticated_key(state, x_tokenrouter_key_id)
    limits = _live_limits(state, x_tokenrouter_limits)
    state.drain_now()
    return {
        "object": "usage",
        "key": {
            "name": key.name,
            "role": key.role,
            "team": key.team,
            "user": key.user,
            "expires_at": time_text(key.expires_at_s),
        },
        "used": _used(state, key),
        "limits": [limit.shown() for limit in limits],
        **_quota(key, limits),
    }


def authenticated_key(state: ControlState, ascii_id: str) -> Key:
    """Return the key that a data process has authenticated, whose id it put into a header, where only ASCII may stand.

    Raises:
        Problem: it is gone.
    """
    for key in chain(state.declared_keys(), keys_called(state.store, ascii_id), _others(state)):
        if key.id.encode("ascii", "backslashreplace").decode() == ascii_id:
            return key
    raise Problem(404, "key_not_found", "The key is gone since the request was authenticated.")


def _others(state: ControlState) -> Iterator[Key]:
    """Yield all keys, for an id that no look-up finds because it is not ASCII, and one that has just gone."""
    yield from state.catalog().keys


def _live_limits(state: ControlState, text: str) -> list[_LiveLimit]:
    known = {limit.id: limit for limit in state.catalog().limits}
    try:
        counters = json.loads(text)
        return [_LiveLimit(known[one["id"]], *(one[name] for name in _TOLD)) for one in counters if one["id"] in known]
    except (ValueError, KeyError, TypeError):
        raise Problem(400, "invalid_header", "x-tokenrouter-limits is not a list of limits.") from None


def _used(state: ControlState, key: Key) -> dict[str, Any]:
    today = datetime.fromtimestamp(state.clock(), UTC).date()
    since = {"today": today.isoformat(), "month": today.replace(day=1).isoformat(), "lifetime": ""}
    key_ids = frozenset({key.id})
    return {
        name: sums_of(usage_sums(state.store, UsageFilter(since_day=day, key_ids=key_ids))).model_dump()
        for name, day in since.items()
    }


def _quota(key: Key, limits: list[_LiveLimit]) -> dict[str, Any]:
    """Return the lifetime token quota in the words of the predecessors, when there is one.

    The key's own comes before one that it shares with others.
    """
    quotas = [one for one in limits if one.limit.metric == "tokens" and one.limit.window.kind == "lifetime"]
    quotas.sort(key=lambda one: one.scope != f"key:{key.name}")
    if not quotas:
        return {}
    amount, used = quotas[0].amount, quotas[0].used
    return {
        "quota_tokens": amount,
        "used_tokens": used,
        "remaining_tokens": quotas[0].left,
        "usage_percentage": round(100 * used / amount, 2) if amount else 100.0,
    }
