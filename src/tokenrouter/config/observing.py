"""Reading `[logs]` and `[otel]`: what of the log is kept, and where traces and metrics are sent.

The second section says the same as the standard environment variables of OpenTelemetry, which win: who runs many
programs sets those for all of them.
"""

from collections.abc import Mapping
from typing import Final, cast

from tokenrouter.config.alerts import Resolve
from tokenrouter.config.settings import LogLevel, LogSettings, OtelSettings
from tokenrouter.config.table import Table
from tokenrouter.providers.urls import split_base_url

LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_ENDPOINTS: Final = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)


def read_logs(top: Table) -> LogSettings:
    """Return what of the log is kept; the bounds of `max_lines` are TokenRouter-Go's (2026-11)."""
    table, usual = top.table("logs"), LogSettings()
    read = LogSettings(
        max_lines=table.count("max_lines", usual.max_lines, least=100, most=200_000),
        max_bytes=table.count("max_bytes", usual.max_bytes, least=64 * 2**10),
        level=cast(LogLevel, table.choice("level", LOG_LEVELS, usual.level)),
    )
    table.finish()
    return read


def read_otel(top: Table, environ: Mapping[str, str], resolve: Resolve) -> OtelSettings:
    """Return where traces and metrics go; without an address anywhere they go nowhere."""
    table, usual = top.table("otel"), OtelSettings()
    endpoint, headers = table.text("endpoint"), table.table("headers")
    try:
        if endpoint:
            split_base_url(endpoint)
    except ValueError as error:
        table.problem("endpoint", str(error).removeprefix("base_url "))
    is_off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    has_address = bool(endpoint) or any(environ.get(name) for name in _ENDPOINTS)
    read = OtelSettings(
        enabled=table.flag("enabled", has_address) and has_address and not is_off,
        endpoint=endpoint,
        headers=tuple((name, resolve(headers, name)) for name in headers.names()),
        service_name=environ.get("OTEL_SERVICE_NAME", "") or table.text("service_name", usual.service_name),
        traces=table.flag("traces", usual.traces),
        metrics=table.flag("metrics", usual.metrics),
        interval_s=table.seconds("interval_s", usual.interval_s, least=1.0),
        environ=tuple(sorted((name, text) for name, text in environ.items() if name.startswith("OTEL_"))),
    )
    if table.flag("enabled", False) and not has_address:
        table.problem("endpoint", "is missing", 'for instance endpoint = "http://127.0.0.1:4318"')
    table.finish()
    return read
