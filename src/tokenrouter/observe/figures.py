"""What a data process counts: plain integers, read by the control process once a second.

Counting happens on the hot path, so it is a dictionary look-up and a few additions; names, labels and
the text format are made where `/metrics` is answered.
"""

from bisect import bisect_left
from typing import Any, Final

from tokenrouter.domain.ledger import Ended, Subject

LATENCY_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper edges of the latency buckets; from a local server's answer to a long reasoning run."""
_EDGES_US: Final = tuple(int(edge * 1e6) for edge in LATENCY_BUCKETS_S)
MAX_SERIES: Final = 5_000
"""Most combinations of labels that are counted apart; the rest is counted together."""

EVENTS: Final = {
    "attempts": "Providers asked for requests that may go elsewhere, by what became of it.",
    "fallbacks": "Requests that went on from a provider to another place, by what was wrong.",
    "hedges": "Second providers asked because the first one let its client wait, by who was faster.",
}
"""What is counted on the way to an answer, each by provider and outcome."""

_Labels = tuple[str, str, int, str, str]
_OTHER: Final = -1
_REST: Final[_Labels] = ("other", "other", _OTHER, "other", "other")


class _Series:
    """One combination of labels."""

    __slots__ = (
        "cached",
        "cost_nano_usd",
        "first_token",
        "first_token_sum_us",
        "input",
        "latency",
        "latency_sum_us",
        "output",
        "reasoning",
        "requests",
    )

    def __init__(self) -> None:
        self.requests = 0
        self.input = 0
        self.output = 0
        self.cached = 0
        self.reasoning = 0
        self.cost_nano_usd = 0
        self.latency_sum_us = 0
        self.first_token_sum_us = 0
        self.latency = [0] * (len(_EDGES_US) + 1)
        self.first_token = [0] * (len(_EDGES_US) + 1)

    def count(self, ended: Ended) -> None:
        usage = ended.usage
        self.requests += ended.requests
        self.input += usage.input_tokens
        self.output += usage.output_tokens
        self.cached += usage.cached_input_tokens
        self.reasoning += usage.reasoning_tokens
        self.cost_nano_usd += ended.cost_nano_usd or 0
        self.latency_sum_us += ended.latency_us
        self.latency[bisect_left(_EDGES_US, ended.latency_us)] += 1
        if ended.first_token_us:
            self.first_token_sum_us += ended.first_token_us
            self.first_token[bisect_left(_EDGES_US, ended.first_token_us)] += 1


class Figures:
    """Counters of one data process since its start."""

    def __init__(self) -> None:
        self._series: dict[_Labels, _Series] = {}
        self._events: dict[tuple[str, str, str], int] = {}
        self.gauges: dict[str, float] = {}

    def record(self, subject: Subject, ended: Ended) -> None:
        """Count one finished request."""
        labels: _Labels = (subject.operation, subject.provider, ended.status // 100, ended.end_reason, ended.error_code)
        series = self._series.get(labels)
        if series is None:
            if len(self._series) >= MAX_SERIES:
                labels = _REST
            series = self._series.setdefault(labels, _Series())
        series.count(ended)

    def count(self, event: str, provider: str, outcome: str) -> None:
        """Count one thing that happened on the way to an answer; see `EVENTS`."""
        labels = (event, provider, outcome)
        known = self._events.get(labels)
        if known is None and len(self._events) >= MAX_SERIES:
            labels = (event, "other", "other")
            known = self._events.get(labels)
        self._events[labels] = 1 if known is None else known + 1

    def snapshot(self) -> dict[str, Any]:
        """Return everything as plain values: `series` with their labels, `events` with theirs, and `gauges`."""
        return {
            "events": [[*labels, count] for labels, count in self._events.items()],
            "series": [
                {
                    "labels": [labels[0], labels[1], _status_class(labels[2]), *labels[3:]],
                    "requests": series.requests,
                    "input": series.input,
                    "output": series.output,
                    "cached": series.cached,
                    "reasoning": series.reasoning,
                    "cost_nano_usd": series.cost_nano_usd,
                    "latency": list(series.latency),
                    "latency_sum_us": series.latency_sum_us,
                    "first_token": list(series.first_token),
                    "first_token_sum_us": series.first_token_sum_us,
                }
                for labels, series in self._series.items()
            ],
            "gauges": dict(self.gauges),
        }


def _status_class(hundreds: int) -> str:
    if hundreds == _OTHER:
        return "other"
    return f"{hundreds}xx" if hundreds else "none"
