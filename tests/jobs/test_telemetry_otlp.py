"""Spans and metrics on their way to a real collector, judged by the conventions."""

import os
from collections.abc import Iterator

import pytest

from tests.jobs.collector import Collector, attributes, collector, mistakes_of, mistakes_of_metric
from tests.store.entries import entry
from tokenrouter.config.settings import OtelSettings
from tokenrouter.jobs.telemetry_otlp import MAX_MODELS, OTHER, OtlpExporter

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ROWS = [
    entry("req_1", latency_us=2_000_000, first_token_us=500_000, stream=True, traceparent=TRACEPARENT),
    entry("req_2", end_reason="provider_error", error_code="provider_refused", status=502),
    entry("req_2.2", provider="claude", model="opus", operation="messages"),
    entry("req_3", provider="", model="", end_reason="limit_reached", error_code="rate_limited", status=429),
    entry("req_4", operation="embeddings"),
]


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """What an exporter sets for the SDK is taken back."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def exporter(got: Collector, **more: object) -> OtlpExporter:
    settings = OtelSettings(enabled=True, endpoint=got.url, **more)  # type: ignore[arg-type]
    return OtlpExporter(settings, lambda name: "anthropic" if name == "claude" else "openai-compatible", instance="n1")


def test_rows_arrive_as_spans_and_metrics_by_the_conventions() -> None:
    with collector() as got:
        sender = exporter(got, headers=(("x-token", "secret"),), service_name="gateway")
        assert sender.export(ROWS) == ""
        sender.close()

        spans = {attributes(span.attributes)["tokenrouter.request.id"]: span for span in got.spans()}
        assert len(got.spans()) == len(ROWS)
        assert [mistake for span in got.spans() for mistake in mistakes_of(span)] == []
        assert spans["req_1"].trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert spans["req_1"].parent_span_id.hex() == "00f067aa0ba902b7"
        assert spans["req_1"].end_time_unix_nano - spans["req_1"].start_time_unix_nano == 2_000_000_000
        assert spans["req_1"].kind == 3  # SPAN_KIND_CLIENT
        resource = attributes(got.traces[0].resource_spans[0].resource.attributes)
        assert resource["service.name"] == "gateway"
        assert resource["service.instance.id"] == "n1"
        assert all(headers["x-token"] == "secret" for headers in got.headers)

        figures = got.figures()
        assert [mistake for metric in figures.values() for mistake in mistakes_of_metric(metric)] == []
        assert set(figures) == {
            "gen_ai.client.operation.duration",
            "gen_ai.client.operation.time_to_first_chunk",
            "gen_ai.client.token.usage",
            "gen_ai.server.time_to_first_token",
        }
        points = figures["gen_ai.client.token.usage"].histogram.data_points
        assert sum(point.sum for point in points if attributes(point.attributes)["gen_ai.token.type"] == "output") == 25
        assert list(points[0].explicit_bounds) == [4.0**power for power in range(14)]


def test_a_trace_that_its_client_does_not_record_is_not_sent() -> None:
    with collector() as got:
        sender = exporter(got, metrics=False)
        sender.export([entry("req_1", traceparent=TRACEPARENT[:-2] + "00"), entry("req_2")])
        sender.close()

        assert [attributes(span.attributes)["tokenrouter.request.id"] for span in got.spans()] == ["req_2"]


def test_the_standard_variables_come_first() -> None:
    with collector() as got:
        environ = (
            ("OTEL_EXPORTER_OTLP_ENDPOINT", got.url),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-token=other"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
        )
        settings = OtelSettings(True, "http://127.0.0.1:1", (("x-token", "mine"),), environ=environ)
        sender = OtlpExporter(settings, lambda _: "", instance="n1")
        sender.export(ROWS[:1])
        sender.close()

        assert {headers["x-token"] for headers in got.headers} == {"other"}
        resource = attributes(got.traces[0].resource_spans[0].resource.attributes)
        assert resource["deployment.environment.name"] == "test"


def test_models_that_clients_make_up_are_bounded_in_metrics() -> None:
    with collector() as got:
        sender = exporter(got, traces=False)
        sender.export([entry(str(number), model=f"m{number}") for number in range(MAX_MODELS + 5)])
        sender.close()

        points = got.figures()["gen_ai.client.operation.duration"].histogram.data_points
        counts = {attributes(point.attributes)["gen_ai.request.model"]: point.count for point in points}
        assert len(counts) == MAX_MODELS + 1
        assert counts[OTHER] == 5


def test_a_collector_that_refuses_is_told_of() -> None:
    with collector() as got:
        got.status = 400
        sender = exporter(got, metrics=False)

        assert sender.export(ROWS) == "the collector did not take spans"
        got.status = 200
        assert sender.export(ROWS) == ""
        sender.close()
