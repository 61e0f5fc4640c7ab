import json
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from tokenrouter.providers.reports.lines import ReportInvalid, ReportLine
from tokenrouter.providers.reports.openai import COSTS, USAGE, OpenAiReports, model_of_line_item

COST_FILE = """start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id
1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,0.8958740000000000,usd,"gpt-5-mini, input",
1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,0.01,usd,web search tool calls,
1759708800,1759795200,2025-10-06T00:00:00+00:00,2025-10-07T00:00:00+00:00,,,,
"""
USAGE_FILE = """\
start_time_iso,num_model_requests,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens
2025-10-05T00:00:00+00:00,10.0,gpt-4o-2024-08-06,FALSE,default,59200.0,10646.0,5760.0
2025-10-08T00:00:00+00:00,,,,,,,
"""
DAY = date(2025, 10, 5)
reports = OpenAiReports()


def page(*results: dict[str, object], **rest: object) -> bytes:
    return json.dumps({"data": [{"start_time": 1_759_622_400, "results": results}], **rest}).encode()


@pytest.mark.parametrize(
    ("item", "model"),
    [
        ("gpt-5.5-2026-04-23, cached input", "gpt-5.5-2026-04-23"),
        ("priority | gpt-5.5, output, long context", "gpt-5.5"),
        ("gpt-audio-mini-2025-12-15 audio, input", "gpt-audio-mini-2025-12-15"),
        ("web search tool calls", "web search tool calls"),
        ("", ""),
    ],
)
def test_the_model_of_a_line_item_is_found(item: str, model: str) -> None:
    assert model_of_line_item(item) == model


def test_an_export_of_costs_is_read() -> None:
    assert reports.read_file("costs.csv", COST_FILE.splitlines(keepends=True)) == [
        ReportLine(DAY, "gpt-5-mini", cost_usd=Decimal("0.895874")),
        ReportLine(DAY, "web search tool calls", cost_usd=Decimal("0.01")),
    ]


def test_an_export_of_usage_is_read() -> None:
    assert reports.read_file("usage.csv", USAGE_FILE.splitlines(keepends=True)) == [
        ReportLine(DAY, "gpt-4o-2024-08-06", input_tokens=59_200, output_tokens=10_646, requests=10)
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("0.8958740000000000", "much", "costs.csv:2: column amount_value: 'much' is not an amount of US dollars"),
        ("usd,web", "eur,web", "costs.csv:3: column amount_currency: 'eur' is not usd"),
        ("2025-10-05T00:00:00+00:00,2025-10-06", "05.10.25,2025-10-06", "costs.csv:2: column start_time_iso:"),
        ("amount_value", "amount", "costs.csv:1: the columns are those of no report that is known"),
    ],
)
def test_a_wrong_value_is_told_with_file_line_and_column(before: str, after: str, told: str) -> None:
    with pytest.raises(ReportInvalid) as caught:
        reports.read_file("costs.csv", COST_FILE.replace(before, after, 1).splitlines(keepends=True))

    assert told in str(caught.value)


def test_costs_and_usage_are_asked_for_by_day_and_model() -> None:
    questions = reports.questions(DAY, date(2025, 10, 6))

    assert [question.subject for question in questions] == [COSTS, *USAGE]
    query = parse_qs(urlsplit(questions[0].path).query)
    assert query["start_time"] == ["1759622400"]
    assert query["end_time"] == ["1759795200"]
    assert query["group_by"] == ["line_item"]
    assert reports.headers("sk-admin") == {"authorization": "Bearer sk-admin"}


def test_pages_are_followed_by_their_cursor() -> None:
    first = reports.questions(DAY, DAY)[0]

    _, second = reports.read_page(first, page(has_more=True, next_page="a+b/="))
    assert second is not None
    _, third = reports.read_page(second, page(has_more=True, next_page="c"))

    assert parse_qs(urlsplit(second.path).query)["page"] == ["a+b/="]
    assert third is not None
    assert parse_qs(urlsplit(third.path).query)["page"] == ["c"]
    assert reports.read_page(third, page(has_more=False, next_page=None))[1] is None


def test_amounts_and_tokens_of_a_page_are_read() -> None:
    costs, usage, _ = reports.questions(DAY, DAY)

    money = page({"amount": {"value": 0.06, "currency": "usd"}, "line_item": "gpt-4o, input", "project_id": None})
    tokens = page({"model": "gpt-4o", "input_tokens": 1000, "output_tokens": 500, "num_model_requests": 5})

    assert reports.read_page(costs, money)[0] == [ReportLine(DAY, "gpt-4o", cost_usd=Decimal("0.06"))]
    assert reports.read_page(usage, tokens)[0] == [
        ReportLine(DAY, "gpt-4o", input_tokens=1000, output_tokens=500, requests=5)
    ]


@pytest.mark.parametrize(
    "result",
    [
        {"amount": {"value": 1, "currency": "eur"}},
        {"amount": {"value": "NaN", "currency": "usd"}},
        {"amount": {"value": None}},
        {"model": "gpt-4o", "input_tokens": -1},
        {"model": "gpt-4o"},
    ],
)
def test_a_page_that_says_something_else_is_refused(result: dict[str, object]) -> None:
    with pytest.raises(ReportInvalid, match=COSTS):
        reports.read_page(reports.questions(DAY, DAY)[0], page(result))
