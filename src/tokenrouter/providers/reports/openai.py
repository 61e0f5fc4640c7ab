"""OpenAI's reports: what the usage dashboard exports, and the administrators' costs and usage API.

Costs are told by line item (`gpt-5.5-2026-04-23, cached input`, `priority | gpt-5.5, output, long context`,
`gpt-audio-mini-2025-12-15 audio, input`, but also `web search tool calls`), whose first word is the model;
tokens are told by model. Sources, read 2026-11: developers.openai.com, API reference, "Costs" and
"Completions" under admin/organization/usage; help.openai.com/en/articles/8554956 for the exports, whose
columns are those of the API with `amount.value` as `amount_value`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

import msgspec

from tokenrouter.providers.reports.lines import Question, ReportInvalid, ReportLine
from tokenrouter.providers.reports.values import (
    Place,
    count_of,
    day_of_seconds,
    decode_page,
    read_csv,
    unknown_columns,
    usd_of,
)

COSTS: Final = "organization/costs"
USAGE: Final = ("organization/usage/completions", "organization/usage/embeddings")
MAX_BUCKETS: Final = {COSTS: 180, USAGE[0]: 31, USAGE[1]: 31}
"""Days in one page: the most that the reference allows for each."""
_FILES: Final = {
    "costs": ("start_time_iso", "amount_value", "amount_currency", "line_item"),
    "usage": ("start_time_iso", "model", "num_model_requests", "input_tokens"),
}
_TIER: Final = re.compile(r"^[\w -]+ \| ")


class _Amount(msgspec.Struct):
    value: Decimal
    currency: str = "usd"


class _Result(msgspec.Struct):
    amount: _Amount | None = None
    line_item: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int = 0
    num_model_requests: int = 0


class _Bucket(msgspec.Struct):
    start_time: int
    results: list[_Result]


class _Page(msgspec.Struct):
    data: list[_Bucket]
    has_more: bool = False
    next_page: str | None = None


class OpenAiReports:
    """See the module."""

    def read_file(self, name: str, lines: Iterable[str]) -> list[ReportLine]:
        """Return what an export of costs or of usage says."""
        columns, rows = read_csv(name, lines)
        if columns.issuperset(_FILES["costs"]):
            return [_cost_row(row) for row in rows if row.text("amount_value")]
        if columns.issuperset(_FILES["usage"]):
            return [_usage_row(row) for row in rows if row.text("model")]
        raise unknown_columns(name, columns, _FILES)

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers that carry the administrator's key."""
        return {"authorization": f"Bearer {key}"}

    def questions(self, since: date, until: date) -> tuple[Question, ...]:
        """Return the first pages of costs by line item and of usage by model."""
        return (
            _question(COSTS, since, until, "line_item"),
            *(_question(path, since, until, "model") for path in USAGE),
        )

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


def model_of_line_item(text: str) -> str:
    """Return the model of a line item; what is billed without a model (tool calls, storage) keeps its own words."""
    item = _TIER.sub("", text.strip())
    head, comma, _ = item.partition(",")
    return head.split()[0] if comma and head.split() else item


def _question(path: str, since: date, until: date, group: str) -> Question:
    query = {
        "start_time": _seconds(since),
        "end_time": _seconds(until + timedelta(days=1)),
        "bucket_width": "1d",
        "group_by": group,
        "limit": MAX_BUCKETS[path],
    }
    return Question(path, f"{path}?{urlencode(query)}")


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _line(bucket: _Bucket, result: _Result) -> ReportLine:
    day = day_of_seconds(bucket.start_time)
    if result.amount is not None:
        if result.amount.currency.lower() != "usd":
            raise ValueError(f"an amount is in {result.amount.currency!r}, not in US dollars")
        return ReportLine(day, model_of_line_item(result.line_item or ""), cost_usd=usd_of(result.amount.value))
    if result.input_tokens is None:
        raise ValueError("a result has neither an amount nor tokens")
    return ReportLine(
        day,
        result.model or "",
        input_tokens=count_of(result.input_tokens),
        output_tokens=count_of(result.output_tokens),
        requests=count_of(result.num_model_requests),
    )


def _cost_row(row: Place) -> ReportLine:
    if row.text("amount_currency").lower() != "usd":
        raise row.wrong("amount_currency", f"{row.text('amount_currency')[:20]!r} is not usd")
    model = model_of_line_item(row.text("line_item"))
    return ReportLine(row.day("start_time_iso"), model, cost_usd=row.usd("amount_value"))


def _usage_row(row: Place) -> ReportLine:
    return ReportLine(
        row.day("start_time_iso"),
        row.text("model"),
        input_tokens=row.count("input_tokens"),
        output_tokens=row.count("output_tokens"),
        requests=row.count("num_model_requests"),
    )
