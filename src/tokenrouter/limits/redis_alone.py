"""Rates that a process keeps for itself while the server is away (`redis_loss = "local"`).

A rate lasts a minute, so it is worth something also where nobody knows what the others do: each process takes its
share of what is allowed, and begins at nothing. Quotas are not kept here: what was used of them is not known.
"""

from collections.abc import Iterable
from dataclasses import replace

from tokenrouter.domain.limits import Limit
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.limits.redis_counters import PLACES, SLIDING, RedisCounter


def can_go_alone(counters: Iterable[RedisCounter]) -> bool:
    """Whether every hard limit among `counters` is a rate or a cap."""
    return all(counter.kind in (SLIDING, PLACES) for counter in counters if counter.is_hard)


def keeper_of_shares(limits: Iterable[Limit], nodes: int) -> MemoryLimiter:
    """Return a keeper of one process's share of the rates and caps among `limits`, where `nodes` share them."""
    rates = (limit for limit in limits if limit.metric == "concurrency" or limit.window.kind == "sliding")
    return MemoryLimiter([_share(limit, nodes) for limit in rates], restored=True)


def _share(limit: Limit, nodes: int) -> Limit:
    """Return what one of `nodes` may allow: at least one where anything is allowed at all."""

    def part(allowed: int) -> int:
        return max(1, allowed // nodes) if allowed else 0

    amount = part(limit.amount)
    boost, carry_over = part(limit.amount + limit.boost) - amount, limit.carry_over // nodes
    return replace(limit, amount=amount, boost=boost, carry_over=carry_over)
