"""Metrics of the certificate that is served: an alert on them is the net below every renewal that fails quietly."""

from collections.abc import Iterable
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tokenrouter.jobs.tls_keeper import TlsState

PREFIX: Final = "tokenrouter_tls_"


class TlsMetrics(Collector):
    """Until when the certificate counts, and whether a newer one was refused; nothing where HTTPS is off."""

    def __init__(self, state: TlsState | None) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        help_text = "Until when the certificate counts that is served, in seconds since the epoch."
        until = GaugeMetricFamily(f"{PREFIX}certificate_not_after_seconds", help_text, labels=["mode"])
        help_text = "Whether a newer certificate was refused or could not be had (1), so that an older one is served."
        problem = GaugeMetricFamily(f"{PREFIX}certificate_problem", help_text, labels=["mode"])
        if self._state is not None:
            until.add_metric([self._state.mode], self._state.facts.not_after_s)
            problem.add_metric([self._state.mode], float(bool(self._state.problem)))
        return until, problem
