from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, ROOT, Installation
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import flat_price
from tokenrouter.jobs.provider_status import CoolingTarget, ProviderStatus
from tokenrouter.store.ledger import Row, record

PATH = "/api/v1/models"
HOUR_US = 3_600_000_000
BETA = Provider("beta", "openai-compatible", "http://127.0.0.1:9001/v1", models=("large", "zeta"))
OFF = Provider("off", "openai-compatible", "http://127.0.0.1:9002/v1", models=("gone",), enabled=False)


@pytest.fixture(autouse=True)
def models(installation: Installation) -> None:
    (acme,) = installation.settings.providers
    installation.declare(
        providers=(replace(acme, models=("small", "tiny")), BETA, OFF),
        prices={"acme/small": flat_price(150, 600), "beta/large": flat_price(0, 0)},
        facts={"acme/small": ModelFacts(128_000, 16_000)},
    )
    installation.provider_statuses = (
        ProviderStatus("acme", "openai-compatible", "file", "online", response_ms=12.5, checked_at_s=1_000.0),
        ProviderStatus(
            "beta",
            "openai-compatible",
            "file",
            "online",
            cooling=[CoolingTarget("large", "provider_timeout", 1_800_000_010.0)],
        ),
    )
    used = Usage(input_tokens=100, output_tokens=50, cached_input_tokens=20)
    rows = [
        entry("1", latency_us=3_000_000, first_token_us=1_000_000, usage=used, cost_nano_usd=25),
        entry("2", status=502, end_reason="provider_error", usage=Usage()),
        entry("3", provider="beta", model="large", key_id="root", key_name="root", user="", team=""),
        entry("4", provider="acme", model="mapped"),
        entry("5", provider="acme", model="tiny", started_us=NOON_US - 10 * HOUR_US),
        entry("6", provider="vanished", model="small"),
    ]
    record(installation.store, [Row(row) for row in rows], {})


def listed(client: TestClient, headers: dict[str, str] = ROOT, **params: Any) -> list[str]:
    answer = client.get(PATH, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


def test_a_row_tells_all_that_is_known_of_a_model(client: TestClient) -> None:
    row = client.get(PATH, headers=ROOT, params={"q": "acme/small"}).json()["data"][0]

    operations = row.pop("operations")
    assert {"chat", "embeddings"} <= {*operations}
    assert row == {
        "id": "acme/small",
        "provider": "acme",
        "provider_display_name": "acme",
        "kind": "openai-compatible",
        "origin": "file",
        "model": "small",
        "listed": True,
        "offered": True,
        "status": "online",
        "problem": "",
        "checked_at": "1970-01-01T00:16:40Z",
        "response_ms": 12.5,
        "cooling_until": None,
        "cooling_reason": "",
        "priced": True,
        "free": False,
        "input_per_1m": "0.15",
        "cached_input_per_1m": "0.15",
        "output_per_1m": "0.6",
        "price_source": "operator",
        "price_dated": "",
        "priced_at": None,
        "context_tokens": 128_000,
        "max_output_tokens": 16_000,
        "aliases": [{"name": "fast", "scope": "global"}],
        "in_profile": True,
        "requests": 2,
        "failed": 1,
        "failure_rate": 0.5,
        "input_tokens": 100,
        "cached_input_tokens": 20,
        "output_tokens": 50,
        "cost_usd": "0.00000005",
        "cost_nano_usd": 50,
        "prompt_tokens_per_s": 100.0,
        "generated_tokens_per_s": 25.0,
        "first_token_ms": 1000.0,
    }


def test_around_the_rows_stands_what_a_page_shows_besides(client: TestClient) -> None:
    told = client.get(PATH, headers=ROOT, params={"limit": 1, "provider": "acme"}).json()

    assert told["total"] == 3
    assert [(one["name"], one["models"], one["status"]) for one in told["providers"]] == [
        ("acme", 3, "online"),
        ("beta", 2, "online"),
        ("off", 1, "disabled"),
    ]
    assert (told["priced"], told["free"], told["active_model_profile"]) == (2, 1, "default")
    assert told["counted"] == {"range_s": 28_800, "since": "2026-01-01T04:00:00Z", "whole": True}


def test_a_model_that_was_asked_for_and_is_in_no_list_is_shown_too(client: TestClient) -> None:
    rows = {row["id"]: row for row in client.get(PATH, headers=ROOT).json()["data"]}

    assert (rows["acme/mapped"]["listed"], rows["acme/mapped"]["requests"]) == (False, 1)
    assert "vanished/small" not in rows


def test_what_a_model_was_asked_for_is_of_the_range(client: TestClient) -> None:
    def requests(range_s: int) -> int:
        row = client.get(f"{PATH}/acme/tiny", headers=ROOT, params={"range": range_s}).json()["model"]
        return int(row["requests"])

    assert (requests(8 * 3600), requests(12 * 3600)) == (0, 1)


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({"provider": "beta"}, ["beta/large", "beta/zeta"]),
        ({"status": "cooling"}, ["beta/large"]),
        ({"status": "disabled"}, ["off/gone"]),
        ({"free": True}, ["beta/large"]),
        ({"priced": True}, ["acme/small", "beta/large"]),
        ({"priced": False, "provider": "beta"}, ["beta/zeta"]),
        ({"used": True}, ["acme/mapped", "acme/small", "beta/large"]),
        ({"in_profile": True}, ["acme/small", "acme/tiny"]),
        ({"name": ["beta/zeta", "acme/tiny", "acme/none"]}, ["acme/tiny", "beta/zeta"]),
        ({"q": "LOCAL"}, ["acme/tiny"]),
        ({"q": "no such"}, []),
    ],
)
def test_filters_restrict(client: TestClient, params: dict[str, Any], ids: list[str]) -> None:
    assert listed(client, **params) == ids


