"""Structured logs: to stderr, words for a terminal and JSON lines for everything else; and to files that are kept.

What is kept may be finer than what the console shows. Secrets are blotted out last, of what goes to either
(`observe/redaction.py`).
"""

import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Final, Literal

import structlog

from tokenrouter.observe.log_files import LogFiles
from tokenrouter.observe.redaction import Redactor

LogFormat = Literal["auto", "console", "json"]

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_Event = MutableMapping[str, Any]


class ProcessLog:
    """What this process says, and where it goes."""

    def __init__(
        self,
        level: str,
        log_format: LogFormat,
        process: str,
        *,
        kept: LogFiles | None = None,
        kept_level: str = "info",
        redactor: Redactor | None = None,
    ) -> None:
        """`level` is for the console, `kept_level` for the files `kept`."""
        self.kept = kept
        self._redactor = Redactor() if redactor is None else redactor
        self._process = process
        self._console = _LEVELS[level]
        self._kept = _LEVELS[kept_level] if kept is not None else 100
        as_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
        self._renderer: structlog.typing.Processor = (
            structlog.processors.JSONRenderer()
            if as_json
            else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        )

    @property
    def lowest(self) -> int:
        """The number of the finest level that goes anywhere."""
        return min(self._console, self._kept)

    def hide(self, values: Iterable[str]) -> None:
        """Blot out these secrets from now on, in place of those of before."""
        self._redactor.hide(values)

    def emit(self, logger: Any, method: str, event: _Event) -> Any:
        """Blot out, keep, and render (the last structlog processor).

        Raises:
            structlog.DropEvent: the console does not want it.
        """
        level, moment = str(event.pop("level", "info")), event.pop("timestamp", "")
        plain = {**self._redactor.event(event), "level": level, "timestamp": moment, "process": self._process}
        number = _LEVELS.get(level, 20)
        if self.kept is not None and number >= self._kept:
            self.kept.write(plain)
        if number < self._console:
            raise structlog.DropEvent
        return self._renderer(logger, method, plain)

    def figures(self) -> Mapping[str, Any]:
        """Return how many lines were kept, by level, and how many were lost."""
        if self.kept is None:
            return {"written": {}, "dropped": 0}
        return {"written": dict(self.kept.written), "dropped": self.kept.dropped}


def configure_logging(
    level: str,
    log_format: LogFormat,
    process: str,
    *,
    kept: LogFiles | None = None,
    kept_level: str = "info",
    secrets: Iterable[str] = (),
) -> ProcessLog:
    """Set up logging for this process; the standard library's loggers go the same way, from warnings on."""
    log = ProcessLog(level, log_format, process, kept=kept, kept_level=kept_level, redactor=Redactor(secrets))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            log.emit,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(log.lowest),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_ToStructlog()]
    root.setLevel(logging.WARNING)
    return log


class _ToStructlog(logging.Handler):
    """Passes on what libraries say by the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger(record.name)
        say = logger.error if record.levelno >= logging.ERROR else logger.warning
        say(record.getMessage(), exc_info=record.exc_info)
