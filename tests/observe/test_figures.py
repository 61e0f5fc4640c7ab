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


def test_a_part_of_a_request_is_none_and_its_tokens_count() -> None:
    figures = Figures()
    figures.record(SUBJECT, ended(Usage(3, 4), requests=0))
    figures.record(SUBJECT, ended(Usage(1, 1)))

    (series,) = figures.snapshot()["series"]
    assert (series["requests"], series["input"], series["output"]) == (1, 4, 5)


def test_what_happens_on_the_way_is_counted_by_provider_and_outcome_within_bounds() -> None:
    figures = Figures()
    for _ in range(2):
        figures.count("attempts", "acme", "answered")
    figures.count("hedges", "acme", "won")
    for number in range(MAX_SERIES):
        figures.count("attempts", str(number), "answered")

    events = {(event, provider, outcome): count for event, provider, outcome, count in figures.snapshot()["events"]}
    assert events["attempts", "acme", "answered"] == 2
    assert events["hedges", "acme", "won"] == 1
    assert events["attempts", "other", "other"] == 2
    assert len(events) == MAX_SERIES + 1
