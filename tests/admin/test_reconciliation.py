from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, MASTER, ROOT, Installation
from tests.jobs.report_api import KEY, ReportApi, serving
from tests.store.entries import entry
from tokenrouter.admin.reconciliation import MAX_FILE_BYTES
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.ledger import Row, record

PATH = "/api/v1/reconciliation"
COSTS = """start_time_iso,amount_value,amount_currency,line_item
2026-01-01T00:00:00+00:00,2.50,usd,"small-2025-10-10, input"
"""
DAYS = {"from": "2026-01-01", "to": "2026-01-03"}


@pytest.fixture
def api() -> Iterator[ReportApi]:
    with serving(ReportApi({"2026-01-01": {"small": 2.0}}, {"2026-01-01": {"small": (100, 10)}})) as running:
        yield running


@pytest.fixture(autouse=True)
def vendor(installation: Installation, api: ReportApi) -> None:
    """The provider `acme`, of which 2 dollars were used on one day."""
    known = Provider("acme", "openai", api.base_url, allow_private=True)
    other = Provider("local", "openai-compatible", api.base_url, allow_private=True)
    installation.settings = replace(installation.settings, providers=(known, other), report_keys={"acme": KEY})
    installation.state.settings = installation.settings
    record(installation.store, [Row(entry("a", usage=Usage(100, 10), cost_nano_usd=2_000_000_000))], {})


def test_a_vendor_is_asked_and_compared(client: TestClient, api: ReportApi) -> None:
    answer = client.get(PATH, params={"provider": "acme", **DAYS}, headers=ROOT)

    told = answer.json()
    assert (answer.status_code, told["beyond"], len(told["rows"])) == (200, False, 1)
    assert told["rows"][0]["theirs"]["cost_usd"] == "2.000000000"
    assert told["rows"][0]["drift"]["cost_percent"] == "0.000"
    assert api.keys == {f"Bearer {KEY}"}


def test_a_file_is_compared(client: TestClient) -> None:
    answer = client.post(PATH, params={"provider": "acme"}, content=COSTS.encode(), headers=ROOT)

    told = answer.json()
    assert (answer.status_code, told["beyond"]) == (200, True)
    assert told["total"]["drift"]["cost_nano_usd"] == 500_000_000
    assert told["rows"][0]["drift"]["cost_percent"] == "20.000"
    assert told["rows"][0]["drift"]["input_tokens"] is None


def test_tolerance_days_and_names_may_be_given(client: TestClient) -> None:
    content = COSTS.replace("small", "big").encode()

    def beyond(**query: str) -> object:
        return client.post(PATH, params={"provider": "acme", **query}, content=content, headers=ROOT).json()["beyond"]

    assert beyond() is True
    assert beyond(map="big=small", tolerance="20") is False
    assert beyond(**DAYS, map="big=small", tolerance="19.9") is True


@pytest.mark.parametrize(
    ("query", "content", "status", "code", "told"),
    [
        ({"provider": "nobody"}, "", 404, "provider_not_found", "There is no such provider"),
        ({"provider": "local"}, "", 409, "no_reports", "known are those of"),
        ({"provider": "acme", "map": "x"}, COSTS, 422, "invalid_field", "write THEIRS=OURS"),
        ({"provider": "acme", "from": "x"}, COSTS, 422, "invalid_field", "'x' is not a day"),
        ({"provider": "acme", "from": "2026-01-01"}, COSTS, 422, "invalid_report", "a last day are needed"),
        ({"provider": "acme"}, COSTS.replace("2.50", "x"), 422, "invalid_report", "report.csv:2: column amount_value"),
        ({"provider": "acme", "file": "may.csv"}, "a,b\n", 422, "invalid_report", "may.csv:1: the columns"),
        ({"provider": "acme"}, "", 422, "invalid_report", "is not a CSV file"),
        ({"provider": "acme"}, b"\xff\xfe\xff", 422, "invalid_report", "not UTF-8"),
        ({"provider": "acme"}, b"x" * (MAX_FILE_BYTES + 1), 413, "body_too_large", "larger than"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "",
)
def test_what_cannot_be_compared_is_told(
    client: TestClient, query: dict[str, str], content: str | bytes, status: int, code: str, told: str
) -> None:
    answer = client.post(PATH, params=query, content=content, headers=ROOT)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert told in answer.json()["detail"]


def test_a_vendor_that_refuses_is_told_and_the_key_is_not(client: TestClient, api: ReportApi) -> None:
    api.failures = [(403, {})]

    answer = client.get(PATH, params={"provider": "acme", **DAYS}, headers=ROOT)

    assert (answer.status_code, answer.json()["code"]) == (502, "report_unavailable")
    assert KEY not in answer.text


def test_a_provider_without_a_key_for_its_bills_is_told(client: TestClient, installation: Installation) -> None:
    installation.state.settings = replace(installation.settings, report_keys={})

    answer = client.get(PATH, params={"provider": "acme", **DAYS}, headers=ROOT)

    assert (answer.status_code, answer.json()["code"]) == (409, "no_report_key")


def test_only_an_admin_compares_bills(client: TestClient) -> None:
    for ask in (client.get, client.post):
        assert ask(PATH, params={"provider": "acme", **DAYS}).status_code == 401
        assert [ask(PATH, params={"provider": "acme", **DAYS}, headers=who).status_code for who in (ALICE, MASTER)] == [
            403,
            403,
        ]
