from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from tests.admin.installation import METRICS_TOKEN, Installation, bearer
from tokenrouter.admin.ledger_metrics import AfterRequests, LedgerMetrics
from tokenrouter.admin.metrics import exposition
from tokenrouter.domain.ledger import Ended, Subject, Usage
from tokenrouter.observe.figures import Figures

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[(sample.name, frozenset(sample.labels.items()))] = sample.value
    return found


def value(text: str, name: str, **labels: str) -> float:
    return samples(text)[(f"tokenrouter_{name}", frozenset(labels.items()))]


SUBJECT = Subject("chat", key_name="alice", user="ann", provider="acme", model="small")
USAGE = Usage(input_tokens=10, output_tokens=5, cached_input_tokens=4, reasoning_tokens=2)


def worker(*entries: Ended, **gauges: float) -> dict[str, object]:
    figures = Figures()
    for one in entries:
        figures.record(SUBJECT, one)
    figures.gauges = dict(gauges)
    return figures.snapshot()


QUICK = Ended("1", 0, USAGE, 200, "completed", latency_us=20_000, first_token_us=4_000, cost_nano_usd=1_500_000_000)
SLOW = Ended("2", 0, USAGE, 200, "completed", latency_us=400_000_000)
TEXT = exposition({"a": worker(QUICK, SLOW, in_flight=2), "b": worker(QUICK, in_flight=3), "c": {}}).decode()


def test_the_workers_are_summed() -> None:
    labels = {"operation": "chat", "provider": "acme", "status": "2xx", "end_reason": "completed", "error_code": ""}

    assert value(TEXT, "requests_total", **labels) == 3
    assert value(TEXT, "tokens_total", provider="acme", kind="input") == 30
    assert value(TEXT, "tokens_total", provider="acme", kind="reasoning") == 6
    assert value(TEXT, "cost_usd_total", provider="acme") == 3
    assert value(TEXT, "in_flight") == 5
    assert value(TEXT, "workers") == 3


def test_buckets_are_cumulative_and_end_with_all() -> None:
    of = {"operation": "chat", "provider": "acme"}

    edges = ["0.01", "0.025", "300", "+Inf"]
    counts = [value(TEXT, "request_duration_seconds_bucket", le=edge, **of) for edge in edges]

    assert counts == [0, 2, 2, 3]
    assert value(TEXT, "request_duration_seconds_sum", **of) == 400.04
    assert value(TEXT, "first_token_seconds_count", **of) == 2


def test_names_of_people_are_no_labels() -> None:
    assert "alice" not in TEXT
    assert "ann" not in TEXT


def test_without_a_worker_there_is_an_answer_all_the_same(client: TestClient, installation: Installation) -> None:
    installation.figures = {}

    answer = client.get("/metrics", headers=bearer(METRICS_TOKEN))

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert value(answer.text, "workers") == 0


def test_alerts_of_soft_limits_are_counted_without_names() -> None:
    text = exposition({}, {("key", "tokens", 80): 3}).decode()

    assert value(text, "soft_limit_alerts_total", scope="key", metric="tokens", percent="80") == 3


def test_journals_that_could_not_be_read_are_counted() -> None:
    assert value(exposition({}, damaged_journals=2).decode(), "journal_damaged_files") == 2


def test_attempts_fallbacks_and_second_targets_of_all_workers_are_summed() -> None:
    one = {"events": [["attempts", "acme", "slow", 2], ["fallbacks", "acme", "slow", 2], ["hedges", "acme", "won", 1]]}
    text = exposition({"1": one, "2": one}).decode()

    assert value(text, "attempts_total", provider="acme", outcome="slow") == 4
    assert value(text, "fallbacks_total", provider="acme", outcome="slow") == 4
    assert value(text, "hedges_total", provider="acme", outcome="won") == 2


def test_the_version_of_the_catalog_is_that_of_the_worker_that_is_furthest_behind() -> None:
    text = exposition({"a": worker(catalog_version=7), "b": worker(catalog_version=9)}).decode()

    assert value(text, "catalog_version") == 7


def test_whoever_has_more_figures_adds_a_collector(client: TestClient, installation: Installation) -> None:
    installation.state.figures_beside = lambda: (LedgerMetrics(AfterRequests(rows=7)),)

    assert value(client.get("/metrics", headers=bearer(METRICS_TOKEN)).text, "ledger_rows_total") == 7
