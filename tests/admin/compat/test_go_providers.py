from dataclasses import replace

from fastapi.testclient import TestClient

from tests.admin.installation import PROVIDER_SECRET, ROOT, Installation
from tokenrouter.domain.prices import flat_price
from tokenrouter.jobs.provider_status import ProviderStatus

PATH = "/admin/api/providers"


def test_providers_are_a_list_of_rows(client: TestClient, installation: Installation) -> None:
    prices = {"acme/small": flat_price(1, 2, "operator"), "acme/gift": flat_price(0, 0, "operator")}
    installation.settings = replace(installation.settings, prices=prices)
    installation.provider_statuses = (
        ProviderStatus("acme", "openai-compatible", "file", "online", response_ms=12.4, checked_at_s=1_000.0),
    )

    answer = client.get(PATH, headers=ROOT)

    (row,) = answer.json()
    assert row == {
        "display_name": "acme",
        "name": "acme",
        "provider_type": "openai-compatible",
        "base_url": "http://127.0.0.1:9000/v1",
        "timeout_seconds": 600,
        "status": "online",
        "model_count": 2,
        "priced_models": 2,
        "free_models": 1,
        "pricing_last_update": "",
        "response_ms": 12,
        "checked_at": "1970-01-01T00:16:40Z",
        "managed": True,
    }
    assert PROVIDER_SECRET not in answer.text


def test_known_vendors_are_told_with_what_one_must_know_to_use_them(client: TestClient) -> None:
    rows = {row["name"]: row for row in client.get(f"{PATH}/popular", headers=ROOT).json()}

    assert len(rows) > 30
    assert rows["openai"]["base_url"].startswith("https://")
    assert rows["openai"]["api_key_env"] == "OPENAI_API_KEY"
    assert "{" in rows["azure"]["base_url_template"]
    assert "base_url" not in rows["azure"]


def test_a_refresh_asks_everybody(client: TestClient, installation: Installation) -> None:
    asked = []

    async def ask() -> None:
        asked.append("now")

    installation.state.ask_providers = ask

    assert client.post(f"{PATH}/refresh", headers=ROOT).json() == {
        "status": "ok",
        "providers": 1,
        "pricing_fresh_touched": 0,
    }
    assert asked


def test_a_refresh_that_takes_too_long_answers_with_what_is_known(
    client: TestClient, installation: Installation
) -> None:
    async def ask() -> None:
        raise TimeoutError

    installation.state.ask_providers = ask

    assert client.post(f"{PATH}/refresh", headers=ROOT).json()["status"] == "ok"


def test_signing_in_to_providers_is_refused_in_words(client: TestClient) -> None:
    for path in ("device-code", "device-token", "oauth/start"):
        refused = client.post(f"{PATH}/{path}", headers=ROOT, json={"provider": "openai"})
        assert refused.status_code == 400
        assert "API key" in refused.text
    result = client.get(f"{PATH}/oauth/result?state=x", headers=ROOT)
    assert (result.status_code, result.json()["ok"]) == (404, False)
