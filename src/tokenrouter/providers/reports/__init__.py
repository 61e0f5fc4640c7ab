"""What vendors say that they billed: one module for each vendor whose reports can be read, and the one list of them."""

from collections.abc import Mapping
from typing import Final

from tokenrouter.providers.reports.anthropic import AnthropicReports
from tokenrouter.providers.reports.lines import Question, ReportInvalid, ReportLine, ReportReader, model_stem
from tokenrouter.providers.reports.openai import OpenAiReports
from tokenrouter.providers.reports.openrouter import OpenRouterReports

__all__ = ["Question", "ReportInvalid", "ReportLine", "ReportReader", "known_reports", "model_stem", "report_reader"]

_READERS: Final[Mapping[str, ReportReader]] = {
    "anthropic": AnthropicReports(),
    "openai": OpenAiReports(),
    "openrouter": OpenRouterReports(),
}
"""By the name of the vendor's row in `presets.toml`."""


def report_reader(kind: str) -> ReportReader | None:
    """Return the reader for providers of this kind, or None."""
    return _READERS.get(kind)


def known_reports() -> tuple[str, ...]:
    """Return the kinds of providers whose reports can be read."""
    return tuple(_READERS)
