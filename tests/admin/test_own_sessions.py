import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ADMIN_PASSWORD, ALICE, Installation
from tests.admin.people import PASSWORD, enter, person
from tokenrouter.admin.sessions import COOKIE

MINE = "/api/v1/me/sessions"
NEW_PASSWORD = "another long password"


@pytest.fixture
def ann(client: TestClient, installation: Installation) -> list[str]:
    """Ann, signed in at two places; the cookies of both, the second being that of `client`."""
    person(installation, "ann")
    cookies = []
    for agent in ("first browser", "second browser"):
        client.cookies.clear()
        client.headers["user-agent"] = agent
        enter(client, "ann")
        cookies.append(client.cookies[COOKIE])
    return cookies


def is_in(client: TestClient, cookie: str) -> bool:
    return client.get("/api/v1/session", headers={"cookie": f"{COOKIE}={cookie}"}).status_code == 200


@pytest.mark.usefixtures("ann")
def test_one_sees_where_one_is_signed_in(client: TestClient, installation: Installation) -> None:
    person(installation, "bob")

    rows = client.get(MINE, headers={"x-forwarded-for": "192.0.2.1"}).json()["data"]

    assert {(one["agent"], one["current"]) for one in rows} == {("first browser", False), ("second browser", True)}
    assert all(one["created_at"] and one["expires_at"] and one["id"].startswith("ses_") for one in rows)


def test_one_of_them_can_be_ended(client: TestClient, ann: list[str]) -> None:
    other = next(one["id"] for one in client.get(MINE).json()["data"] if not one["current"])

    assert client.delete(f"{MINE}/{other}").status_code == 204
    assert client.delete(f"{MINE}/{other}").json()["code"] == "session_not_found"
    assert [is_in(client, cookie) for cookie in ann] == [False, True]


def test_all_of_them_can_be_ended_or_all_but_this(client: TestClient, ann: list[str]) -> None:
    assert client.delete(f"{MINE}?but_this=true").json() == {"ended": 1}
    assert [is_in(client, cookie) for cookie in ann] == [False, True]
    assert client.delete(MINE).json() == {"ended": 1}
    assert client.get(MINE).status_code == 401


def test_nobody_ends_or_sees_another_s(client: TestClient, installation: Installation, ann: list[str]) -> None:
    theirs = client.get(MINE).json()["data"][0]["id"]
    client.cookies.clear()
    person(installation, "bob", "owner")
    enter(client, "bob")

    assert client.delete(f"{MINE}/{theirs}").status_code == 404
    assert [one["current"] for one in client.get(MINE).json()["data"]] == [True]
    assert client.get(MINE, headers=ALICE).json()["data"] == []


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(client: TestClient, ann: list[str]) -> None:
    wrong = client.post("/api/v1/me/password", json={"old_password": "not it, no", "new_password": NEW_PASSWORD})
    right = client.post("/api/v1/me/password", json={"old_password": PASSWORD, "new_password": NEW_PASSWORD})

    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_password")
    assert right.status_code == 204
    assert [is_in(client, cookie) for cookie in ann] == [False, True]
    client.cookies.clear()
    enter(client, "ann", NEW_PASSWORD)


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("new", ["short", "ann@example.org", "x" * 1001])
def test_a_password_that_cannot_be_one_changes_nothing(client: TestClient, new: str) -> None:
    answer = client.post("/api/v1/me/password", json={"old_password": PASSWORD, "new_password": new})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert new not in answer.text
    client.cookies.clear()
    enter(client, "ann")


def test_keys_and_the_admin_password_have_no_password_to_change(client: TestClient) -> None:
    told = client.post("/api/v1/session", json={"secret": ADMIN_PASSWORD}).json()
    body = {"old_password": ADMIN_PASSWORD, "new_password": NEW_PASSWORD}

    answer = client.post("/api/v1/me/password", json=body, headers={"x-csrf-token": told["csrf"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "no_password")
    assert client.post("/api/v1/me/password", json=body, headers=ALICE).status_code == 403
