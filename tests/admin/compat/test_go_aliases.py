from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import FAST, LOCAL, ROOT, Installation

PATH = "/admin/api/model-aliases"
CHAT = {"name": "chat", "targets": [{"profile": "home", "provider": "acme", "model": "tiny"}]}


@pytest.fixture(autouse=True)
def _no_alias(installation: Installation) -> None:
    installation.declare(aliases=())


def listed(client: TestClient) -> dict[str, Any]:
    told: dict[str, Any] = client.get(PATH, headers=ROOT).json()
    return told


def test_an_alias_is_made_changed_and_removed_and_each_answer_is_the_list(
    client: TestClient, installation: Installation
) -> None:
    assert client.put(f"{PATH}/settings", headers=ROOT, json={"active_model_profile": "home"}).status_code == 200

    made = client.post(PATH, headers=ROOT, json=CHAT)
    assert made.status_code == 201
    assert made.json() == {
        "active_model_profile": "home",
        "available_profiles": ["home"],
        "data": [{**CHAT, "active_target": CHAT["targets"][0], "status": "ok"}],
    }

    targets = [{"profile": "home", "provider": "acme", "model": "huge/x"}]
    changed = client.put(f"{PATH}/chat", headers=ROOT, json={"targets": targets})
    assert (changed.status_code, changed.json()["data"][0]["targets"]) == (200, targets)

    removed = client.delete(f"{PATH}/chat", headers=ROOT)
    assert (removed.status_code, removed.json()["data"]) == (200, [])
    assert installation.told_of_changes == 4


def test_switching_the_profile_leads_elsewhere_at_once(client: TestClient) -> None:
    both = [
        {"profile": "home", "provider": "acme", "model": "a"},
        {"profile": "away", "provider": "acme", "model": "b"},
    ]
    client.put(f"{PATH}/settings", headers=ROOT, json={"active_model_profile": "home"})
    client.post(PATH, headers=ROOT, json={"name": "chat", "targets": both})

    switched = client.put(f"{PATH}/settings", headers=ROOT, json={"active_model_profile": "away"}).json()

    assert (switched["active_model_profile"], switched["available_profiles"]) == ("away", ["away", "home"])
    assert switched["data"][0]["active_target"] == both[1]


def test_a_profile_that_no_alias_has_is_refused_once_there_is_one(client: TestClient) -> None:
    client.put(f"{PATH}/settings", headers=ROOT, json={"active_model_profile": "home"})
    client.post(PATH, headers=ROOT, json=CHAT)

    for profile in ("hom", ""):
        refused = client.put(f"{PATH}/settings", headers=ROOT, json={"active_model_profile": profile})
        assert refused.status_code == 400


def test_without_an_active_profile_none_is_made(client: TestClient) -> None:
    refused = client.post(PATH, headers=ROOT, json=CHAT)

    assert (refused.status_code, refused.text) == (400, "set active_model_profile before creating model aliases\n")


def test_an_alias_says_whether_it_can_be_used(client: TestClient, installation: Installation) -> None:
    client.put(f"{PATH}/settings", headers=ROOT, json={"active_model_profile": "home"})
    client.post(PATH, headers=ROOT, json=CHAT)
    other = {"name": "other", "targets": [{"profile": "away", "provider": "acme", "model": "x"}]}
    client.post(PATH, headers=ROOT, json=other)

    told = {one["name"]: one for one in listed(client)["data"]}
    assert (told["chat"]["status"], told["other"]["status"]) == ("ok", "missing_profile")
    assert "active_target" not in told["other"]

    off = replace(installation.settings.providers[0], enabled=False)
    installation.declare(providers=(off,))
    assert listed(client)["data"][0]["status"] == "provider_unavailable"


@pytest.mark.parametrize(
    "alias",
    [
        {**CHAT, "name": ""},
        {**CHAT, "name": "a/b"},
        {"name": "chat", "targets": []},
        {"name": "chat", "targets": [{"profile": "", "provider": "acme", "model": "x"}]},
        {"name": "chat", "targets": [{"profile": "home", "provider": "", "model": "x"}]},
        {"name": "chat", "targets": [{"profile": "home", "provider": "nobody", "model": "x"}]},
        {"name": "chat", "targets": [*CHAT["targets"], *CHAT["targets"]]},
        {"name": "chat", "targets": [{"provider": "acme", "model": "x"}]},
    ],
)
def test_what_cannot_be_an_alias_is_refused_in_words(client: TestClient, alias: dict[str, Any]) -> None:
    client.put(f"{PATH}/settings", headers=ROOT, json={"active_model_profile": "home"})

    refused = client.post(PATH, headers=ROOT, json=alias)

    assert (refused.status_code, refused.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert listed(client)["data"] == []


def test_a_name_is_there_once_and_stays(client: TestClient) -> None:
    client.put(f"{PATH}/settings", headers=ROOT, json={"active_model_profile": "home"})
    client.post(PATH, headers=ROOT, json=CHAT)

    assert client.post(PATH, headers=ROOT, json=CHAT).status_code == 400
    assert client.put(f"{PATH}/chat", headers=ROOT, json={**CHAT, "name": "other"}).status_code == 400
    assert client.put(f"{PATH}/none", headers=ROOT, json=CHAT).status_code == 400


def test_what_tokenrouter_go_does_not_know_of_an_alias_stays_when_it_is_changed(client: TestClient) -> None:
    rich = {"name": "chat", "targets": [{"target": "acme/a"}], "fallback": "acme/b", "comment": "ours"}
    assert client.post("/api/v1/aliases", headers=ROOT, json=rich).status_code == 201

    targets = [{"profile": "default", "provider": "acme", "model": "c"}]
    assert client.put(f"{PATH}/chat", headers=ROOT, json={"targets": targets}).status_code == 200

    told = client.get("/api/v1/aliases/chat", headers=ROOT).json()
    assert (told["fallback"], told["comment"], told["targets"][0]["target"]) == ("acme/b", "ours", "acme/c")


def test_an_alias_of_the_file_is_changed_there(client: TestClient, installation: Installation) -> None:
    installation.declare(aliases=(FAST, LOCAL))

    refused = client.delete(f"{PATH}/fast", headers=ROOT)
    assert (refused.status_code, "torod.toml:30" in refused.text) == (400, True)
    shown = {one["name"]: one for one in listed(client)["data"]}
    assert shown["fast"]["active_target"] == {"profile": "default", "provider": "acme", "model": "small"}
