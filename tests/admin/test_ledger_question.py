from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.store.entries import NOON_US, entry
from tokenrouter.store.ledger import Row, record

LEDGER = "/api/v1/ledger"


@pytest.fixture
def asked(client: TestClient, installation: Installation) -> TestClient:
    rows = [
        entry("req_cheap", started_us=NOON_US, cost_nano_usd=10**6, latency_us=1_000, stream=False),
        entry("req_dear", started_us=NOON_US + 1_000_000, cost_nano_usd=5 * 10**9, latency_us=9_000_000, stream=True),
        entry("req_late", started_us=NOON_US + 3_600_000_000, end_reason="provider_error", status=500),
    ]
    record(installation.store, [Row(one) for one in rows], {})
    return client


def _ids(client: TestClient, **filters: object) -> set[str]:
    answer = client.get(LEDGER, headers=ROOT, params={name: str(value) for name, value in filters.items()})
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["data"]}


def test_requests_are_asked_for_by_what_they_cost_and_how_long_they_took(asked: TestClient) -> None:
    assert _ids(asked, min_cost_usd="4.99") == {"req_dear"}
    assert "req_cheap" not in _ids(asked, min_latency_ms=2)
    assert _ids(asked, stream="true", min_cost_usd="1") == {"req_dear"}


def test_requests_are_asked_for_by_how_they_ended(asked: TestClient) -> None:
    assert _ids(asked, status="failed") == _ids(asked, status="5xx") == {"req_late"}
    assert "req_late" not in _ids(asked, status="ok")


def test_a_period_is_of_moments_or_days_and_one_that_is_none_is_refused(asked: TestClient) -> None:
    an_hour_later = datetime.fromtimestamp(NOON_US / 1e6 + 3600, UTC).isoformat()
    answer = asked.get(LEDGER, headers=ROOT, params={"from": an_hour_later, "to": "2020-01-01"})

    assert _ids(asked, **{"from": an_hour_later}) == {"req_late"}
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
