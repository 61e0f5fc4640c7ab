"""Metrics of providers' quotas and of alerts; the names of providers and of what they count are bounded.

Of a provider with several keys all accounts are counted as one: what is left is what the best of them has, or what all
have together.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tokenrouter.domain.catalog import provider_of
from tokenrouter.domain.quotas import QuotaMetric, QuotaSnapshot

PREFIX: Final = "tokenrouter_"


class QuotaFigures(Collector):
    """What is left to providers, and who was told of it."""

    def __init__(
        self, snapshots: Iterable[QuotaSnapshot], alerts: Mapping[tuple[str, int], int], webhooks: Mapping[str, int]
    ) -> None:
        self._snapshots = [snapshot for snapshot in snapshots if snapshot.status != "disabled"]
        self._alerts = alerts
        self._webhooks = webhooks

    def collect(self) -> Iterator[Metric]:
        left = GaugeMetricFamily(
            f"{PREFIX}provider_quota_left_ratio",
            "The share, from 0 to 1, that is left of what a provider allows.",
            labels=["provider", "quota"],
        )
        remaining = GaugeMetricFamily(
            f"{PREFIX}provider_quota_remaining",
            "What is left of what a provider allows, in its own unit.",
            labels=["provider", "quota", "unit"],
        )
        failing = GaugeMetricFamily(
            f"{PREFIX}provider_quota_failing",
            "Whether the last question for a provider's quota failed.",
            labels=["provider"],
        )
        for name, snapshots in self._by_provider().items():
            failing.add_metric([name], any(snapshot.status == "error" for snapshot in snapshots))
            metrics = [metric for snapshot in snapshots for metric in snapshot.metrics]
            for key, share in _most_left(metrics).items():
                left.add_metric([name, key], share)
            for (key, unit), amount in _remaining(metrics).items():
                remaining.add_metric([name, key, unit], amount)
        yield left
        yield remaining
        yield failing
        yield from self._counters()

    def _by_provider(self) -> dict[str, list[QuotaSnapshot]]:
        found: dict[str, list[QuotaSnapshot]] = {}
        for snapshot in self._snapshots:
            found.setdefault(provider_of(snapshot.provider), []).append(snapshot)
        return found

    def _counters(self) -> Iterator[Metric]:
        alerts = CounterMetricFamily(
            f"{PREFIX}provider_quota_alerts",
            "Quotas that came to a threshold of percent left, each once until there was more again.",
            labels=["provider", "percent"],
        )
        counts: Counter[tuple[str, int]] = Counter()
        for (account, percent), count in self._alerts.items():
            counts[provider_of(account), percent] += count
        for (provider, percent), count in counts.items():
            alerts.add_metric([provider, str(percent)], count)
        yield alerts
        webhooks = CounterMetricFamily(
            f"{PREFIX}alert_webhooks", "Deliveries of alerts that came to an end, by how.", labels=["outcome"]
        )
        for outcome, count in self._webhooks.items():
            webhooks.add_metric([outcome], count)
        yield webhooks


def _most_left(metrics: Iterable[QuotaMetric]) -> dict[str, float]:
    """Return the largest share that is left, by key."""
    found: dict[str, float] = {}
    for metric in metrics:
        if metric.left_percent is not None:
            found[metric.key] = max(metric.left_percent / 100, found.get(metric.key, 0.0))
    return found


def _remaining(metrics: Iterable[QuotaMetric]) -> dict[tuple[str, str], float]:
    """Return what is left in all, by key and unit."""
    found: dict[tuple[str, str], float] = {}
    for metric in metrics:
        if metric.remaining_value is not None:
            key = metric.key, metric.unit
            found[key] = found.get(key, 0.0) + metric.remaining_value
    return found