@pytest.mark.parametrize(
    ("sort", "order", "ids"),
    [
        ("provider", "asc", ["acme/mapped", "acme/small", "acme/tiny", "beta/large", "beta/zeta", "off/gone"]),
        ("provider", "desc", ["off/gone", "beta/zeta", "beta/large", "acme/tiny", "acme/small", "acme/mapped"]),
        ("name", "asc", ["off/gone", "beta/large", "acme/mapped", "acme/small", "acme/tiny", "beta/zeta"]),
        ("input_price", "asc", ["beta/large", "acme/small"]),
        ("output_price", "desc", ["acme/small", "beta/large"]),
        ("requests", "desc", ["acme/small", "acme/mapped", "beta/large"]),
        ("tokens", "desc", ["acme/small", "acme/mapped"]),
        ("speed", "desc", ["acme/small"]),
        ("first_token", "asc", ["acme/small"]),
        ("failures", "desc", ["acme/small", "acme/mapped", "beta/large"]),
        ("context", "desc", ["acme/small"]),
        ("status", "asc", ["beta/large", "off/gone"]),
    ],
)
def test_the_server_sorts_and_what_nobody_knows_is_last(
    client: TestClient, sort: str, order: str, ids: list[str]
) -> None:
    assert listed(client, sort=sort, order=order)[: len(ids)] == ids


@pytest.mark.parametrize("sort", ["name", "provider", "requests", "input_price"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_follow_each_other_in_every_order(client: TestClient, sort: str, order: str) -> None:
    asked: dict[str, Any] = {"sort": sort, "order": order, "limit": 4}
    first = client.get(PATH, headers=ROOT, params=asked).json()
    second = client.get(PATH, headers=ROOT, params={**asked, "after": first["next"]}).json()

    assert [row["id"] for row in first["data"] + second["data"]] == listed(client, sort=sort, order=order)
    assert second["next"] is None


def test_the_cursor_of_another_order_is_refused(client: TestClient) -> None:
    after = client.get(PATH, headers=ROOT, params={"limit": 1}).json()["next"]

    assert client.get(PATH, headers=ROOT, params={"after": after, "sort": "requests"}).status_code == 422


def test_the_rows_are_a_table_as_well(client: TestClient) -> None:
    answer = client.get(PATH, headers=ROOT, params={"format": "csv", "provider": "acme", "limit": 1})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [line.split(",")[0] for line in answer.text.splitlines()] == ["id", "acme/mapped", "acme/small", "acme/tiny"]


def test_one_model_has_an_address(client: TestClient) -> None:
    told = client.get(f"{PATH}/beta/large", headers=ROOT).json()

    assert (told["model"]["status"], told["model"]["cooling_reason"]) == ("cooling", "provider_timeout")
    assert told["model"]["cooling_until"] == "2027-01-15T08:00:10Z"
    missing = client.get(f"{PATH}/beta/none", headers=ROOT)
    assert (missing.status_code, missing.json()["code"]) == (404, "model_not_found")


def test_a_key_sees_what_it_may_use_and_what_it_used_itself(client: TestClient) -> None:
    assert listed(client, ALICE) == ["acme/mapped", "acme/small", "acme/tiny", "beta/large", "beta/zeta"]

    row = client.get(f"{PATH}/beta/large", headers=ALICE).json()["model"]
    assert row["requests"] == 0


@pytest.mark.parametrize("params", [{"sort": "colour"}, {"order": "up"}, {"range": 1}, {"status": "well"}])
def test_bad_questions_are_refused(client: TestClient, params: dict[str, Any]) -> None:
    assert client.get(PATH, headers=ROOT, params=params).status_code == 422


def test_what_a_provider_said_is_for_who_may_read_providers(client: TestClient, installation: Installation) -> None:
    said = ProviderStatus("acme", "openai-compatible", "file", "offline", problem="10.0.0.7 refused the connection")
    installation.provider_statuses = (said,)

    own, all_of_it = (client.get(f"{PATH}/acme/small", headers=one).json()["model"] for one in (ALICE, ROOT))

    assert (own["status"], own["problem"]) == ("offline", "")
    assert all_of_it["problem"] == "10.0.0.7 refused the connection"
