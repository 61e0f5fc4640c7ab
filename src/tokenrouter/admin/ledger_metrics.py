"""Metrics of what comes after requests: rows that are written, what models used, alerts, and traces that are sent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tokenrouter.jobs.model_figures import ModelUse

PREFIX: Final = "tokenrouter_"
_NANO: Final = 1_000_000_000
_BY_MODEL: Final = ["provider", "model"]


@dataclass(frozen=True, slots=True)
class AfterRequests:
    """The figures of this node's control process since its start.

    Attributes:
        lag_s: how long ago all that had ended was in the database.
        models: (provider, model) and its use; bounded.
        alerts: by kind. `emails`: messages by how they ended. `telemetry`: rows by what became of them.
    """

    rows: int = 0
    lag_s: float = 0.0
    models: Sequence[tuple[tuple[str, str], ModelUse]] = ()
    alerts: Mapping[str, int] = field(default_factory=dict)
    emails: Mapping[str, int] = field(default_factory=dict)
    telemetry: Mapping[str, int] = field(default_factory=dict)


class LedgerMetrics(Collector):
    """Those figures as metrics."""

    def __init__(self, figures: AfterRequests) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        figures = self._figures
        yield CounterMetricFamily(f"{PREFIX}ledger_rows", "Rows that this node wrote to the ledger.", figures.rows)
        help_text = "How long ago everything that had ended on this node was in the database, in seconds."
        yield GaugeMetricFamily(f"{PREFIX}ledger_lag_seconds", help_text, figures.lag_s)
        yield _counts("alerts", "Alerts that were told, by kind.", "kind", figures.alerts)
        yield _counts("alert_emails", "E-mails about alerts that came to an end, by how.", "outcome", figures.emails)
        help_text = "Ledger rows that were to be sent as traces and metrics, by what became of them."
        yield _counts("telemetry_rows", help_text, "outcome", figures.telemetry)
        yield from self._models()

    def _models(self) -> Iterator[Metric]:
        help_text = "Requests that models were asked, by whether they delivered."
        requests = CounterMetricFamily(f"{PREFIX}model_requests", help_text, labels=[*_BY_MODEL, "outcome"])
        help_text = "Tokens of models; cached is a part of input, reasoning a part of output."
        tokens = CounterMetricFamily(f"{PREFIX}model_tokens", help_text, labels=[*_BY_MODEL, "kind"])
        help_text = "What models cost, in US dollars."
        cost = CounterMetricFamily(f"{PREFIX}model_cost_usd", help_text, labels=_BY_MODEL)
        for names, use in self._figures.models:
            requests.add_metric([*names, "delivered"], use.requests - use.failed)
            requests.add_metric([*names, "failed"], use.failed)
            for kind in ("input", "output", "cached", "reasoning"):
                tokens.add_metric([*names, kind], getattr(use, kind))
            cost.add_metric(names, use.cost_nano_usd / _NANO)
        yield from (requests, tokens, cost)


def _counts(name: str, help_text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, help_text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family
