from dataclasses import replace
from typing import Any

from fastapi.testclient import TestClient

from tests.admin.installation import PROVIDER_SECRET, ROOT, Installation
from tokenrouter.domain.prices import Price, Rates
from tokenrouter.jobs.pricing_cache import ProviderState
from tokenrouter.jobs.provider_status import CoolingTarget, ProviderStatus

PROVIDERS = "/api/v1/providers"
FREE = Rates(*[0] * 10)
DEAR = Rates(*[10**9] * 10)


def acme(client: TestClient) -> dict[str, Any]:
    shown: dict[str, Any] = client.get(f"{PROVIDERS}/acme", headers=ROOT).json()
    return shown


def use_two_keys(installation: Installation, models: tuple[str, ...] = ("small",)) -> None:
    [provider] = installation.declared.providers
    installation.declare(providers=(replace(provider, other_secrets=("sk-other-0123456789",), models=models),))


def test_models_are_counted_by_what_they_cost(client: TestClient, installation: Installation) -> None:
    use_two_keys(installation, ("gift", "small", "odd", "fee"))
    installation.gathered_prices = {
        "acme/gift": Price(FREE),
        "acme/small": Price(DEAR),
        "acme/fee": Price(FREE, request_nano=1),
    }
    installation.state.pricing.cache.provider_states["acme"] = ProviderState("", "2026-11-21T10:00:00Z", "it is away")

    told = acme(client)["condition"]

    assert (told["free_models"], told["paid_models"], told["unpriced_models"]) == (1, 2, 1)
    assert (told["prices_updated_at"], told["prices_problem"]) == ("2026-11-21T10:00:00Z", "it is away")


def test_of_several_keys_each_is_told_apart_and_none_is_shown(client: TestClient, installation: Installation) -> None:
    use_two_keys(installation)
    cooling = [CoolingTarget("small#2", "provider_credentials", 1_800_000_010.0)]
    installation.provider_statuses = (
        ProviderStatus("acme", "openai-compatible", "file", "online", response_ms=7.5, cooling=cooling),
    )

    answer = client.get(PROVIDERS, headers=ROOT)

    told = answer.json()["data"][0]["condition"]
    assert [(one["name"], one["healthy"]) for one in told["credentials"]] == [("acme#1", True), ("acme#2", False)]
    assert told["credentials"][1]["cooling"][0]["reason"] == "provider_credentials"
    assert (told["response_ms"], told["cooling"][0]["model"]) == (7.5, "small#2")
    assert not [secret for secret in (PROVIDER_SECRET, "sk-other") if secret in answer.text]


def test_a_key_that_is_refused_is_not_healthy(client: TestClient, installation: Installation) -> None:
    installation.provider_statuses = (ProviderStatus("acme", "openai-compatible", "file", "auth problem"),)

    [one] = acme(client)["condition"]["credentials"]
    assert (one["name"], one["healthy"], one["hint"]) == ("acme", False, "")


def test_hints_stand_beside_the_keys_of_the_database(client: TestClient) -> None:
    said = {
        "name": "vendor",
        "base_url": "https://vendor.test/v1",
        "api_keys": ["sk-first-0123456789", "sk-next-012345"],
    }
    client.post(PROVIDERS, headers=ROOT, json={**said, "models": ["big"], "quota_probe": True})

    shown = client.get(f"{PROVIDERS}/vendor", headers=ROOT).json()

    assert [one["hint"] for one in shown["condition"]["credentials"]] == list(shown["secrets"].values())
    assert (shown["listed_models"], shown["quota_probe"], shown["timeouts"]["total_s"]) == (["big"], True, 3600.0)


def test_an_etag_outlives_what_changes_by_itself(client: TestClient, installation: Installation) -> None:
    before = client.get(f"{PROVIDERS}/acme", headers=ROOT).headers["etag"]
    installation.provider_statuses = (ProviderStatus("acme", "openai-compatible", "file", "offline", response_ms=9),)

    assert client.get(f"{PROVIDERS}/acme", headers=ROOT).headers["etag"] == before
