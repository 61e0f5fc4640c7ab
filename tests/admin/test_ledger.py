import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, ROOT, Installation
from tests.journal.captured import captured
from tests.store.entries import NOON_US, entry
from tokenrouter.jobs.conversation_drain import record_of
from tokenrouter.store.conversations import take_in_file
from tokenrouter.store.ledger import Row, record

LEDGER = "/api/v1/ledger"


@pytest.fixture(autouse=True)
def rows(installation: Installation) -> None:
    entries = [
        entry("1"),
        entry("2", provider="other", cost_nano_usd=None),
        entry("3", started_us=NOON_US + 86_400_000_000, end_reason="provider_cut"),
    ]
    record(installation.store, [Row(one) for one in entries], {})


def ids(client: TestClient, **params: str | int) -> list[str]:
    return [row["id"] for row in client.get(LEDGER, headers=ROOT, params=params).json()["data"]]


def test_pages_follow_each_other_to_the_end(client: TestClient) -> None:
    first = client.get(LEDGER, headers=ROOT, params={"limit": 2}).json()
    second = client.get(LEDGER, headers=ROOT, params={"limit": 2, "after": first["next"]}).json()

    assert [row["id"] for row in first["data"] + second["data"]] == ["3", "2", "1"]
    assert second["next"] is None


def test_a_row_tells_the_time_and_the_exact_cost(client: TestClient) -> None:
    row = client.get(LEDGER, headers=ROOT, params={"provider": "acme", "to": "2026-01-01"}).json()["data"][0]

    assert row["started_at"] == "2026-01-01T12:00:00.000Z"
    assert (row["cost_usd"], row["cost_nano_usd"]) == ("0.000000025", 25)
    assert row["usage"]["input_tokens"] == 10


def test_a_cost_that_nobody_knows_is_none_and_not_zero(client: TestClient) -> None:
    row = client.get(LEDGER, headers=ROOT, params={"provider": "other"}).json()["data"][0]

    assert row["cost_usd"] is None


def test_filters_restrict(client: TestClient) -> None:
    assert ids(client, end_reason="provider_cut") == ["3"]
    assert ids(client, key="alice", provider="acme") == ["3", "1"]
    assert ids(client, key="nobody") == []
    assert ids(client, **{"from": "2026-01-02"}) == ["3"]
    assert ids(client, to="2026-01-01") == ["2", "1"]
    assert ids(client, to="9998-12-31") == ["3", "2", "1"]


@pytest.mark.parametrize("params", [{"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"end_reason": "bored"}])
def test_bad_questions_are_refused(client: TestClient, params: dict[str, str]) -> None:
    assert client.get(LEDGER, headers=ROOT, params=params).status_code == 422


def test_the_rows_are_a_table_as_well(client: TestClient) -> None:
    answer = client.get(LEDGER, headers=ROOT, params={"format": "csv", "limit": 1, "provider": "acme"})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [line.split(",")[0] for line in answer.text.splitlines()] == ["id", "3", "1"]


def test_a_cursor_of_another_list_is_refused(client: TestClient) -> None:
    after = client.get("/api/v1/keys", headers=ROOT, params={"limit": 1}).json()["next"]

    assert client.get(LEDGER, headers=ROOT, params={"after": after}).status_code == 422


def test_rows_are_found_by_a_word(client: TestClient) -> None:
    assert ids(client, q="3") == ["3"]
    assert ids(client, q="other") == ["2"]
    assert ids(client, q="acme", end_reason="provider_cut") == ["3"]
    assert ids(client, q="nothing") == []
    assert ids(client, error="nothing") == []


def test_how_they_ended_what_they_cost_and_how_long_they_took(client: TestClient, installation: Installation) -> None:
    more = [
        entry("4", status=502, end_reason="provider_error", latency_us=3_000_000, stream=True),
        entry("5", status=429, end_reason="limit_reached", cost_nano_usd=5_000_000_000),
    ]
    record(installation.store, [Row(one) for one in more], {})

    assert ids(client, status="failed") == ["3", "5", "4"]
    assert ids(client, status="ok") == ["2", "1"]
    assert (ids(client, status="4xx"), ids(client, status="5xx"), ids(client, status="cut")) == (["5"], ["4"], ["3"])
    assert ids(client, status="failed", q="acme", provider="acme", team="physics") == ["3", "5", "4"]
    assert ids(client, stream="true") == ["4"]
    assert ids(client, min_cost_usd="4.99") == ["5"]
    assert ids(client, min_latency_ms=3000) == ["4"]


def test_a_moment_says_when_as_well_as_a_day(client: TestClient) -> None:
    assert ids(client, **{"from": "2026-01-01T12:00:00Z", "to": "2026-01-01T12:00:01Z"}) == ["2", "1"]
    assert ids(client, **{"from": "2026-01-01T12:00:01Z"}) == ["3"]
    assert ids(client, **{"from": "2026-01-01T13:00", "to": "2026-01-01T13:01", "tz": "Europe/Berlin"}) == ["2", "1"]


def test_a_row_leads_to_its_conversation_where_it_was_kept(client: TestClient, installation: Installation) -> None:
    take_in_file(installation.store, installation.state.sealing, "1", [record_of(captured("1"))])

    rows = {row["id"]: row["conversation"] for row in client.get(LEDGER, headers=ROOT).json()["data"]}

    assert rows["1"] is not None
    assert rows["2"] is None
    assert client.get(f"/api/v1/conversations/{rows['1']}", headers=ROOT).status_code == 200
    assert client.get(LEDGER, headers=ALICE).json()["data"][-1]["conversation"] is None
