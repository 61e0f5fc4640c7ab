import json
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from tokenrouter.providers.reports.anthropic import COSTS, USAGE, AnthropicReports, model_of_name
from tokenrouter.providers.reports.lines import ReportInvalid, ReportLine

COST_FILE = """\
usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type
2026-08-04,Claude Haiku 4.5,Default,demo,message,≤ 200k,input_no_cache,0.05,0.05,token
2026-08-04,,Default,demo,message,,,0.02,0.02,web_search
"""
USAGE_FILE = """usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,\
usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens
2026-08-04,claude-haiku-4-5-20251001,100,10,20,300,50
"""
DAY = date(2026, 8, 4)
reports = AnthropicReports()


def page(*results: dict[str, object], **rest: object) -> bytes:
    return json.dumps({"data": [{"starting_at": "2026-08-04T00:00:00Z", "results": results}], **rest}).encode()


def test_a_name_as_people_say_it_becomes_an_id() -> None:
    assert model_of_name("Claude Haiku 4.5") == "claude-haiku-4-5"
    assert model_of_name("claude-haiku-4-5-20251001") == "claude-haiku-4-5-20251001"


def test_an_export_of_costs_is_read() -> None:
    assert reports.read_file("costs.csv", COST_FILE.splitlines(keepends=True)) == [
        ReportLine(DAY, "claude-haiku-4-5", cost_usd=Decimal("0.05")),
        ReportLine(DAY, "web_search", cost_usd=Decimal("0.02")),
    ]


def test_what_was_read_from_a_cache_or_written_to_it_is_input() -> None:
    assert reports.read_file("usage.csv", USAGE_FILE.splitlines(keepends=True)) == [
        ReportLine(DAY, "claude-haiku-4-5-20251001", input_tokens=430, output_tokens=50)
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("0.05,0.05", "free,0.05", "costs.csv:2: column cost_usd: 'free' is not an amount"),
        ("2026-08-04,,", "yesterday,,", "costs.csv:3: column usage_date_utc: 'yesterday' is not a date"),
        ("token_type", "kind", "costs.csv:1: the columns are those of no report"),
    ],
)
def test_a_wrong_value_is_told_with_file_line_and_column(before: str, after: str, told: str) -> None:
    with pytest.raises(ReportInvalid) as caught:
        reports.read_file("costs.csv", COST_FILE.replace(before, after, 1).splitlines(keepends=True))

    assert told in str(caught.value)


def test_costs_and_usage_are_asked_for_by_day_and_model() -> None:
    costs, usage = reports.questions(DAY, DAY)

    assert (costs.subject, usage.subject) == (COSTS, USAGE)
    query = parse_qs(urlsplit(costs.path).query)
    assert query["starting_at"] == ["2026-08-04T00:00:00Z"]
    assert query["ending_at"] == ["2026-08-05T00:00:00Z"]
    assert query["group_by[]"] == ["description"]
    assert reports.headers("sk-ant-admin")["x-api-key"] == "sk-ant-admin"


def test_amounts_are_cents() -> None:
    result: dict[str, object] = {
        "amount": "123.45",
        "currency": "USD",
        "model": "claude-haiku-4-5",
        "description": "Claude Haiku 4.5",
    }

    lines, after = reports.read_page(reports.questions(DAY, DAY)[0], page(result, has_more=False, next_page=None))

    assert lines == [ReportLine(DAY, "claude-haiku-4-5", cost_usd=Decimal("1.2345"))]
    assert after is None


def test_tokens_of_a_page_are_read_and_the_next_page_is_asked_for() -> None:
    result = {
        "model": "claude-haiku-4-5",
        "uncached_input_tokens": 100,
        "cache_read_input_tokens": 300,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        "output_tokens": 50,
    }

    lines, after = reports.read_page(reports.questions(DAY, DAY)[1], page(result, has_more=True, next_page="page_x"))

    assert lines == [ReportLine(DAY, "claude-haiku-4-5", input_tokens=430, output_tokens=50)]
    assert after is not None
    assert parse_qs(urlsplit(after.path).query)["page"] == ["page_x"]


@pytest.mark.parametrize(
    "result",
    [{"amount": "1", "currency": "EUR"}, {"amount": "a lot"}, {"model": "x"}, {"uncached_input_tokens": -5}],
)
def test_a_page_that_says_something_else_is_refused(result: dict[str, object]) -> None:
    with pytest.raises(ReportInvalid, match=COSTS):
        reports.read_page(reports.questions(DAY, DAY)[0], page(result))
