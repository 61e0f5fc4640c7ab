from dataclasses import replace

from fastapi.testclient import TestClient

from tests.admin.installation import MASTER, PROVIDER_SECRET, ROOT, Installation
from tokenrouter import __version__
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.provider_status import ProviderStatus


def test_providers_are_shown_without_any_secret(client: TestClient) -> None:
    answer = client.get("/api/v1/providers", headers=ROOT)

    provider = answer.json()["data"][0]
    assert (provider["name"], provider["is_default"], provider["has_secret"]) == ("acme", True, True)
    assert provider["base_url"] == "http://127.0.0.1:9000/v1"
    assert provider["declared_at"] == "torod.toml:1"
    assert PROVIDER_SECRET not in answer.text


def test_why_a_provider_lists_no_models_is_told(client: TestClient, installation: Installation) -> None:
    refusing = ProviderStatus("acme", "openai-compatible", "file", "auth problem", "it refuses the key")
    installation.provider_statuses = (refusing,)

    assert client.get("/api/v1/providers", headers=ROOT).json()["data"][0]["problem"] == "it refuses the key"


def test_a_provider_that_cannot_be_used_says_why_and_not_its_password(
    client: TestClient, installation: Installation
) -> None:
    broken = Provider(name="broken", kind="openai-compatible", base_url="https://me:hunter2@example.com/v1?key=hunter2")
    installation.settings = replace(installation.settings, providers=(broken,))

    answer = client.get("/api/v1/providers", headers=ROOT)

    assert answer.json()["data"][0]["base_url"] == "https://example.com/v1"
    assert answer.json()["data"][0]["problem"]
    assert "hunter2" not in answer.text


def test_the_version_is_told_to_key_makers(client: TestClient) -> None:
    told = client.get("/api/v1/version", headers=MASTER).json()

    assert told == {"version": __version__, "address": "http://127.0.0.1:8080", "catalog_version": 7, "workers": 0}
