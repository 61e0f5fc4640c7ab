from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.quotas import QuotaSnapshot, measured
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.store.ledger import Row, record

USAGE = Usage(input_tokens=100, output_tokens=50, cached_input_tokens=40)
ROWS = (
    entry("01", usage=USAGE, latency_us=3_000_000, first_token_us=1_000_000, client_tool="curl", client_ip="192.0.2.1"),
    entry("02", usage=USAGE, latency_us=1_000_000, client_tool="OpenAI", client_ip="192.0.2.1"),
    entry("03", usage=Usage(), status=502, key_id="key_bob", key_name="bob", requested_model="best"),
    entry("04", started_us=NOON_US - 7200 * 10**6),
)


@pytest.fixture(autouse=True)
def _used(installation: Installation) -> None:
    record(installation.store, [Row(replace(row)) for row in ROWS], {})
    installation.now_s += 60


def stats(client: TestClient, query: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/admin/api/stats{query}", headers=ROOT).json()
    return answer


def status(client: TestClient, key_id: str, query: str = "") -> dict[str, Any]:
    headers = {"x-tokenrouter-key-id": key_id}
    answer: dict[str, Any] = client.get(f"/internal/status{query}", headers=headers).json()
    return answer


def test_the_last_hour_is_summed_up(client: TestClient, installation: Installation) -> None:
    told = stats(client)

    assert installation.drains == 1
    assert (told["period_seconds"], told["requests"], told["failed_requests"]) == (3600, 3, 1)
    assert (told["prompt_tokens"], told["prompt_cached_tokens"], told["completion_tokens"]) == (200, 80, 100)
    assert (told["total_tokens"], told["avg_latency_ms"]) == (300, 1333.333)
    assert (told["avg_prompt_tps"], told["avg_generation_tps"]) == (66.667, 25.0)


def test_requests_are_counted_by_whom_and_where(client: TestClient) -> None:
    told = stats(client)

    assert told["requests_per_provider"] == {"acme": 3}
    assert told["requests_per_model"] == {"acme/small": 2, "best": 1}
    assert told["requests_per_client_type"] == {"curl": 1, "openai": 1, "unknown": 1}
    assert told["requests_per_user_agent"] == {"curl": 1, "OpenAI": 1}
    assert told["requests_per_client_ip"] == {"192.0.2.1": 2}
    assert told["requests_per_api_key_name"] == {"alice": 2, "bob": 1}


def test_buckets_are_minutes_of_an_hour_and_five_of_them_of_more(client: TestClient) -> None:
    told = stats(client)["buckets"]

    assert {bucket["slot_seconds"] for bucket in told} == {60}
    assert {bucket["start_at"] for bucket in told} == {"2026-01-01T12:00:00Z"}
    assert sum(bucket["requests"] for bucket in told) == 3
    assert {bucket["slot_seconds"] for bucket in stats(client, "?period_seconds=14400")["buckets"]} == {300}


@pytest.mark.parametrize("text", ["0", "-1", "x", "99999999999999999999"])
def test_a_period_that_is_none_is_an_hour(client: TestClient, text: str) -> None:
    assert stats(client, f"?period_seconds={text}")["period_seconds"] == 3600


def test_a_period_has_a_bound(client: TestClient) -> None:
    assert stats(client, "?period_seconds=99999999999")["period_seconds"] == 366 * 86_400


def test_providers_and_their_quotas_are_told(client: TestClient, installation: Installation) -> None:
    metric = measured("requests_1d", "requests", "requests", now_s=1.0, window="1d", limit=10, remaining=4)
    snapshot = QuotaSnapshot("acme", "openai-compatible", "Acme", "headers", "ok", checked_at_s=1.0, metrics=(metric,))
    installation.state.quotas = lambda: [snapshot]
    installation.provider_statuses = (
        ProviderStatus("acme", "openai-compatible", "file", "online"),
        ProviderStatus("off", "openai-compatible", "file", "disabled"),
        ProviderStatus("away", "openai-compatible", "file", "offline"),
    )

    told = stats(client)

    assert (told["providers_available"], told["providers_online"]) == (2, 1)
    quota = told["provider_quotas"]["acme"]
    assert (quota["provider_type"], quota["status"], quota["left_percent"]) == ("openai-compatible", "ok", 40.0)
    assert quota["metrics"][0]["remaining_value"] == 4


def test_force_asks_the_providers_before(client: TestClient, installation: Installation) -> None:
    asked = []

    async def ask() -> None:
        asked.append("now")

    installation.state.ask_quotas = ask

    stats(client, "?force=0")
    assert not asked
    stats(client, "?force=1")
    assert asked


def test_a_key_is_told_of_its_own_requests_and_an_administrator_of_all(client: TestClient) -> None:
    own, everybodys = status(client, "key_alice"), status(client, "root")

    assert (own["requests"], own["total_tokens"], own["failed_requests"]) == (2, 300, 0)
    assert everybodys["requests"] == 3
    assert own["provider_quotas"] == {}
    assert own["checked_at"] == "2026-01-01T12:01:00Z"
    assert own["version"]


def test_a_longer_period_has_more(client: TestClient) -> None:
    assert status(client, "key_alice", "?period_seconds=10800")["requests"] == 3


def test_a_key_that_is_gone_is_told_so(client: TestClient) -> None:
    assert client.get("/internal/status", headers={"x-tokenrouter-key-id": "gone"}).status_code == 404
