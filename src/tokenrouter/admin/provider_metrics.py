"""Metrics of how providers are: labels are the names of those that are there, and a few words."""

from collections.abc import Iterable, Sequence
from typing import Final, get_args

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tokenrouter.domain.conditions import Status
from tokenrouter.jobs.provider_status import ProviderStatus

PREFIX: Final = "tokenrouter_"


class ProviderFigures(Collector):
    """The statuses of all providers, when they were checked, and what is left alone."""

    def __init__(self, rows: Sequence[ProviderStatus]) -> None:
        self._rows = rows

    def collect(self) -> Iterable[Metric]:
        help_text = "1 for the status that a provider has, 0 for the others."
        statuses = GaugeMetricFamily(f"{PREFIX}provider_status", help_text, labels=["provider", "status"])
        help_text = "When a provider was checked last, by a question or a request, in seconds since the epoch."
        checked = GaugeMetricFamily(f"{PREFIX}provider_checked_timestamp_seconds", help_text, labels=["provider"])
        help_text = "Models of a provider that requests leave alone for now."
        cooling = GaugeMetricFamily(f"{PREFIX}cooling_targets", help_text, labels=["provider"])
        for row in self._rows:
            for status in get_args(Status):
                statuses.add_metric([row.name, status], float(row.status == status))
            checked.add_metric([row.name], row.checked_at_s)
            cooling.add_metric([row.name], len(row.cooling))
        return statuses, checked, cooling
