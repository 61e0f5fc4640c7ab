"""Spans and metrics to a collector, by OpenTelemetry's SDK and OTLP over HTTP (`tokenrouter[otel]`).

A module of its own, loaded only where a collector is named: the SDK is not installed with the rest. The standard
variables of OpenTelemetry come before our settings, since the SDK reads them itself where we say nothing.
"""

import logging
import math
import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation import set_span_in_context

from tokenrouter import __version__
from tokenrouter.config.settings import OtelSettings
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.jobs.genai_spans import KindOf, Span, error_type_of, metric_attributes, span_of

TIMEOUT_S: Final = 10.0
"""Of one delivery with its repetitions, unless `OTEL_EXPORTER_OTLP_TIMEOUT` says otherwise."""
MAX_MODELS: Final = 1000
"""Most models that metrics tell apart; the others are `other`."""
OTHER: Final = "other"
_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_{}ENDPOINT"
_DURATION_S: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_FIRST_TOKEN_S: Final = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_TOKENS: Final = tuple(4**power for power in range(14))
"""Edges of buckets as the conventions advise (gen-ai-metrics.md)."""


class OtlpExporter:
    """An `Exporter` for `Telemetry`."""

    def __init__(self, settings: OtelSettings, kind_of: KindOf, *, instance: str) -> None:
        """`instance` tells this node from others."""
        for name, value in settings.environ:
            os.environ.setdefault(name, value)
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # `Telemetry` says it once
        said = {"service.name": settings.service_name, "service.version": __version__}
        resource = Resource.create({**said, "service.instance.id": instance})
        self._kind_of = kind_of
        self._spans = _Spans(settings, resource) if settings.traces else None
        self._metrics = _Metrics(settings, resource, kind_of) if settings.metrics else None

    def export(self, entries: Sequence[LedgerEntry]) -> str:
        """Send the spans of `entries`, and count them; metrics are sent in their own time."""
        problem = self._metrics.problem if self._metrics is not None else ""
        if self._metrics is not None:
            for entry in entries:
                self._metrics.record(entry)
        if self._spans is not None:
            problem = self._spans.export([span_of(entry, self._kind_of) for entry in entries])
        return problem

    def close(self) -> None:
        """Send what was counted, and end."""
        if self._spans is not None:
            self._spans.close()
        if self._metrics is not None:
            self._metrics.close()


class _Spans:
    def __init__(self, settings: OtelSettings, resource: Resource) -> None:
        self._exporter = OTLPSpanExporter(**_target(settings, "TRACES_", "/v1/traces"))
        self._ids = _ChosenIds()
        self._ended = _Ended()
        provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        provider.add_span_processor(self._ended)
        self._tracer = provider.get_tracer("tokenrouter", __version__)

    def export(self, spans: Sequence[Span]) -> str:
        for span in spans:
            self._make(span)
        made, self._ended.spans = self._ended.spans, []
        if made and self._exporter.export(made) is not SpanExportResult.SUCCESS:
            return "the collector did not take spans"
        return ""

    def _make(self, span: Span) -> None:
        self._ids.trace_id, self._ids.span_id = span.trace_id, span.span_id
        made = self._tracer.start_span(
            span.name,
            _context_of(span),
            SpanKind.CLIENT if span.is_client else SpanKind.INTERNAL,
            dict(span.attributes),
            start_time=span.start_ns,
        )
        if span.error_type:
            made.set_status(Status(StatusCode.ERROR))
        made.end(span.end_ns)

    def close(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


class _ChosenIds(IdGenerator):
    """Gives spans the ids that follow from their rows."""

    trace_id = 1
    span_id = 1

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class _Ended(SpanProcessor):
    """Collects spans that were sampled, to be sent together."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled:
            self.spans.append(span)


def _context_of(span: Span) -> Context:
    if span.parent is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if span.parent.is_sampled else TraceFlags.DEFAULT)
    parent = SpanContext(span.parent.trace_id, span.parent.span_id, is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(parent), Context())


class _Metrics:
    """The histograms that the conventions name.

    Attributes:
        problem: what went wrong with the last delivery, or "".
    """

    def __init__(self, settings: OtelSettings, resource: Resource, kind_of: KindOf) -> None:
        exporter = _ReportingExporter(self._note, **_target(settings, "METRICS_", "/v1/metrics"))
        said = "OTEL_METRIC_EXPORT_INTERVAL" in os.environ
        reader = PeriodicExportingMetricReader(exporter, None if said else settings.interval_s * 1000)
        self._provider = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._kind_of = kind_of
        self._models: set[tuple[str, str]] = set()
        self.problem = ""
        meter = self._provider.get_meter("tokenrouter", __version__)
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_DURATION_S,
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time to receive the first chunk of a stream.",
            explicit_bucket_boundaries_advisory=_DURATION_S,
        )
        self._first_token = meter.create_histogram(
            "gen_ai.server.time_to_first_token",
            "s",
            "Time to generate first token for successful responses.",
            explicit_bucket_boundaries_advisory=_FIRST_TOKEN_S,
        )

    def record(self, entry: LedgerEntry) -> None:
        attributes = self._bounded(metric_attributes(entry, self._kind_of), entry.provider)
        error_type = error_type_of(entry)
        if entry.count == 1:
            ended = {**attributes, "error.type": error_type} if error_type else attributes
            self._duration.record(entry.latency_us / 1e6, ended)
        for kind, count in (("input", entry.usage.input_tokens), ("output", entry.usage.output_tokens)):
            if count:
                self._tokens.record(count, {**attributes, "gen_ai.token.type": kind})
        if entry.first_token_us and entry.stream:
            self._first_chunk.record(entry.first_token_us / 1e6, attributes)
        if entry.first_token_us and not error_type:
            self._first_token.record(entry.first_token_us / 1e6, attributes)

    def close(self) -> None:
        self._provider.shutdown(timeout_millis=2000)

    def _bounded(self, attributes: dict[str, Any], provider: str) -> dict[str, Any]:
        """Return `attributes` with one of a bounded number of models: clients may ask for anything."""
        model = provider, str(attributes.get("gen_ai.request.model", ""))
        if model not in self._models:
            if len(self._models) >= MAX_MODELS or not provider:
                return {**attributes, "gen_ai.request.model": OTHER}
            self._models.add(model)
        return attributes

    def _note(self, *, is_delivered: bool) -> None:
        self.problem = "" if is_delivered else "the collector did not take metrics"


class _ReportingExporter(OTLPMetricExporter):
    """Tells how each delivery ended."""

    def __init__(self, note: Callable[..., None], **target: Any) -> None:
        super().__init__(**target)
        self._note = note

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        result = super().export(metrics_data, timeout_millis or math.inf, **kwargs)
        self._note(is_delivered=result is MetricExportResult.SUCCESS)
        return result


def _target(settings: OtelSettings, signal: str, path: str) -> dict[str, Any]:
    """Return where to send to, as far as the standard variables do not say it."""
    is_said = any(os.environ.get(_ENDPOINT.format(one)) for one in (signal, ""))
    headers_said = any(os.environ.get(f"OTEL_EXPORTER_OTLP_{one}HEADERS") for one in (signal, ""))
    return {
        "endpoint": None if is_said else settings.endpoint.rstrip("/") + path,
        "headers": None if headers_said else dict(settings.headers) or None,
        "timeout": None if "OTEL_EXPORTER_OTLP_TIMEOUT" in os.environ else TIMEOUT_S,
    }
