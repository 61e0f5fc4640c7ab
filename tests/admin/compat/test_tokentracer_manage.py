from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.compat.people import person, token_of
from tests.admin.installation import Installation
from tests.store.entries import entry
from tokenrouter.store.aliases import list_aliases
from tokenrouter.store.ledger import Row, record

ALIASES = "/manage/aliases"


@pytest.fixture
def ann(client: TestClient, installation: Installation) -> dict[str, str]:
    person(installation)
    return token_of(client)


def put(client: TestClient, who: dict[str, str], alias: str, **fields: object) -> Response:
    said = {"alias": alias, "target_model": "small", "provider_key_id": 1, **fields}
    return client.post(ALIASES, headers=who, json=said)


def listed(client: TestClient, who: dict[str, str]) -> dict[str, dict[str, Any]]:
    return {one["alias"]: one for one in client.get(ALIASES, headers=who).json()}


def test_providers_and_their_models_are_told(client: TestClient, ann: dict[str, str]) -> None:
    (provider,) = client.get("/manage/providers", headers=ann).json()

    assert (provider["provider"], provider["label"], provider["id"]) == ("openai-compatible", "acme", 1)
    assert "small" in client.get("/manage/providers/1/models", headers=ann).json()
    assert "small" in client.get("/manage/models", headers=ann).json()["acme"]
    assert client.get("/manage/providers/9/models", headers=ann).status_code == 404
    assert client.get("/manage/providers/x/models", headers=ann).status_code == 400


def test_a_provider_of_one_s_own_is_refused_in_words(client: TestClient, ann: dict[str, str]) -> None:
    refused = client.post("/manage/providers", headers=ann, json={"provider": "openai", "api_key": "k", "label": "l"})

    assert refused.status_code == 403
    assert "an administrator adds them" in refused.text


def test_an_alias_is_made_shown_and_put_in_its_own_place(
    client: TestClient, installation: Installation, ann: dict[str, str]
) -> None:
    made = put(client, ann, "smart", use_light_model=True, light_model="tiny", light_model_threshold=50)

    assert (made.status_code, made.content) == (200, b"")
    assert listed(client, ann)["smart"] == {
        "id": 1,
        "alias": "smart",
        "target_model": "small",
        "provider_key_id": 1,
        "fallback_alias_id": None,
        "use_light_model": True,
        "light_model_threshold": 50,
        "light_model": "tiny",
    }
    (stored,) = list_aliases(installation.store)
    assert (stored.alias.scope, stored.alias.targets[0].name, stored.alias.light_model) == (
        "user:ann",
        "acme/small",
        "acme/tiny",
    )
    put(client, ann, "smart", target_model="other")
    assert listed(client, ann)["smart"]["target_model"] == "other"
    assert listed(client, ann)["smart"]["id"] == 1
    assert not listed(client, ann)["smart"]["use_light_model"]


def test_a_fallback_is_one_of_one_s_own_and_leads_in_no_circle(
    client: TestClient, installation: Installation, ann: dict[str, str]
) -> None:
    person(installation, "bob")
    bob = token_of(client, "bob")
    put(client, bob, "his")
    put(client, ann, "first")
    his, first = listed(client, bob)["his"]["id"], listed(client, ann)["first"]["id"]

    foreign = put(client, ann, "second", fallback_alias_id=his)
    assert (foreign.status_code, foreign.text) == (400, "fallback_alias_id is none of your aliases\n")
    assert put(client, ann, "second", fallback_alias_id=first).status_code == 200
    assert listed(client, ann)["second"]["fallback_alias_id"] == first
    second = listed(client, ann)["second"]["id"]
    assert client.patch(f"{ALIASES}/first", headers=ann, json={"fallback_alias_id": second}).status_code == 400
    assert set(listed(client, bob)) == {"his"}


def test_an_alias_changes_by_what_is_said(client: TestClient, ann: dict[str, str]) -> None:
    put(client, ann, "smart", light_model="tiny", use_light_model=True, light_model_threshold=50)

    changed = client.patch(f"{ALIASES}/smart", headers=ann, json={"target_model": "org/large"})
    assert changed.status_code == 200
    shown = listed(client, ann)["smart"]
    assert (shown["target_model"], shown["light_model"], shown["use_light_model"]) == ("org/large", "tiny", True)

    client.patch(f"{ALIASES}/smart", headers=ann, json={"light_model": "", "light_model_threshold": 0})
    shown = listed(client, ann)["smart"]
    assert (shown["light_model"], shown["use_light_model"], shown["light_model_threshold"]) == (None, False, 0)


@pytest.mark.parametrize(("alias", "fields", "status"), [("smart", {}, 400), ("none", {"light_model": "x"}, 404)])
def test_a_change_of_nothing_is_refused(
    client: TestClient, ann: dict[str, str], alias: str, fields: dict[str, object], status: int
) -> None:
    put(client, ann, "smart")

    assert client.patch(f"{ALIASES}/{alias}", headers=ann, json=fields).status_code == status


@pytest.mark.parametrize("fields", [{"provider_key_id": 0}, {"target_model": None}, {"alias": ""}, {"alias": "a**"}])
def test_an_alias_that_cannot_be_is_refused_in_a_line(
    client: TestClient, ann: dict[str, str], fields: dict[str, Any]
) -> None:
    refused = put(client, ann, fields.pop("alias", "smart"), **fields)

    assert refused.status_code == 400
    assert refused.headers["content-type"].startswith("text/plain")


def test_what_a_person_used_is_told_to_them_alone(
    client: TestClient, installation: Installation, ann: dict[str, str]
) -> None:
    record(installation.store, [Row(entry("01", alias="smart")), Row(entry("02", user="bob"))], {})

    assert client.get("/manage/usage", headers=ann).json() == [
        {"provider": "acme", "alias": "smart", "input_tokens": 10, "output_tokens": 5, "requests": 1}
    ]
