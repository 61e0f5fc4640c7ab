from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ALICE, MASTER, ROOT, Installation, bearer
from tokenrouter.gateway.directory import Directory
from tokenrouter.store.users import NewUser, create_user

TEAMS = "/api/v1/teams"


def make(client: TestClient, name: str = "biology", **said: Any) -> dict[str, Any]:
    answer = client.post(TEAMS, headers=ROOT, json={"name": name, **said})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def names(client: TestClient, **wanted: Any) -> list[str]:
    return [team["name"] for team in client.get(TEAMS, headers=ROOT, params=wanted).json()["data"]]


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_team_is_made_listed_read_changed_and_removed(client: TestClient) -> None:
    made = make(client, comment="room 7", allowed_models=["acme/*"])

    assert client.get(f"{TEAMS}/biology", headers=ROOT).json() == made
    assert names(client, q="ROOM") == ["biology"]
    changed = client.patch(f"{TEAMS}/{made['id']}", headers=ROOT, json={"comment": ""}).json()
    assert (changed["comment"], changed["allowed_models"]) == ("", ["acme/*"])
    assert client.delete(f"{TEAMS}/biology", headers=ROOT).json()["name"] == "biology"
    assert refused(client.get(f"{TEAMS}/biology", headers=ROOT)) == (404, "team_not_found")


def test_keys_of_a_team_that_is_disabled_are_refused_and_good_again_afterwards(
    client: TestClient, installation: Installation
) -> None:
    make(client)
    key = client.post("/api/v1/keys", headers=ROOT, json={"name": "bob", "team": "biology"}).json()["key"]
    client.patch(f"{TEAMS}/biology", headers=ROOT, json={"enabled": False})

    answer = client.get("/api/v1/keys", headers=bearer(key))

    assert refused(answer) == (401, "disabled_api_key")
    assert "biology" in answer.json()["detail"]
    client.patch(f"{TEAMS}/biology", headers=ROOT, json={"enabled": True})
    assert client.get("/api/v1/keys", headers=bearer(key)).status_code == 200


def test_a_key_may_use_no_more_models_than_its_team(client: TestClient, installation: Installation) -> None:
    make(client, allowed_models=["acme/*"])
    said = {"name": "bob", "team": "biology", "allowed_models": ["*/small"]}
    key = client.post("/api/v1/keys", headers=ROOT, json=said).json()["key"]

    bob = Directory(installation.catalog(), installation.state.pepper).authenticate([key.encode()], 0.0)

    assert [bob.may_use([model]) for model in ("acme/small", "acme/large", "other/small")] == [True, False, False]


def test_who_changes_what_somebody_else_has_changed_is_told(client: TestClient) -> None:
    make(client)
    tag = client.get(f"{TEAMS}/biology", headers=ROOT).headers["etag"]
    client.patch(f"{TEAMS}/biology", headers=ROOT, json={"comment": "mine"})

    answer = client.patch(f"{TEAMS}/biology", headers={**ROOT, "if-match": tag}, json={"comment": "yours"})

    assert refused(answer) == (412, "changed_meanwhile")
    assert client.get(f"{TEAMS}/biology", headers=ROOT).json()["comment"] == "mine"


def test_members_come_and_go(client: TestClient, installation: Installation) -> None:
    make(client)
    create_user(installation.store, NewUser("ann", email="ann@school.org"), now_s=1.0)
    members = f"{TEAMS}/biology/members"

    put = client.put(f"{members}/ann@school.org", headers=ROOT, json={"admin": True}).json()["data"]

    assert put == [{"user": "ann", "admin": True, "given_by": ""}] == client.get(members, headers=ROOT).json()["data"]
    assert client.delete(f"{members}/ann", headers=ROOT).json()["data"] == []
    assert refused(client.delete(f"{members}/ann", headers=ROOT)) == (404, "user_not_found")
    assert refused(client.put(f"{members}/nobody", headers=ROOT, json={})) == (404, "user_not_found")


@pytest.mark.parametrize(
    ("body", "status"),
    [({"name": "a:b"}, 422), ({"name": "biology"}, 409), ({"name": "x", "tokens": 1}, 422), ({}, 422)],
)
def test_bad_teams_are_refused(client: TestClient, body: dict[str, Any], status: int) -> None:
    make(client)

    assert client.post(TEAMS, headers=ROOT, json=body).status_code == status


def test_keys_below_an_admins_have_no_business_here(client: TestClient) -> None:
    assert [client.get(TEAMS, headers=who).status_code for who in (MASTER, ALICE)] == [403, 403]
