"""Structured logs to stderr: words for a terminal, JSON lines for everything else, secrets blotted out.

What a secret looks like is decided twice, by the name of the field and by the look of the value, because
one of the two is usually wrong.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal

import structlog

LogFormat = Literal["auto", "console", "json"]

BLOT: Final = "[redacted]"
_SECRET_NAME: Final = re.compile(
    r"(?i)(?:api|secret|private|encryption|provider)[_-]?key$|secret|password|passwd|authorization|cookie|bearer|credential"
)
_SECRET_VALUE: Final = re.compile(
    r"(?:tr_|llmp-|sk-|xai-|gsk_|tok-|tor_tmp_|AIza)[A-Za-z0-9_\-]{12,}|(?i:bearer)\s+[A-Za-z0-9._~+/=\-]{8,}"
)
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def redact_text(text: str) -> str:
    """Return `text` with everything that looks like a key blotted out."""
    return _SECRET_VALUE.sub(BLOT, text)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blot secrets out of a log event (a structlog processor)."""
    for name, value in event.items():
        if _SECRET_NAME.search(name):
            event[name] = BLOT
        elif isinstance(value, str):
            event[name] = redact_text(value)
        elif isinstance(value, dict):
            event[name] = redact(None, "", dict(value))
        elif isinstance(value, list | tuple):
            event[name] = [redact_text(item) if isinstance(item, str) else item for item in value]
    return event


def configure_logging(level: str, log_format: LogFormat, process: str) -> None:
    """Set up logging for this process; the standard library's loggers go the same way."""
    as_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
    number = _LEVELS[level]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _ProcessName(process),
        redact,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(exception_formatter=_plain)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_drop_record, renderer], foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))


class _ProcessName:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = self._name
        return event


def _drop_record(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event


def _plain(sio: Any, exc_info: Any) -> None:
    """Exceptions were rendered, and blotted, before."""
