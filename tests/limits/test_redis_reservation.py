from tests.limits.suite import NOW_S, a_limit
from tokenrouter.limits.redis_counters import RedisCounter
from tokenrouter.limits.redis_reservation import states_of

DAY = a_limit("key:*", "tokens", "day", 100)
SOFT = a_limit("global", "tokens", "lifetime", 7, "soft")


def test_the_servers_figures_are_told_as_states() -> None:
    counters = RedisCounter(DAY, "key:alice", "a"), RedisCounter(SOFT, "global", "b")
    ends_ms = round(NOW_S * 1000) + 5000

    day, soft = states_of(counters, [30, 40, 120, ends_ms, 900, 0, -1, 0], NOW_S)

    assert (day.scope, day.used, day.held, day.amount, day.left, day.resets_in_s) == ("key:alice", 30, 40, 120, 50, 5.0)
    assert (soft.scope, soft.used, soft.amount, soft.left, soft.resets_in_s) == ("global", 900, 7, 0, None)


def test_what_the_server_has_not_told_has_no_state() -> None:
    assert states_of((RedisCounter(DAY, "key:alice", "a"),), [], NOW_S) == []
