"""Quotas of keys in TokenRouter-Go's words: so many requests or tokens in an interval from first use, or for ever.

There is no other place for what is used than the counters of limits, so `used` is read from them and never written.
"""

from typing import Annotated, Any, Final

from pydantic import Field

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.compat.go_body import Lenient
from tokenrouter.domain.limit_text import MAX_AMOUNT, MAX_WINDOW_S, limit_id
from tokenrouter.domain.limits import CounterPast, Limit, Window
from tokenrouter.jobs.limit_use import LimitFigures, interval_start_us
from tokenrouter.store.key_quotas import QUOTA_METRICS, is_quota

_US: Final = 1_000_000


class Budget(Lenient):
    """At most `limit` in each interval; 0 seconds never begin anew."""

    limit: Annotated[int, Field(gt=0, le=MAX_AMOUNT)]
    interval_seconds: Annotated[int, Field(ge=0, le=MAX_WINDOW_S)] = 0


class Quota(Lenient):
    """The budgets of a key; what is left out has no bound."""

    requests: Budget | None = None
    tokens: Budget | None = None


def limits_of(quota: Quota | None, key_name: str) -> tuple[Limit, ...]:
    """Return the limits that say the same of the key `key_name`."""
    scope = f"key:{key_name}"
    limits = []
    for metric in QUOTA_METRICS:
        budget: Budget | None = getattr(quota, metric, None)
        if budget is not None:
            length_s = budget.interval_seconds
            window = Window("interval", length_s) if length_s else Window("lifetime")
            limits.append(Limit(limit_id(scope, metric, window), scope, metric, window, budget.limit))
    return tuple(limits)


def shown_quota(limits: list[Limit], scope: str, figures: LimitFigures, now_s: float) -> dict[str, Any] | None:
    """Return the quota that `limits` of one key are, with what is used of it; None where they are none."""
    shown: dict[str, Any] = {}
    for limit in limits:
        if not is_quota(limit) or limit.metric in shown:
            continue
        counter = (limit.id, scope)
        began = _window_began(limit, figures.past.get(counter, CounterPast()), now_s)
        shown[limit.metric] = {
            "limit": limit.amount_at(now_s),
            "interval_seconds": limit.window.length_s,
            "used": figures.used.get(counter, 0),
            **({"window_started_at": began} if began else {}),
        }
    return shown or None


def _window_began(limit: Limit, past: CounterPast, now_s: float) -> str | None:
    if limit.window.kind != "interval" or not past.first_use_s:
        return None
    return time_text(interval_start_us(limit, int(past.first_use_s * _US), int(now_s * _US)) / _US)
