"""What a gateway tells of itself: traces and metrics to a collector, and `/metrics` on an address of its own."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.jobs.collector import Collector, attributes, collector, mistakes_of, mistakes_of_metric
from tests.jobs.mail_server import MailServer, mail_server
from tests.repo.files import ROOT
from tokenrouter.testing.processes import GatewayProcess, call, free_port, make_home, wait_until

pytestmark = pytest.mark.e2e

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
WORDS = "a-prompt-that-nobody-else-may-read"
CHAT = {"model": "sandbox/echo", "messages": [{"role": "user", "content": WORDS}]}
CONFIG = """
discovery = false
metrics_addr = "127.0.0.1:{port}"
[[limits]]
scope = "key:test-admin"
metric = "requests"
window = "lifetime"
amount = 1
mode = "soft"
[alerts.email]
host = "127.0.0.1"
port = {mail}
security = "none"
from = "gateway@example.org"
to = ["ops@example.org"]
[otel]
endpoint = "{url}"
interval_s = 1
"""


@pytest.fixture(scope="module")
def got() -> Iterator[Collector]:
    with collector() as running:
        yield running


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, got: Collector, mail: MailServer) -> Iterator[GatewayProcess]:
    config = CONFIG.format(port=free_port(), url=got.url, mail=mail.port)
    with GatewayProcess(make_home(tmp_path_factory.mktemp("otel")), config, args=["--sandbox"]) as running:
        wait_until("the control process answers", lambda: running.call("GET", "/api/v1/logs").status == 200)
        yield running


def metrics_origin(gateway: GatewayProcess) -> str:
    line = next(line for line in gateway.config_file.read_text().splitlines() if line.startswith("metrics_addr"))
    return f"http://{line.partition('= ')[2].strip(chr(34))}"


def metrics(origin: str) -> str:
    return call(origin, "GET", "/metrics").body.decode()


def spans_of_the_client(got: Collector) -> list[Any]:
    return [span for span in got.spans() if span.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"]


def rows(gateway: GatewayProcess) -> int:
    return len(gateway.call("GET", "/api/v1/ledger?limit=100").json()["data"])


def ask(gateway: GatewayProcess, **headers: str) -> int:
    return gateway.call("POST", "/v1/chat/completions", json_body=CHAT, headers=headers).status


def test_a_request_is_a_span_of_its_clients_trace_and_no_word_of_it_is_sent(
    gateway: GatewayProcess, got: Collector
) -> None:
    assert ask(gateway, traceparent=TRACEPARENT, tracestate="x=1", baggage="who=ann") == 200
    wait_until("the span is there", lambda: bool(spans_of_the_client(got)))
    wait_until("the metrics are there", lambda: bool(got.figures()))

    (span,) = spans_of_the_client(got)
    assert mistakes_of(span) == []
    assert span.parent_span_id.hex() == "00f067aa0ba902b7"
    assert attributes(span.attributes)["gen_ai.request.model"] == "echo"
    assert abs(span.start_time_unix_nano / 1e9 - time.time()) < 600
    assert [mistake for metric in got.figures().values() for mistake in mistakes_of_metric(metric)] == []
    for secret in (WORDS, gateway.key, "who=ann"):
        assert not [body for body in got.bodies if secret.encode() in body]


def test_the_trace_is_in_the_ledger_and_not_passed_on(gateway: GatewayProcess) -> None:
    other = TRACEPARENT.replace("4bf9", "5bf9")
    ask(gateway, traceparent=other)

    def traces() -> list[str]:
        return [row["traceparent"] for row in gateway.call("GET", "/api/v1/ledger?limit=50").json()["data"]]

    wait_until("the row is there", lambda: other in traces())
    books = (gateway.home.path / "data" / "sandbox" / "books.jsonl").read_text()
    assert books
    assert other[3:35] not in books


def test_metrics_have_an_address_of_their_own_with_nothing_else(gateway: GatewayProcess) -> None:
    origin = metrics_origin(gateway)
    assert ask(gateway) == 200
    wait_until("rows are counted", lambda: 'model="echo"' in metrics(origin))
    wait_until("a data process has sent its figures", lambda: "_in_flight " in metrics(origin))

    text = metrics(origin)
    assert 'tokenrouter_model_requests_total{model="echo",outcome="delivered",provider="sandbox"}' in text
    assert 'tokenrouter_process_resident_memory_bytes{process="data"}' in text
    assert 'tokenrouter_log_lines_dropped_total{process="control"} 0.0' in text
    assert "test-admin" not in text
    for path in ("/", "/api/v1/keys", "/metrics/x", "/docs"):
        assert call(origin, "GET", path).status == 404
    assert gateway.call("GET", "/metrics", key=None).status == 401


def test_a_collector_that_is_away_holds_up_nothing(gateway: GatewayProcess, got: Collector) -> None:
    got.status = 503
    before, known = len(got.traces), rows(gateway)
    assert [ask(gateway) for _ in range(20)] == [200] * 20

    wait_until("all rows are in the ledger", lambda: rows(gateway) >= known + 20)

    assert len(got.traces) == before
    got.status = 200


def test_an_alert_is_told_by_mail_by_the_log_and_by_a_metric(gateway: GatewayProcess, mail: MailServer) -> None:
    assert ask(gateway) == 200
    wait_until("the mail is there", lambda: bool(mail.received))

    assert mail.received[0]["Subject"] == "[TokenRouter] a soft limit has come to a threshold: key:test-admin"
    assert 'tokenrouter_alerts_total{kind="soft_limit.reached"}' in metrics(metrics_origin(gateway))
    assert gateway.call("GET", "/api/v1/logs?level=warning&q=key:test-admin").json()["data"]


def test_the_documents_have_every_metric_and_no_other(gateway: GatewayProcess) -> None:
    origin = metrics_origin(gateway)
    wait_until("a data process has sent its figures", lambda: "_in_flight " in metrics(origin))
    text = metrics(origin)
    told = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))
    documents = (ROOT / "docs/observability.md").read_text()
    listed = dict(re.findall(r"^\| `(tokenrouter_\w+)` \| (\w+) \|", documents, re.MULTILINE))

    assert told == listed
