from collections.abc import Iterable

import pytest
from structlog.testing import capture_logs

from tokenrouter.domain.alerts import Alert
from tokenrouter.domain.limit_text import read_limit
from tokenrouter.domain.limits import Limit
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.jobs.limit_alerts import LimitAlerts
from tokenrouter.store.engine import Store
from tokenrouter.store.limit_use import LimitCharge, add_limit_use

NOON_S = 1_767_268_800
"""2026-01-01 12:00 UTC."""
STARTS_US = {"lifetime": 0, "day": (NOON_S - 43_200) * 10**6, "60s": (NOON_S - 5) * 10**6}


def a_limit(window: str, scope: str = "key:*", **more: object) -> Limit:
    return read_limit({"scope": scope, "metric": "tokens", "window": window, "amount": 100, "mode": "soft", **more})


def use(store: Store, limit: Limit, amount: int, scope: str = "key:a", start_us: int | None = None) -> None:
    start_us = STARTS_US[limit.window.kind.replace("sliding", "60s")] if start_us is None else start_us
    with store.write() as connection:
        add_limit_use(connection, [LimitCharge(limit.id, scope, start_us, amount)])


def told(
    alerts: LimitAlerts, limits: Iterable[Limit], now_s: float = NOON_S, thresholds: tuple[int, ...] = (80, 100)
) -> list[tuple[str, int]]:
    with capture_logs() as logs:
        alerts.look(limits, thresholds, now_s)
    return [(line["scope"], line["percent"]) for line in logs]


def test_what_is_told_is_returned_for_those_who_tell_it_on(store: Store) -> None:
    limit = a_limit("day")
    use(store, limit, 85)

    (alert,) = LimitAlerts(store).look([limit], (80, 100), NOON_S)

    facts = {"used": "85", "amount": "100", "declared_at": limit.origin}
    assert alert == Alert("soft_limit.reached", "key:a", "tokens", "day", 80, NOON_S, facts)


@pytest.mark.parametrize("window", ["lifetime", "day", "60s"])
def test_each_threshold_is_told_once_for_each_scope(store: Store, window: str) -> None:
    limit, alerts = a_limit(window), LimitAlerts(store)
    use(store, limit, 79)
    use(store, limit, 100, "key:b")
    assert told(alerts, [limit]) == [("key:b", 100)]

    use(store, limit, 1)
    assert told(alerts, [limit]) == [("key:a", 80)]
    use(store, limit, 10)
    assert told(alerts, [limit]) == []
    use(store, limit, 10)
    assert told(alerts, [limit]) == [("key:a", 100)]
    assert alerts.counts == {("key", "tokens", 80): 1, ("key", "tokens", 100): 2}


def test_neither_a_restart_nor_a_second_node_tells_it_again(store: Store) -> None:
    limit = a_limit("day")
    use(store, limit, 100)
    assert told(LimitAlerts(store), [limit]) == [("key:a", 100)]

    assert told(LimitAlerts(store), [limit]) == []


def test_the_next_window_is_told_anew(store: Store) -> None:
    limit, alerts = a_limit("day"), LimitAlerts(store)
    use(store, limit, 100)
    told(alerts, [limit])

    use(store, limit, 90, start_us=STARTS_US["day"] + 86_400 * 10**6)

    assert told(alerts, [limit], NOON_S + 86_400) == [("key:a", 80)]


def test_what_was_reset_may_be_told_again(store: Store) -> None:
    limit, alerts = a_limit("lifetime"), LimitAlerts(store)
    use(store, limit, 100)
    told(alerts, [limit])

    for again in (alerts, LimitAlerts(store)):
        reset_limit(store, limit, None, made_by="root", now_s=NOON_S)
        assert told(again, [limit]) == []
        use(store, limit, 100)

        assert told(again, [limit]) == [("key:a", 100)]


def test_a_sliding_window_is_told_again_after_it_has_emptied(store: Store) -> None:
    limit, alerts = a_limit("60s"), LimitAlerts(store)
    use(store, limit, 100)
    told(alerts, [limit])
    assert told(alerts, [limit], NOON_S + 100) == []

    use(store, limit, 100, start_us=(NOON_S + 110) * 10**6)

    assert told(alerts, [limit], NOON_S + 111) == [("key:a", 100)]


def test_hard_limits_and_places_are_told_by_refusing(store: Store) -> None:
    hard = read_limit({"scope": "key:*", "metric": "tokens", "window": "lifetime", "amount": 100})
    use(store, hard, 100)

    assert told(LimitAlerts(store), [hard]) == []
    assert (
        told(LimitAlerts(store), [read_limit({"scope": "key:*", "metric": "concurrency", "mode": "soft", "amount": 1})])
        == []
    )


def test_without_thresholds_nothing_is_told(store: Store) -> None:
    limit = a_limit("lifetime")
    use(store, limit, 100)

    assert told(LimitAlerts(store), [limit], thresholds=()) == []


def test_a_boost_counts_for_alerts_too(store: Store) -> None:
    limit = a_limit("lifetime", boost=100, boost_until=NOON_S + 10)
    use(store, limit, 100)
    alerts = LimitAlerts(store)

    assert told(alerts, [limit]) == []
    assert told(alerts, [limit], NOON_S + 10) == [("key:a", 100)]
