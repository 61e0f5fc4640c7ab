"""OpenRouter's reports: the export of the Activity page's log, and the activity API.

Both have tokens and money in one line. The export has a row for each generation and a model's permanent slug; the
API has a day of an endpoint in each item, of the last 30 UTC days that are over, in one page. What a customer's own
key at another vendor was billed (`byok_usage_inference`) is on that vendor's bill, so it is left out.
Sources, read 2026-11: openrouter.ai/docs/api/api-reference/analytics/get-user-activity (a management key is
needed) and openrouter.ai/docs/cookbook/administration/activity-export.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from tokenrouter.providers.reports.lines import Question, ReportInvalid, ReportLine
from tokenrouter.providers.reports.values import Place, count_of, day_of, decode_page, read_csv, unknown_columns, usd_of

ACTIVITY: Final = "activity"
_FILES: Final = {
    "activity log": ("created_at", "cost_total", "tokens_prompt", "tokens_completion", "model_permaslug"),
}
_USUAL_VARIANTS: Final = ("", "standard")


class _Item(msgspec.Struct):
    date: str
    model: str
    usage: Decimal
    prompt_tokens: int
    completion_tokens: int
    requests: int = 0


class _Page(msgspec.Struct):
    data: list[_Item]


class OpenRouterReports:
    """See the module."""

    def read_file(self, name: str, lines: Iterable[str]) -> list[ReportLine]:
        """Return what an export of the activity log says."""
        columns, rows = read_csv(name, lines)
        if not columns.issuperset(_FILES["activity log"]):
            raise unknown_columns(name, columns, _FILES)
        return [_row(row) for row in rows]

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers that carry the management key."""
        return {"authorization": f"Bearer {key}"}

    def questions(self, since: date, until: date) -> tuple[Question, ...]:
        """Return the one page that there is; a single day can be asked for by itself."""
        return (Question(ACTIVITY, f"{ACTIVITY}?date={since.isoformat()}" if since == until else ACTIVITY),)

    def read_page(self, question: Question, body: bytes) -> tuple[list[ReportLine], Question | None]:
        """Return the lines of the page."""
        page = decode_page(question.subject, body, _Page)
        try:
            return [_line(item) for item in page.data], None
        except ValueError as error:
            raise ReportInvalid(f"{question.subject}: {error}") from None


def _line(item: _Item) -> ReportLine:
    return ReportLine(
        day_of(item.date),
        item.model,
        cost_usd=usd_of(item.usage),
        input_tokens=count_of(item.prompt_tokens),
        output_tokens=count_of(item.completion_tokens),
        requests=count_of(item.requests),
    )


def _row(row: Place) -> ReportLine:
    variant = row.text("variant")
    model = row.text("model_permaslug")
    return ReportLine(
        row.day("created_at"),
        model if variant in _USUAL_VARIANTS else f"{model}:{variant}",
        cost_usd=row.usd("cost_total"),
        input_tokens=row.count("tokens_prompt"),
        output_tokens=row.count("tokens_completion"),
        requests=1,
    )
