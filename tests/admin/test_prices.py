from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ALICE, ROOT, Installation
from tokenrouter.domain.prices import flat_price
from tokenrouter.store.prices import find_price

PRICES = "/api/v1/prices"
SMALL = {"input_per_1m": "0.15", "output_per_1m": 0.6}


def put(client: TestClient, name: str = "acme/small", headers: dict[str, str] = ROOT, **fields: Any) -> Response:
    return client.put(f"{PRICES}/{name}", headers=headers, json={**SMALL, **fields})


def listed(client: TestClient, **params: Any) -> list[str]:
    rows = client.get(PRICES, headers=ROOT, params=params).json()["data"]
    return [f"{row['provider']}/{row['model']} {row['origin']}" for row in rows]


def test_a_price_that_is_set_counts_until_it_is_removed(client: TestClient, installation: Installation) -> None:
    tiers = [{"above_tokens": 200_000, "input_per_1m": "0.3", "output_per_1m": "1.2"}]
    first = put(client, tiers=tiers, service_tiers={"batch": {"percent": 50}}, per_request="0.001", comment="spring")
    shown = first.json()

    assert (first.status_code, put(client, comment="x").status_code) == (201, 200)
    assert (shown["origin"], shown["source"], shown["comment"]) == ("database", "operator", "spring")
    assert (shown["input_per_1m"], shown["output_per_1m"], shown["per_request"]) == ("0.15", "0.6", "0.001")
    assert shown["tiers"][0]["above_tokens"] == 200_000
    assert shown["service_tiers"]["batch"]["output_per_1m"] == "0.3"
    assert installation.catalog().prices["acme/small"].rates.input == 150_000_000

    assert client.delete(f"{PRICES}/acme/small", headers=ROOT).json()["comment"] == "x"
    assert "acme/small" not in installation.catalog().prices
    assert client.delete(f"{PRICES}/acme/small", headers=ROOT).status_code == 404
    assert client.get(f"{PRICES}/acme/small", headers=ROOT).status_code == 404


def test_names_of_models_may_have_slashes_and_stars(client: TestClient) -> None:
    assert put(client, "acme/org/big").status_code == 201
    assert put(client, "acme/mini-*").status_code == 201
    assert listed(client) == ["acme/mini-* database", "acme/org/big database"]


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("acne/small", {}, "provider: there is no provider 'acne'"),
        ("acme/small", {"input_per_1m": None}, "input_per_1m: is missing"),
        ("acme/small", {"input_per_1m": "-1"}, "input_per_1m: -1 is negative"),
        ("acme/small", {"input_per_1m": "cheap"}, "input_per_1m"),
        ("acme/small", {"service_tiers": {"default": {"percent": 1}}}, "service_tiers.default"),
        ("acme/small", {"inputt": 1}, "inputt"),
    ],
)
def test_what_cannot_be_a_price_is_refused(
    client: TestClient, installation: Installation, name: str, fields: dict[str, Any], words: str
) -> None:
    answer = put(client, name, **fields)

    assert (answer.status_code, words in answer.json()["detail"]) == (422, True), answer.text
    assert find_price(installation.store, name) is None


def test_the_files_prices_come_first_and_are_changed_there(client: TestClient, installation: Installation) -> None:
    put(client, "acme/small")
    put(client, "acme/large")
    own = flat_price(1, 2)._replace(dated="torod.toml:9")
    installation.declare(prices={"acme/sm*": own, "acme/tiny": own})

    assert listed(client) == ["acme/large database", "acme/sm* file", "acme/small database", "acme/tiny file"]
    assert client.get(f"{PRICES}/acme/small", headers=ROOT).json()["shadowed"]
    refused = put(client, "acme/tiny")
    assert (refused.status_code, refused.json()["code"]) == (409, "declared_elsewhere")
    assert client.delete(f"{PRICES}/acme/tiny", headers=ROOT).status_code == 409
    assert client.delete(f"{PRICES}/acme/small", headers=ROOT).status_code == 200


def test_lists_come_in_pages_filtered_and_as_a_file(client: TestClient, installation: Installation) -> None:
    installation.gathered_prices = {f"acme/m{number}": flat_price(1, 1, "genai-prices") for number in range(5)}
    put(client, "acme/m1")

    page = client.get(PRICES, headers=ROOT, params={"limit": 2}).json()
    rest = client.get(PRICES, headers=ROOT, params={"limit": 9, "after": page["next"]}).json()
    assert [row["model"] for row in page["data"] + rest["data"]] == ["m0", "m1", "m2", "m3", "m4"]
    assert rest["next"] is None
    assert listed(client, origin="database") == ["acme/m1 database"]
    assert listed(client, q="M4") == ["acme/m4 gathered"]
    csv = client.get(PRICES, headers=ROOT, params={"format": "csv", "q": "m4"})
    assert csv.text.splitlines()[1].startswith("acme,m4,gathered,genai-prices")


def test_two_who_change_the_same_price_do_not_overwrite_each_other(client: TestClient) -> None:
    put(client)
    seen = {**ROOT, "if-match": client.get(f"{PRICES}/acme/small", headers=ROOT).headers["etag"]}

    assert put(client, headers=seen, comment="mine").status_code == 200
    assert put(client, headers=seen, comment="theirs").status_code == 412
    assert put(client, "acme/new", headers=seen).status_code == 412


def test_only_admins_see_and_set_prices(client: TestClient) -> None:
    assert client.get(PRICES, headers=ALICE).status_code == 403
    assert put(client, headers=ALICE).status_code == 403
