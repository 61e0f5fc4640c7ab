"""Anthropic's reports: what the Console exports, and the Usage and Cost Admin API.

The Console writes models as people say them (`Claude Haiku 4.5`), the API as they are asked for
(`claude-haiku-4-5-20251001`). The API tells money in cents, as text (`"123.45"` is $1.2345), the export in dollars.
Sources, read 2026-11: platform.claude.com/docs/en/api/admin, "Get Cost Report" and "Get Messages Usage Report" (pages
of at most 31 days; costs of the priority tier are in neither); manage-claude/usage-cost-api in the same place, which
calls them the older API that stays; support.anthropic.com/en/articles/9534590 for the exports.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

import msgspec

from tokenrouter.providers.reports.lines import Question, ReportInvalid, ReportLine
from tokenrouter.providers.reports.values import Place, count_of, day_of, decode_page, read_csv, unknown_columns, usd_of

VERSION: Final = "2023-06-01"
COSTS: Final = "organizations/cost_report"
USAGE: Final = "organizations/usage_report/messages"
MAX_BUCKETS: Final = 31
_CENTS: Final = 100
_FILES: Final = {
    "costs": ("usage_date_utc", "model", "token_type", "cost_usd"),
    "usage": ("usage_date_utc", "model_version", "usage_input_tokens_no_cache", "usage_output_tokens"),
}
_INPUT_COLUMNS: Final = (
    "usage_input_tokens_no_cache",
    "usage_input_tokens_cache_write_5m",
    "usage_input_tokens_cache_write_1h",
    "usage_input_tokens_cache_read",
)


class _CacheWrites(msgspec.Struct):
    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0


class _Result(msgspec.Struct):
    amount: Decimal | None = None
    currency: str = "USD"
    cost_type: str | None = None
    description: str | None = None
    model: str | None = None
    uncached_input_tokens: int | None = None
    cache_read_input_tokens: int = 0
    cache_creation: _CacheWrites = msgspec.field(default_factory=_CacheWrites)
    output_tokens: int = 0


class _Bucket(msgspec.Struct):
    starting_at: str
    results: list[_Result]


class _Page(msgspec.Struct):
    data: list[_Bucket]
    has_more: bool = False
    next_page: str | None = None


class AnthropicReports:
    """See the module."""

    def read_file(self, name: str, lines: Iterable[str]) -> list[ReportLine]:
        """Return what an export of costs or of usage says."""
        columns, rows = read_csv(name, lines)
        if columns.issuperset(_FILES["costs"]):
            return [_cost_row(row) for row in rows]
        if columns.issuperset(_FILES["usage"]):
            return [_usage_row(row) for row in rows]
        raise unknown_columns(name, columns, _FILES)

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers that carry the administrator's key."""
        return {"x-api-key": key, "anthropic-version": VERSION}

    def questions(self, since: date, until: date) -> tuple[Question, ...]:
        """Return the first pages of costs by description (which is by model too) and of usage by model."""
        return (_question(COSTS, since, until, "description"), _question(USAGE, since, until, "model"))

    def read_page(self, question: Question, body: bytes) -> tuple[list[ReportLine], Question | None]:
        """Return the lines of one page, and the question for the next."""
        page = decode_page(question.subject, body, _Page)
        try:
            lines = [_line(bucket, result) for bucket in page.data for result in bucket.results]
        except ValueError as error:
            raise ReportInvalid(f"{question.subject}: {error}") from None
        if not page.has_more or not page.next_page:
            return lines, None
        base = question.path.partition("&page=")[0]
        return lines, Question(question.subject, f"{base}&{urlencode({'page': page.next_page})}")


def model_of_name(name: str) -> str:
    """Return `claude-haiku-4-5` for `Claude Haiku 4.5`; a name that is an id stays as it is."""
    return name.strip().lower().replace(" ", "-").replace(".", "-") if " " in name.strip() else name.strip()


def _question(path: str, since: date, until: date, group: str) -> Question:
    query = {
        "starting_at": f"{since.isoformat()}T00:00:00Z",
        "ending_at": f"{(until + timedelta(days=1)).isoformat()}T00:00:00Z",
        "bucket_width": "1d",
        "group_by[]": group,
        "limit": MAX_BUCKETS,
    }
    return Question(path, f"{path}?{urlencode(query)}")


def _line(bucket: _Bucket, result: _Result) -> ReportLine:
    day = day_of(bucket.starting_at)
    if result.amount is not None:
        if result.currency.upper() != "USD":
            raise ValueError(f"an amount is in {result.currency!r}, not in US dollars")
        billed_as = result.model or result.description or result.cost_type or ""
        return ReportLine(day, billed_as, cost_usd=usd_of(result.amount) / _CENTS)
    if result.uncached_input_tokens is None:
        raise ValueError("a result has neither an amount nor tokens")
    writes = result.cache_creation
    parts = (
        result.uncached_input_tokens,
        result.cache_read_input_tokens,
        writes.ephemeral_5m_input_tokens,
        writes.ephemeral_1h_input_tokens,
    )
    tokens = sum(count_of(part) for part in parts)
    return ReportLine(day, result.model or "", input_tokens=tokens, output_tokens=count_of(result.output_tokens))


def _cost_row(row: Place) -> ReportLine:
    model = model_of_name(row.text("model")) or row.text("cost_type")
    cost: Decimal = row.usd("cost_usd")
    return ReportLine(row.day("usage_date_utc"), model, cost_usd=cost)


def _usage_row(row: Place) -> ReportLine:
    return ReportLine(
        row.day("usage_date_utc"),
        model_of_name(row.text("model_version")),
        input_tokens=sum(row.count(column) for column in _INPUT_COLUMNS),
        output_tokens=row.count("usage_output_tokens"),
    )
