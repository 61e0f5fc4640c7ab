from dataclasses import replace

import pytest

from tests.limits.suite import ALICE, ONE, a_limit
from tokenrouter.domain.errors import RateLimited
from tokenrouter.domain.limits import Limit
from tokenrouter.limits.redis_alone import can_go_alone, keeper_of_shares
from tokenrouter.limits.redis_counters import RedisCounter

RATE = a_limit("key:alice", "requests", "60s", 8)
CAP = a_limit("key:alice", "concurrency", "lifetime", 8)
QUOTA = a_limit("key:alice", "requests", "day", 8)


def admitted(limit: Limit, nodes: int) -> int:
    """Return how many requests one of `nodes` admits by itself."""
    keeper = keeper_of_shares([limit], nodes)
    (state,) = keeper.states(ALICE)
    for _ in range(state.left):
        keeper.reserve(ALICE, ONE)
    with pytest.raises(RateLimited):
        keeper.reserve(ALICE, ONE)
    return state.left


@pytest.mark.parametrize(("nodes", "share"), [(1, 8), (2, 4), (3, 2), (20, 1)])
@pytest.mark.parametrize("limit", [RATE, CAP])
def test_each_node_has_its_share_of_a_rate_and_at_least_one(limit: Limit, nodes: int, share: int) -> None:
    assert admitted(limit, nodes) == share


@pytest.mark.parametrize(("boost", "share"), [(8, 8), (1, 4), (2, 5), (0, 4)])
def test_a_boost_is_shared_too(boost: int, share: int) -> None:
    assert admitted(replace(RATE, boost=boost, boost_until_s=1e12), 2) == share


def test_what_is_blocked_stays_blocked() -> None:
    with pytest.raises(RateLimited):
        keeper_of_shares([replace(RATE, amount=0)], 2).reserve(ALICE, ONE)


def test_quotas_are_not_kept_and_nobody_goes_alone_with_a_hard_one() -> None:
    soft = replace(QUOTA, mode="soft")

    assert not keeper_of_shares([QUOTA], 1).states(ALICE)
    assert can_go_alone(RedisCounter(limit, limit.scope, "k") for limit in (RATE, CAP, soft))
    assert not can_go_alone(RedisCounter(limit, limit.scope, "k") for limit in (RATE, QUOTA))
