from dataclasses import replace

from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.store.entries import entry
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import flat_price
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.store.ledger import Row, record

PATH = "/admin/api/models"


def test_every_model_is_a_row_with_its_price_and_how_fast_it_was(
    client: TestClient, installation: Installation
) -> None:
    prices = {"acme/small": flat_price(150, 600, "operator")}
    empty = Provider("empty", "openai-compatible", "http://127.0.0.1:9001/v1", enabled=False)
    providers = (*installation.settings.providers, empty)
    installation.settings = replace(installation.settings, prices=prices, providers=providers, aliases=())
    installation.provider_statuses = (
        ProviderStatus("acme", "openai-compatible", "file", "online", response_ms=12.4, checked_at_s=1_000.0),
    )
    usage = Usage(input_tokens=100, output_tokens=50)
    rows = (entry("01", latency_us=1_000_000, usage=usage), entry("02", status=502, usage=Usage(), client_ip="::1"))
    record(installation.store, [Row(row) for row in rows], {})

    told = client.get(f"{PATH}/catalog", headers=ROOT).json()

    assert told["fetched_at"] == "2026-01-01T12:00:00Z"
    assert told["data"][0] == {
        "provider": "acme",
        "provider_type": "openai-compatible",
        "provider_display_name": "acme",
        "model": "small",
        "status": "online",
        "response_ms": 12,
        "checked_at": "1970-01-01T00:16:40Z",
        "currency": "USD",
        "input_per_1m": 0.15,
        "output_per_1m": 0.6,
        "perf_requests": 2,
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "failure_rate": 50.0,
        "avg_prompt_tps": 50.0,
        "avg_generation_tps": 25.0,
    }
    assert (told["data"][1]["model"], told["data"][1]["status"]) == ("", "disabled")
    assert client.get(PATH, headers=ROOT).json() == told


def test_aliases_are_rows_too(client: TestClient) -> None:
    rows = {row["model"]: row for row in client.get(PATH, headers=ROOT).json()["data"]}

    assert rows["fast"]["kind"] == "alias"
    assert (rows["fast"]["resolved_provider"], rows["fast"]["resolved_model"]) == ("acme", "small")
    assert (rows["fast"]["active_profile"], rows["fast"]["alias_profiles"]) == ("default", ["default", "home"])
    assert rows["fast"]["status"] == "online"


def test_providers_are_asked_for_their_models_on_demand(client: TestClient, installation: Installation) -> None:
    asked = []

    async def ask() -> None:
        asked.append("now")

    installation.state.ask_providers = ask

    told = client.post(f"{PATH}/refresh", headers=ROOT).json()

    assert asked
    assert told == {"data": [{"id": "acme/small", "object": "model", "provider": "acme"}]}


def test_prices_are_asked_for_on_demand(client: TestClient) -> None:
    assert client.get(f"{PATH}/catalog?refresh=1", headers=ROOT).json()["pricing_cache_updated_at"]
