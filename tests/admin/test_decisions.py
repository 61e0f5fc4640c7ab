from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.journal.captured import captured
from tests.store.entries import entry
from tokenrouter.jobs.conversation_drain import record_of
from tokenrouter.store.conversations import take_in_file
from tokenrouter.store.ledger import Row, record

DECISION = '{"by":"alias","order":["acme/small","other/large"]}'


@pytest.fixture(autouse=True)
def rows(installation: Installation) -> None:
    first = entry("req_1", status=503, end_reason="provider_error", count=0)
    second = entry("req_1.2", provider="other", model="large", decision=DECISION)
    record(installation.store, [Row(first), Row(second), Row(entry("req_2"))], {})


def own(client: TestClient, request_id: str, key_id: str) -> Any:
    return client.get(f"/internal/decisions/{request_id}", headers={"x-tokenrouter-key-id": key_id})


@pytest.mark.parametrize("key_id", ["key_alice", "parent"])
def test_a_key_and_those_above_it_are_told_how_its_request_was_decided(client: TestClient, key_id: str) -> None:
    told = own(client, "req_1", key_id).json()

    assert told["decision"] == {"by": "alias", "order": ["acme/small", "other/large"]}
    assert (told["provider"], told["model"], told["status"]) == ("other", "large", 200)


def test_another_key_learns_no_more_than_of_a_request_that_never_was(client: TestClient) -> None:
    assert own(client, "req_1", "key_bob").status_code == own(client, "req_9", "key_alice").status_code == 404


def test_the_journals_are_drained_before_it_is_looked_for(client: TestClient, installation: Installation) -> None:
    own(client, "req_1", "key_alice")

    assert installation.drains == 1


def test_an_admin_is_shown_every_attempt(client: TestClient) -> None:
    told = client.get("/api/v1/ledger/req_1", headers=ROOT).json()

    assert [row["id"] for row in told["attempts"]] == ["req_1", "req_1.2"]
    assert told["attempts"][1]["decision"] == told["decision"]
    assert client.get("/api/v1/ledger/req_9", headers=ROOT).status_code == 404
    assert client.get("/api/v1/ledger/req_1").status_code == 401


def test_all_attempts_lead_to_the_conversation_that_the_request_is_kept_in(
    client: TestClient, installation: Installation
) -> None:
    take_in_file(installation.store, installation.state.sealing, "1", [record_of(captured("req_1"))])

    told = client.get("/api/v1/ledger/req_1.2", headers=ROOT).json()["attempts"]

    assert len({row["conversation"] for row in told}) == 1
    assert client.get(f"/api/v1/conversations/{told[1]['conversation']}", headers=ROOT).status_code == 200


def test_exports_and_checks_keep_their_addresses(client: TestClient) -> None:
    assert client.get("/api/v1/ledger/export", headers=ROOT, params={"month": "2026-01"}).text.startswith("id,")
    assert "complete" in client.get("/api/v1/ledger/verify", headers=ROOT).json()
