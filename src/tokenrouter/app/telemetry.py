"""OpenTelemetry, if somebody wants it and has installed it (`tokenrouter[otel]`)."""

from importlib import import_module
from typing import Final, cast

import structlog

from tokenrouter.config.settings import OtelSettings
from tokenrouter.jobs.genai_spans import KindOf
from tokenrouter.jobs.telemetry import Exporter, Telemetry

MODULE: Final = "tokenrouter.jobs.telemetry_otlp"

log = structlog.get_logger(__name__)


def start_telemetry(
    settings: OtelSettings, kind_of: KindOf, *, instance: str, module: str = MODULE
) -> Telemetry | None:
    """Return what sends traces and metrics; None where nothing is to be sent, or the SDK is not installed."""
    if not settings.enabled:
        return None
    try:
        made = import_module(module).OtlpExporter(settings, kind_of, instance=instance)
    except ModuleNotFoundError as error:
        hint = 'install it: pip install "tokenrouter[otel]"'
        log.error("nothing is sent to OpenTelemetry: its SDK is not installed", missing=error.name, hint=hint)
        return None
    return Telemetry(cast(Exporter, made))
