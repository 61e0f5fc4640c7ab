from typing import Any

from tokenrouter.domain.ledger import Ended, Subject, Usage
from tokenrouter.observe.figures import LATENCY_BUCKETS_S, MAX_SERIES, Figures

NONE = Usage()
SUBJECT = Subject("chat", provider="acme")


def ended(usage: Usage = NONE, **more: Any) -> Ended:
    return Ended("r", 0, usage, 200, "completed", **more)


def test_requests_with_the_same_labels_are_added_up() -> None:
    figures = Figures()
    figures.record(SUBJECT, ended(Usage(3, 4), latency_us=20_000, cost_nano_usd=5))
    figures.record(SUBJECT, ended(Usage(1, 1), latency_us=400_000_000, first_token_us=7_000))

    (series,) = figures.snapshot()["series"]
    assert series["labels"] == ["chat", "acme", "2xx", "completed", ""]
    assert (series["requests"], series["input"], series["output"], series["cost_nano_usd"]) == (2, 4, 5, 5)
    assert sum(series["latency"]) == 2
    assert series["latency"][len(LATENCY_BUCKETS_S)] == 1
    assert sum(series["first_token"]) == 1


def test_labels_without_end_are_counted_together() -> None:
    figures = Figures()
    for number in range(MAX_SERIES + 10):
        figures.record(SUBJECT, ended(error_code=str(number)))

    series = figures.snapshot()["series"]
    assert len(series) == MAX_SERIES + 1
    assert sum(one["requests"] for one in series) == MAX_SERIES + 10
