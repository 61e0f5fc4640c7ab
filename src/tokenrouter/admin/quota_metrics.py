"""Metrics of providers' quotas and of alerts; the names of providers and of what they count are bounded."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tokenrouter.domain.quotas import QuotaSnapshot

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
        for snapshot in self._snapshots:
            failing.add_metric([snapshot.provider], snapshot.status == "error")
            for metric in snapshot.metrics:
                if metric.left_percent is not None:
                    left.add_metric([snapshot.provider, metric.key], metric.left_percent / 100)
                if metric.remaining_value is not None:
                    remaining.add_metric([snapshot.provider, metric.key, metric.unit], metric.remaining_value)
        yield left
        yield remaining
        yield failing
        yield from self._counters()

    def _counters(self) -> Iterator[Metric]:
        alerts = CounterMetricFamily(
            f"{PREFIX}provider_quota_alerts",
            "Quotas that came to a threshold of percent left, each once until there was more again.",
            labels=["provider", "percent"],
        )
        for (provider, percent), count in self._alerts.items():
            alerts.add_metric([provider, str(percent)], count)
        yield alerts
        webhooks = CounterMetricFamily(
            f"{PREFIX}alert_webhooks", "Deliveries of alerts that came to an end, by how.", labels=["outcome"]
        )
        for outcome, count in self._webhooks.items():
            webhooks.add_metric([outcome], count)
        yield webhooks
