from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ALICE, MASTER, ROOT, Installation
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.store.aliases import list_aliases

ALIASES = "/api/v1/aliases"


def make(client: TestClient, **fields: Any) -> Response:
    return client.post(ALIASES, headers=ROOT, json={"name": "smart", "targets": ["acme/small"], **fields})


def made(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = make(client, **fields)
    assert answer.status_code == 201, answer.text
    alias: dict[str, Any] = answer.json()
    return alias


def test_an_alias_that_is_made_can_be_asked_for_and_is_listed(client: TestClient, installation: Installation) -> None:
    targets = ["fast", {"provider": "acme", "model": "org/big", "weight": 3}, {"target": "acme/x", "profile": "home"}]
    alias = made(client, scope="team:physics", targets=targets, fallback="local", comment="spring")

    assert alias == {
        "name": "smart",
        "scope": "team:physics",
        "targets": [
            {"target": "fast", "profile": "default", "weight": 1},
            {"target": "acme/org/big", "profile": "default", "weight": 3},
            {"target": "acme/x", "profile": "home", "weight": 1},
        ],
        "selection": "weighted",
        "fallback": "local",
        "use_light_model": False,
        "light_model": "",
        "light_model_threshold": 100,
        "sticky": True,
        "deadline_s": 0.0,
        "hedge": False,
        "hedge_after_s": 0.0,
        "hedge_percent": 5.0,
        "min_tokens_per_s": 0.0,
        "probe_s": 5.0,
        "continue_streams": False,
        "refused_elsewhere": False,
        "comment": "spring",
        "leads_to": ["acme/small", "acme/org/big", "acme/tiny"],
        "problem": "",
        "origin": "database",
        "declared_at": "",
        "shadowed": False,
        "created_at": "2026-01-01T12:00:00Z",
    }
    listed = client.get(ALIASES, headers=ROOT).json()
    assert listed["data"][-1] == alias
    assert (listed["active_model_profile"], listed["profiles"]) == ("default", ["default", "home"])
    assert client.get(f"{ALIASES}/smart?scope=team:physics", headers=ROOT).json() == alias
    assert [one.name for one in installation.catalog().aliases] == ["fast", "local", "smart"]
    assert installation.told_of_changes == 1


def test_aliases_of_the_file_are_listed_with_where_they_are_declared_and_changed_there_only(
    client: TestClient,
) -> None:
    assert client.get(f"{ALIASES}/fast", headers=ROOT).json()["declared_at"] == "torod.toml:30"

    for answer in (
        client.patch(f"{ALIASES}/fast", headers=ROOT, json={"fallback": "acme/x"}),
        client.delete(f"{ALIASES}/fast", headers=ROOT),
        make(client, name="fast"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "declared_elsewhere")
        assert "torod.toml:30" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"targets": []}, "targets: at least one is needed"),
        ({"targets": ["acne/small"]}, 'targets[0]: \'acne/small\' is neither'),
        ({"targets": [{"target": "acme/x", "wieght": 1}]}, "wieght"),
        ({"targets": [{"target": "acme/x", "profile": "home"}]}, 'none for the profile "default"'),
        ({"targets": ["smart"]}, "leads in a circle: smart → smart"),
        ({"fallback": "lcal"}, 'did you mean "local"?'),
        ({"name": "acme/small"}, "begins with the name of the provider"),
        ({"scope": "physics"}, "use global, team:NAME or user:NAME"),
        ({"use_light_model": True}, "light_model: is missing"),
        ({"deadline_s": -1}, "deadline_s: -1.0 must be from 0 to 3600"),
        ({"falback": "x"}, "did you mean \"fallback\"?"),
        ({"name": "\x00"}, "name"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(
    client: TestClient, installation: Installation, fields: dict[str, Any], words: str
) -> None:
    answer = make(client, **fields)

    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert not list_aliases(installation.store)


def test_a_change_replaces_what_it_names_and_nothing_else(client: TestClient) -> None:
    made(client, use_light_model=True, light_model="nano", light_model_threshold=0, comment="spring")

    changed = client.patch(
        f"{ALIASES}/smart", headers=ROOT, json={"targets": ["acme/large"], "deadline_s": 9, "sticky": False}
    ).json()

    assert (changed["deadline_s"], changed["sticky"], changed["hedge"]) == (9.0, False, False)
    assert (changed["leads_to"], changed["light_model"], changed["comment"]) == (["acme/large"], "nano", "spring")
    circle = client.patch(f"{ALIASES}/smart", headers=ROOT, json={"fallback": "smart"})
    assert (circle.status_code, "leads in a circle" in circle.json()["detail"]) == (422, True)


def test_an_alias_is_removed_when_no_other_leads_to_it(client: TestClient, installation: Installation) -> None:
    made(client)
    made(client, name="org/model", targets=["smart"])

    refused = client.delete(f"{ALIASES}/smart", headers=ROOT)
    assert (refused.status_code, refused.json()["code"]) == (409, "alias_in_use")
    assert client.delete(f"{ALIASES}/org/model", headers=ROOT).json()["name"] == "org/model"
    assert client.delete(f"{ALIASES}/smart", headers=ROOT).status_code == 200
    assert not list_aliases(installation.store)


def test_there_is_one_alias_of_a_name_in_each_scope(client: TestClient) -> None:
    made(client)
    made(client, scope="user:ann")

    assert make(client).json()["code"] == "alias_exists"
    missing = client.get(f"{ALIASES}/smart?scope=user:bob", headers=ROOT)
    assert (missing.status_code, missing.json()["code"]) == (404, "alias_not_found")


def test_an_alias_whose_name_the_file_takes_later_is_shown_as_shadowed(
    client: TestClient, installation: Installation
) -> None:
    made(client)
    declared = Alias("smart", (Target("acme/large"),), origin="torod.toml:50")
    installation.declare(aliases=(declared,))

    shown = [one for one in client.get(ALIASES, headers=ROOT).json()["data"] if one["name"] == "smart"]

    assert [(one["origin"], one["shadowed"]) for one in shown] == [("file", False), ("database", True)]
    assert [one.origin for one in installation.catalog().aliases] == ["torod.toml:50"]


def test_it_is_shown_why_an_alias_leads_nowhere(client: TestClient) -> None:
    alias = made(client, name="gpt-*", targets=["acme/*"])

    assert (alias["leads_to"], alias["problem"]) == (["acme/*"], "")


def test_only_admins_may_look_at_aliases(client: TestClient) -> None:
    for headers in (ALICE, MASTER):
        assert client.get(ALIASES, headers=headers).status_code == 403
        assert client.post(ALIASES, headers=headers, json={}).status_code in (403, 422)
    assert client.get(ALIASES).status_code == 401


def test_limits_may_name_aliases_of_the_database(client: TestClient) -> None:
    limit = {"scope": "alias:smart", "metric": "requests", "amount": 5}
    assert client.post("/api/v1/limits", headers=ROOT, json=limit).status_code == 422

    made(client)

    assert client.post("/api/v1/limits", headers=ROOT, json=limit).status_code == 201


def test_of_two_who_change_the_same_alias_the_second_is_told(client: TestClient) -> None:
    made(client)
    path = f"{ALIASES}/smart"
    seen = {**ROOT, "if-match": client.get(path, headers=ROOT).headers["etag"]}

    assert client.patch(path, headers=seen, json={"comment": "mine"}).headers["etag"] != seen["if-match"]
    assert client.patch(path, headers=seen, json={"comment": "no, mine"}).json()["code"] == "changed_meanwhile"
    assert client.delete(path, headers=seen).status_code == 412
    assert client.get(path, headers=ROOT).json()["comment"] == "mine"


def test_the_list_comes_in_pages_is_searched_and_is_a_file(client: TestClient) -> None:
    made(client, name="early", comment="Spring")
    made(client, name="late")

    def names(query: str) -> list[str]:
        return [one["name"] for one in client.get(f"{ALIASES}?{query}", headers=ROOT).json()["data"]]

    first = client.get(f"{ALIASES}?limit=3", headers=ROOT).json()
    last = client.get(f"{ALIASES}?limit=3&after={first['next']}", headers=ROOT).json()
    seen = [one["name"] for page in (first, last) for one in page["data"]]

    assert last["next"] is None
    assert seen == names("") == ["fast", "local", "early", "late"]
    assert names("q=SPRING") == ["early"]
    assert names("scope=team:none") == []
    assert client.get(f"{ALIASES}?format=csv", headers=ROOT).text.count("\n") == 5
