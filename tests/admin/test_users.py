from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, MASTER, ROOT, Installation, bearer
from tokenrouter.domain.people import Membership
from tokenrouter.store.teams import put_member
from tokenrouter.store.users import NewUser, create_user

USERS = "/api/v1/users"


def make(client: TestClient, name: str = "bob", **said: Any) -> dict[str, Any]:
    answer = client.post(USERS, headers=ROOT, json={"name": name, **said})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def names(client: TestClient, **wanted: Any) -> list[str]:
    return [user["name"] for user in client.get(USERS, headers=ROOT, params=wanted).json()["data"]]


def test_a_user_is_made_listed_read_changed_and_removed(client: TestClient, installation: Installation) -> None:
    made = make(client, email="Bob@School.org", comment="new")
    make(client, "ann", role="admin")
    put_member(installation.store, Membership("physics", "bob"))

    assert made["email"] == "bob@school.org"
    assert names(client) == ["ann", "bob"]
    assert (names(client, q="school"), names(client, role="admin"), names(client, team="physics")) == (
        ["bob"],
        ["ann"],
        ["bob"],
    )
    read = client.get(f"{USERS}/bob@school.org", headers=ROOT).json()
    assert read["teams"] == [{"team": "physics", "admin": False}]
    assert client.patch(f"{USERS}/bob", headers=ROOT, json={"comment": "old"}).json()["comment"] == "old"
    assert client.delete(f"{USERS}/{made['id']}", headers=ROOT).json()["name"] == "bob"
    assert names(client) == ["ann"]


def test_keys_of_a_user_who_is_disabled_are_refused(client: TestClient) -> None:
    make(client)
    key = client.post("/api/v1/keys", headers=ROOT, json={"name": "laptop", "user": "bob"}).json()["key"]
    client.patch(f"{USERS}/bob", headers=ROOT, json={"enabled": False})

    answer = client.get("/api/v1/keys", headers=bearer(key))

    assert (answer.status_code, answer.json()["code"]) == (401, "disabled_api_key")


def test_only_an_owner_makes_changes_and_removes_owners(client: TestClient, installation: Installation) -> None:
    create_user(installation.store, NewUser("boss", role="owner"), now_s=1.0)
    make(client)

    statuses = [
        client.post(USERS, headers=ROOT, json={"name": "x", "role": "owner"}).status_code,
        client.patch(f"{USERS}/bob", headers=ROOT, json={"role": "owner"}).status_code,
        client.patch(f"{USERS}/boss", headers=ROOT, json={"enabled": False}).status_code,
        client.delete(f"{USERS}/boss", headers=ROOT).status_code,
    ]

    assert statuses == [403] * 4
    assert names(client, role="owner") == ["boss"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "bob"}, 409),
        ({"name": "eve", "email": "bob@school.org"}, 409),
        ({"name": "eve", "email": "nowhere"}, 422),
        ({"name": "eve", "role": "king"}, 422),
        ({"name": "eve", "password_hash": "x"}, 422),
    ],
)
def test_bad_users_are_refused(client: TestClient, body: dict[str, Any], status: int) -> None:
    make(client, email="bob@school.org")

    assert client.post(USERS, headers=ROOT, json=body).status_code == status


def test_no_hash_is_shown_or_exported(client: TestClient, installation: Installation) -> None:
    create_user(installation.store, NewUser("ann", password_hash="$argon2id$secret"), now_s=1.0)

    told = [client.get(USERS, headers=ROOT, params={"format": form}).text for form in ("json", "csv")]

    assert not any("argon2" in text or "password_hash" in text for text in told)
    assert '"signs_in_with":["password"]' in told[0]


def test_keys_below_an_admins_have_no_business_here(client: TestClient) -> None:
    assert [client.get(USERS, headers=who).status_code for who in (MASTER, ALICE)] == [403, 403]
