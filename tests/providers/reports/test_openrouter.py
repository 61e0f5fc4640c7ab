import json
from datetime import date
from decimal import Decimal

import pytest

from tokenrouter.providers.reports.lines import ReportInvalid, ReportLine
from tokenrouter.providers.reports.openrouter import ACTIVITY, OpenRouterReports

LOG = """\
generation_id,created_at,cost_total,byok_usage_inference,tokens_prompt,tokens_completion,model_permaslug,variant
gen-1,2026-06-28 03:46:57.713,0.0123,0,10389,137,acme/small-20260910,standard
gen-2,2026-06-28 23:59:59.999,0,1.5,10,5,acme/small-20260910,free
"""
DAY = date(2026, 6, 28)
reports = OpenRouterReports()


def item(**changes: object) -> dict[str, object]:
    told = {"date": "2026-06-28", "model": "acme/small", "usage": 0.015, "prompt_tokens": 50, "completion_tokens": 125}
    return {**told, "byok_usage_inference": 0.012, "requests": 5, **changes}


def page(*items: dict[str, object]) -> bytes:
    return json.dumps({"data": items}).encode()


def test_a_row_of_the_log_is_a_request() -> None:
    assert reports.read_file("log.csv", LOG.splitlines(keepends=True)) == [
        ReportLine(DAY, "acme/small-20260910", Decimal("0.0123"), 10_389, 137, 1),
        ReportLine(DAY, "acme/small-20260910:free", Decimal(0), 10, 5, 1),
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("10389", "10.5", "log.csv:2: column tokens_prompt: '10.5' is not a whole number"),
        ("0.0123", "", "log.csv:2: column cost_total: '' is not an amount of US dollars"),
        ("cost_total", "Spend", "log.csv:1: the columns are those of no report that is known. Known: activity log"),
    ],
)
def test_a_wrong_value_is_told_with_file_line_and_column(before: str, after: str, told: str) -> None:
    with pytest.raises(ReportInvalid) as caught:
        reports.read_file("log.csv", LOG.replace(before, after, 1).splitlines(keepends=True))

    assert told in str(caught.value)


def test_one_day_is_asked_for_by_itself() -> None:
    assert [question.path for question in reports.questions(DAY, DAY)] == ["activity?date=2026-06-28"]
    assert [question.path for question in reports.questions(DAY, date(2026, 6, 29))] == [ACTIVITY]
    assert reports.headers("sk-or") == {"authorization": "Bearer sk-or"}


def test_the_one_page_is_read() -> None:
    lines, after = reports.read_page(reports.questions(DAY, DAY)[0], page(item(), item(date="2026-06-29 00:00:00")))

    assert lines[0] == ReportLine(DAY, "acme/small", Decimal("0.015"), 50, 125, 5)
    assert lines[1].day == date(2026, 6, 29)
    assert after is None


@pytest.mark.parametrize("changes", [{"usage": "much"}, {"prompt_tokens": -1}, {"date": "today"}, {"model": None}])
def test_a_page_that_says_something_else_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ReportInvalid, match=ACTIVITY):
        reports.read_page(reports.questions(DAY, DAY)[0], page(item(**changes)))
