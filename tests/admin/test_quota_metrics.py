"""Metrics of quotas."""

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from tokenrouter.admin.quota_metrics import QuotaFigures
from tokenrouter.domain.quotas import TOTAL, QuotaSnapshot, measured

NOW_S = 1_795_600_000.0
DAY = measured("requests_1d", "requests", "requests", now_s=NOW_S, window="1d", limit=100, remaining=25)
CREDIT = measured("balance_usd", "balance", "USD", now_s=NOW_S, window=TOTAL, remaining=12.5)


def test_shares_amounts_failures_and_alerts_are_told_by_provider() -> None:
    registry = CollectorRegistry(auto_describe=False)
    well = QuotaSnapshot("fast", "groq", "Groq", "headers", "ok", metrics=(DAY, CREDIT))
    broken = QuotaSnapshot("broken", "groq", "Groq", "headers", "error")
    off = QuotaSnapshot("off", "groq", "Groq", "headers", "disabled", metrics=(DAY,))
    registry.register(QuotaFigures([well, broken, off], {("fast", 20): 2}, {"delivered": 3}))

    text = generate_latest(registry).decode()

    lines = {line for line in text.splitlines() if not line.startswith("#")}
    assert lines == {
        'tokenrouter_provider_quota_left_ratio{provider="fast",quota="requests_1d"} 0.25',
        'tokenrouter_provider_quota_remaining{provider="fast",quota="requests_1d",unit="requests"} 25.0',
        'tokenrouter_provider_quota_remaining{provider="fast",quota="balance_usd",unit="USD"} 12.5',
        'tokenrouter_provider_quota_failing{provider="fast"} 0.0',
        'tokenrouter_provider_quota_failing{provider="broken"} 1.0',
        'tokenrouter_provider_quota_alerts_total{percent="20",provider="fast"} 2.0',
        'tokenrouter_alert_webhooks_total{outcome="delivered"} 3.0',
    }


def test_of_several_accounts_the_best_share_and_all_amounts_are_told_of_their_provider() -> None:
    registry = CollectorRegistry(auto_describe=False)
    low = measured("requests_1d", "requests", "requests", now_s=NOW_S, window="1d", limit=100, remaining=5)
    first = QuotaSnapshot("fast#1", "groq", "Groq", "headers", "error", metrics=(low,))
    second = QuotaSnapshot("fast#2", "groq", "Groq", "headers", "ok", metrics=(DAY,))
    registry.register(QuotaFigures([first, second], {("fast#1", 20): 2, ("fast#2", 20): 1}, {}))

    text = generate_latest(registry).decode()

    assert {line for line in text.splitlines() if not line.startswith("#")} == {
        'tokenrouter_provider_quota_left_ratio{provider="fast",quota="requests_1d"} 0.25',
        'tokenrouter_provider_quota_remaining{provider="fast",quota="requests_1d",unit="requests"} 30.0',
        'tokenrouter_provider_quota_failing{provider="fast"} 1.0',
        'tokenrouter_provider_quota_alerts_total{percent="20",provider="fast"} 3.0',
    }
