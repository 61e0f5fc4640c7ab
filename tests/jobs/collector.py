"""A little OTLP/HTTP collector on loopback, and what the conventions say of what it gets.

The tables are copied by hand from open-telemetry/semantic-conventions-genai (read 2026-11), docs/gen-ai/gen-ai-spans.md
("Inference" and "Embeddings") and gen-ai-metrics.md; they know nothing of our code.
"""

import gzip
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

SPAN_ATTRIBUTES: Final[Mapping[str, type]] = {
    "gen_ai.operation.name": str,
    "gen_ai.provider.name": str,
    "error.type": str,
    "gen_ai.request.model": str,
    "gen_ai.request.stream": bool,
    "gen_ai.response.id": str,
    "gen_ai.response.model": str,
    "gen_ai.response.time_to_first_chunk": float,
    "gen_ai.usage.input_tokens": int,
    "gen_ai.usage.output_tokens": int,
    "gen_ai.usage.cache_read.input_tokens": int,
    "gen_ai.usage.cache_creation.input_tokens": int,
    "gen_ai.usage.reasoning.output_tokens": int,
    "http.response.status_code": int,
}
REQUIRED: Final = ("gen_ai.operation.name", "gen_ai.provider.name")
METRICS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "gen_ai.client.operation.duration": ("s", ("gen_ai.operation.name",)),
    "gen_ai.client.operation.time_to_first_chunk": ("s", ("gen_ai.operation.name",)),
    "gen_ai.client.token.usage": ("{token}", (*REQUIRED, "gen_ai.token.type")),
    "gen_ai.server.time_to_first_token": ("s", REQUIRED),
}
METRIC_ATTRIBUTES: Final = (
    *REQUIRED,
    "error.type",
    "gen_ai.request.model",
    "gen_ai.response.model",
    "gen_ai.token.type",
)


@dataclass
class Collector:
    """What it got.

    Attributes:
        status: what it answers; `released`: nobody is answered before it is set.
    """

    url: str = ""
    status: int = 200
    headers: list[dict[str, str]] = field(default_factory=list)
    traces: list[ExportTraceServiceRequest] = field(default_factory=list)
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def spans(self) -> list[Any]:
        return [
            span
            for request in list(self.traces)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def figures(self) -> dict[str, Any]:
        """Return the metrics of the last delivery, by name."""
        if not self.metrics:
            return {}
        resources = self.metrics[-1].resource_metrics
        return {metric.name: metric for one in resources for scope in one.scope_metrics for metric in scope.metrics}


@contextmanager
def collector(*, is_slow: bool = False) -> Iterator[Collector]:
    got = Collector()
    if not is_slow:
        got.released.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            got.released.wait(60)
            got.headers.append({name.lower(): value for name, value in self.headers.items()})
            got.bodies.append(body)
            if got.status == 200 and self.path == "/v1/traces":
                got.traces.append(ExportTraceServiceRequest.FromString(body))
                answer = ExportTraceServiceResponse().SerializeToString()
            elif got.status == 200 and self.path == "/v1/metrics":
                got.metrics.append(ExportMetricsServiceRequest.FromString(body))
                answer = ExportMetricsServiceResponse().SerializeToString()
            else:
                answer = b""
            self.send_response(got.status)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    got.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield got
    finally:
        got.released.set()
        server.shutdown()
        server.server_close()


def attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """Return attributes as plain values."""
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}


def mistakes_of(span: Any) -> list[str]:
    """Return what the conventions do not allow of a span."""
    found = attributes(span.attributes)
    wrong = [name for name in REQUIRED if not found.get(name)]
    wrong += [
        name
        for name, value in found.items()
        if not name.startswith("tokenrouter.")
        and (name not in SPAN_ATTRIBUTES or type(value) is not SPAN_ATTRIBUTES[name])
    ]
    if span.name != f"{found['gen_ai.operation.name']} {found.get('gen_ai.request.model', '')}".rstrip():
        wrong.append(f"name {span.name!r}")
    if ("error.type" in found) != (span.status.code == 2):  # STATUS_CODE_ERROR
        wrong.append(f"status {span.status.code}")
    return wrong


def mistakes_of_metric(metric: Any) -> list[str]:
    """Return what the conventions do not allow of a metric."""
    if metric.name not in METRICS or metric.WhichOneof("data") != "histogram":
        return [metric.name]
    unit, required = METRICS[metric.name]
    wrong = [] if metric.unit == unit else [f"{metric.name} in {metric.unit}"]
    for point in metric.histogram.data_points:
        found = attributes(point.attributes)
        wrong += [f"{metric.name} without {name}" for name in required if name not in found]
        wrong += [f"{metric.name} with {name}" for name in found if name not in METRIC_ATTRIBUTES]
    return wrong
