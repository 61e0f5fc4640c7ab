"""`/metrics`: the counters of all workers together, in the Prometheus text format.

Workers count plain integers (`observe/figures.py`) and send them once a second; names and labels are
given here, where nobody waits. Names of keys and users are no labels: they are people, and many.
A worker that restarts begins at zero, which Prometheus takes for the counter reset that it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter, Depends
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from starlette.responses import Response

from tokenrouter import __version__
from tokenrouter.admin.callers import metrics_reader
from tokenrouter.admin.provider_metrics import ProviderFigures
from tokenrouter.admin.quota_metrics import QuotaFigures
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.ledger import NanoUsd
from tokenrouter.observe.figures import EVENTS, LATENCY_BUCKETS_S

router: Final = APIRouter(tags=["metrics"])

PREFIX: Final = "tokenrouter_"
TOKEN_KINDS: Final = ("input", "output", "cached", "reasoning")
OLDEST: Final = "catalog_version"
"""Not a sum of all workers, but that of the one which is furthest behind."""
GAUGES: Final[Mapping[str, str]] = {
    "in_flight": "Requests that run now.",
    "waiting": "Requests that wait for their turn now.",
    "handshakes": "TLS handshakes of clients that go on now.",
    "failed_handshakes": "TLS handshakes that came to nothing since these data processes began.",
    "connections": "Connections of clients that are open now.",
    "journal_records": "Records that these data processes wrote to their journals since they began.",
    "journal_bytes": "Bytes that these data processes wrote to their journals since they began.",
    "journal_failures": "Records that could not be written since these data processes began.",
    "journal_unwritable": "Data processes that cannot write their journal now.",
    OLDEST: "Version of the Catalog by which the data process serves that is furthest behind.",
    "upstream_connects": "Connections to providers that were opened since these data processes began.",
    "upstream_reuses": "Requests that found a connection to their provider open.",
    "upstream_failures": "Connections to providers that failed since these data processes began.",
    "answers_from_cache": "Answers that the response cache gave since these data processes began.",
    "answers_from_shared": "Answers that requests at the same time shared.",
    "answers_from_replay": "Answers that were given again to requests with the same idempotency key.",
    "answers_saved_usd": "What those answers would have cost, in US dollars.",
    "kept_answers": "Answers that are kept now.",
    "kept_answers_bytes": "Bytes of answers that are kept now.",
    "kept_answers_evicted": "Answers that gave way to others since these data processes began.",
    "kept_answers_connections": "Connections to the server on which answers lie.",
    "kept_answers_failures": "Questions to that server that failed since these data processes began.",
    "recorded_bytes": "Bytes of answers on their way that are remembered now.",
    "captured_requests": "Requests that were captured for conversations since these data processes began.",
    "captured_requests_dropped": "Requests that were to be captured and were not, since these data processes began.",
    "captured_waiting_bytes": "Bytes of captured requests that wait to be written now.",
}
"""What data processes count by a name alone, summed over all of them."""
_NANO: Final = 1_000_000_000
_MICRO: Final = 1_000_000

_TEXT: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
"""What is declared in OpenAPI."""

Snapshots = Mapping[str, Mapping[str, Any]]
Alerts = Mapping[tuple[str, str, int], int]
"""(kind of scope, metric, threshold in percent) → how often a soft limit came to it."""


@router.get("/metrics", response_class=Response, responses=_TEXT, dependencies=[Depends(metrics_reader)])
def read_metrics(state: State) -> Response:
    """Return every figure; needs an admin key or the metrics token."""
    return metrics_answer(state)


def metrics_answer(state: ControlState) -> Response:
    """Return every figure of this node."""
    quotas = QuotaFigures(state.quotas(), state.quota_alerts(), state.webhooks())
    beside = (quotas, ProviderFigures(state.provider_statuses()), *state.figures_beside())
    text = exposition(state.figures(), state.limit_alerts(), state.damaged_journals(), beside=beside)
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


def exposition(
    snapshots: Snapshots,
    alerts: Alerts = MappingProxyType({}),
    damaged_journals: int = 0,
    *,
    beside: Sequence[Collector] = (),
) -> bytes:
    """Return the figures of all workers, summed, and those of the control process, in the Prometheus text format.

    `beside` has more of the control process.
    """
    registry = CollectorRegistry(auto_describe=False)
    for collector in (_Figures(snapshots, alerts, damaged_journals), *beside):
        registry.register(collector)
    return generate_latest(registry)


class _Figures(Collector):
    """The snapshots as metric families."""

    def __init__(self, snapshots: Snapshots, alerts: Alerts, damaged_journals: int) -> None:
        self._snapshots = snapshots
        self._damaged_journals = damaged_journals
        self._alerts: dict[tuple[str, ...], int] = {
            (kind, metric, str(percent)): count for (kind, metric, percent), count in alerts.items()
        }
        self._series = [one for snapshot in snapshots.values() for one in snapshot.get("series", ())]

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(f"{PREFIX}workers", "Data processes that are connected.", len(self._snapshots))
        build = GaugeMetricFamily(f"{PREFIX}build_info", "The version that is running.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        yield self._requests()
        yield self._tokens()
        cost: dict[tuple[str, ...], NanoUsd] = self._sums((1,), "cost_nano_usd")
        yield _counter("cost_usd", "What requests cost, in US dollars.", ["provider"], cost, _NANO)
        yield self._histogram("request_duration_seconds", "From the first byte in to the last byte out.", "latency")
        yield self._histogram("first_token_seconds", "From the first byte in to the first token out.", "first_token")
        yield from self._events()
        help_text = "Soft limits that came to a threshold, each once in its window."
        yield _counter("soft_limit_alerts", help_text, ["scope", "metric", "percent"], self._alerts)
        help_text = "Journal files of this node that could not be read to their end, and were kept."
        yield GaugeMetricFamily(f"{PREFIX}journal_damaged_files", help_text, self._damaged_journals)
        yield from self._gauges()

    def _requests(self) -> Metric:
        labels = ["operation", "provider", "status", "end_reason", "error_code"]
        sums = self._sums((0, 1, 2, 3, 4), "requests")
        return _counter("requests", "Requests that have ended.", labels, sums)

    def _events(self) -> Iterator[Metric]:
        sums: dict[str, dict[tuple[str, ...], int]] = {event: {} for event in EVENTS}
        for snapshot in self._snapshots.values():
            for event, provider, outcome, count in snapshot.get("events", ()):
                sums[event][provider, outcome] = sums[event].get((provider, outcome), 0) + count
        for event, help_text in EVENTS.items():
            yield _counter(event, help_text, ["provider", "outcome"], sums[event])

    def _tokens(self) -> Metric:
        sums = {(*labels, kind): amount for kind in TOKEN_KINDS for labels, amount in self._sums((1,), kind).items()}
        help_text = "Tokens; cached is a part of input, reasoning a part of output."
        return _counter("tokens", help_text, ["provider", "kind"], sums)

    def _sums(self, label_places: Sequence[int], field: str) -> dict[tuple[str, ...], int]:
        sums: dict[tuple[str, ...], int] = {}
        for one in self._series:
            labels = tuple(one["labels"][place] for place in label_places)
            sums[labels] = sums.get(labels, 0) + one[field]
        return sums

    def _histogram(self, name: str, help_text: str, field: str) -> Metric:
        family = HistogramMetricFamily(PREFIX + name, help_text, labels=["operation", "provider"])
        counts: dict[tuple[str, str], list[int]] = {}
        micros: dict[tuple[str, str], int] = {}
        for one in self._series:
            labels = (one["labels"][0], one["labels"][1])
            earlier = counts.get(labels, [0] * len(one[field]))
            counts[labels] = [a + b for a, b in zip(earlier, one[field], strict=True)]
            micros[labels] = micros.get(labels, 0) + one[f"{field}_sum_us"]
        for labels, buckets in counts.items():
            family.add_metric(labels, _buckets(buckets), micros[labels] / _MICRO)
        return family

    def _gauges(self) -> Iterator[Metric]:
        sums: dict[str, float] = {}
        for snapshot in self._snapshots.values():
            for name, value in snapshot.get("gauges", {}).items():
                if name == OLDEST:
                    continue
                sums[name] = sums.get(name, 0.0) + value
        for name, value in sums.items():
            help_text = GAUGES.get(name, f"{name.replace('_', ' ').capitalize()}, now.")
            yield GaugeMetricFamily(PREFIX + name, help_text, value)
        versions = [snapshot.get("gauges", {}).get(OLDEST) for snapshot in self._snapshots.values()]
        if known := [version for version in versions if version is not None]:
            yield GaugeMetricFamily(PREFIX + OLDEST, GAUGES[OLDEST], min(known))


def _counter(
    name: str, help_text: str, labels: list[str], sums: Mapping[tuple[str, ...], int], per_unit: int = 1
) -> Metric:
    family = CounterMetricFamily(PREFIX + name, help_text, labels=labels)
    for values, amount in sums.items():
        family.add_metric(values, amount / per_unit)
    return family


def _buckets(counts: Sequence[int]) -> list[tuple[str, float]]:
    """Return the cumulative buckets; the last count is of what is above every edge."""
    edges = [*(f"{edge:g}" for edge in LATENCY_BUCKETS_S), "+Inf"]
    return [(edge, float(count)) for edge, count in zip(edges, accumulate(counts), strict=True)]
