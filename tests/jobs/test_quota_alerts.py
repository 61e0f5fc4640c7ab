"""When it is told that a provider's quota comes to an end."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from tokenrouter.domain.alerts import Alert
from tokenrouter.domain.quotas import TOTAL, QuotaSnapshot, QuotaStatus, measured
from tokenrouter.jobs.quota_alerts import QuotaAlerts, needs_attention
from tokenrouter.store.engine import Store

NOW_S = 1_795_600_000.0
HOUR_S = 3600.0


def snapshot(left: float, window: str = "1d", status: QuotaStatus = "ok", key: str = "requests_1d") -> QuotaSnapshot:
    metric = measured(key, "requests", "requests", now_s=NOW_S, window=window, limit=100, remaining=left)
    return QuotaSnapshot("fast", "groq", "Groq", "headers", status, metrics=(metric,))


def told(alerts: QuotaAlerts, *snapshots: QuotaSnapshot, thresholds: tuple[int, ...] = (20, 5, 0)) -> list[int]:
    return [alert.percent for alert in alerts.look(snapshots, thresholds, HOUR_S, NOW_S)]


def test_each_threshold_is_told_once(store: Store) -> None:
    alerts = QuotaAlerts(store)

    assert [told(alerts, snapshot(left)) for left in (21, 20, 19, 6, 5, 4, 0.5, 0, 0)] == [
        [],
        [20],
        [],
        [],
        [5],
        [],
        [],
        [0],
        [],
    ]
    assert alerts.counts == {("fast", 20): 1, ("fast", 5): 1, ("fast", 0): 1}


def test_the_lowest_of_several_that_are_passed_at_once_is_told(store: Store) -> None:
    assert told(QuotaAlerts(store), snapshot(3)) == [5]


def test_what_has_recovered_is_told_anew(store: Store) -> None:
    alerts = QuotaAlerts(store)
    assert told(alerts, snapshot(3)) == [5]
    assert told(alerts, snapshot(100)) == []

    assert told(alerts, snapshot(3)) == [5]


def test_a_restart_does_not_tell_it_again_but_goes_on(store: Store) -> None:
    assert told(QuotaAlerts(store), snapshot(3)) == [5]

    after = QuotaAlerts(store)
    assert told(after, snapshot(3)) == []
    assert told(after, snapshot(0)) == [0]


def test_a_metric_that_is_gone_is_forgotten(store: Store) -> None:
    alerts = QuotaAlerts(store)
    assert told(alerts, snapshot(3)) == [5]
    assert told(alerts) == []

    assert told(alerts, snapshot(3)) == [5]


@pytest.mark.parametrize("window", ["1m", "5m", ""])
def test_short_windows_are_not_told_of(store: Store, window: str) -> None:
    assert told(QuotaAlerts(store), snapshot(0, window)) == []


@pytest.mark.parametrize("window", ["1h", "30d", TOTAL])
def test_longer_ones_and_credit_are(store: Store, window: str) -> None:
    assert told(QuotaAlerts(store), snapshot(0, window)) == [0]


def test_nobody_is_told_without_thresholds_or_of_disabled_providers(store: Store) -> None:
    assert told(QuotaAlerts(store), snapshot(0), thresholds=()) == []
    assert told(QuotaAlerts(store), snapshot(0, status="disabled")) == []


def test_the_last_good_word_counts_while_questions_fail(store: Store) -> None:
    assert told(QuotaAlerts(store), snapshot(0, status="error")) == [0]


def test_an_alert_says_what_is_left_of_what(store: Store) -> None:
    with capture_logs() as logs:
        (alert,) = QuotaAlerts(store).look([snapshot(4)], (20, 5, 0), HOUR_S, NOW_S)

    facts: dict[str, Any] = {"left_percent": 4.0, "remaining": 4, "limit": 100, "unit": "requests", "reset_at_s": None}
    assert alert == Alert("provider_quota.low", "fast", "requests_1d", "1d", 5, NOW_S, facts)
    assert (logs[0]["event"], logs[0]["provider"]) == ("a provider's quota is nearly used up", "fast")


def test_a_page_says_so_when_nothing_is_left_or_a_question_fails() -> None:
    def told(one: QuotaSnapshot) -> bool:
        return needs_attention(one, HOUR_S)

    assert told(snapshot(50, status="error"))
    assert told(snapshot(0))
    assert told(snapshot(0, "1m"))  # all there is
    assert not told(snapshot(1))
    assert not told(snapshot(0, status="disabled"))
    minute, day = snapshot(0, "1m", key="tokens_1m").metrics, snapshot(90).metrics
    assert not told(QuotaSnapshot("fast", "groq", "Groq", "headers", "ok", metrics=(*minute, *day)))
