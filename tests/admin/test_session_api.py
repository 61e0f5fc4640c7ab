import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ADMIN_PASSWORD, ALICE, MASTER_KEY, ROOT, ROOT_KEY, Installation
from tests.admin.people import PASSWORD, enter, person
from tokenrouter.admin.sessions import COOKIE
from tokenrouter.domain.people import Membership
from tokenrouter.store.sign_in_waits import BY_ACCOUNT
from tokenrouter.store.teams import put_member

SESSION = "/api/v1/session"


def test_a_person_signs_in_and_is_told_who_they_are(client: TestClient, installation: Installation) -> None:
    ann = person(installation, "ann")
    put_member(installation.store, Membership("physics", "ann", admin=True))
    put_member(installation.store, Membership("chemistry", "ann"))

    told = enter(client, "ann")

    assert (told["kind"], told["id"], told["name"], told["email"]) == ("person", ann.id, "ann", "ann@example.org")
    assert (told["role"], told["teams"], told["administers"]) == ("team_admin", ["chemistry", "physics"], ["physics"])
    assert (told["way"], len(told["csrf"])) == ("password", 64)
    assert (told["may"]["keys.create"], told["may"]["providers.write"]) == ("team", "-")
    assert client.get(SESSION).json() == told


@pytest.mark.parametrize(
    ("secret", "kind", "role"),
    [(ROOT_KEY, "key", "admin"), (MASTER_KEY, "key", "keymaster"), (ADMIN_PASSWORD, "password", "admin")],
)
def test_keys_and_the_admin_password_sign_in_too(client: TestClient, secret: str, kind: str, role: str) -> None:
    answer = client.post(SESSION, json={"secret": secret})

    assert (answer.status_code, answer.json()["kind"], answer.json()["role"]) == (201, kind, role)
    assert client.get(SESSION).json() == answer.json()
    assert secret not in answer.text


def test_who_shows_a_key_is_told_too_and_needs_no_token(client: TestClient) -> None:
    told = client.get(SESSION, headers=ALICE).json()

    assert (told["kind"], told["name"], told["role"], told["csrf"]) == ("key", "alice", "inferrer", "")
    assert client.delete(SESSION, headers=ALICE).status_code == 204


def test_signing_out_needs_the_token_and_ends_the_session(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")
    enter(client, "ann")
    cookie = client.cookies[COOKIE]
    token = client.headers.pop("x-csrf-token")

    assert client.delete(SESSION).json()["code"] == "csrf"
    assert client.delete(SESSION, headers={"x-csrf-token": token}).status_code == 204
    assert COOKIE not in client.cookies
    assert client.get(SESSION, headers={"cookie": f"{COOKIE}={cookie}"}).status_code == 401


def test_wrong_and_unknown_are_one_answer_and_are_written_down(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")

    answers = [
        client.post(SESSION, json={"email": f"{name}@example.org", "password": "not the right one"})
        for name in ("ann", "nobody")
    ]

    assert {(one.status_code, one.text) for one in answers} == {(401, answers[0].text)}
    assert answers[0].json()["code"] == "wrong_password"
    entries = client.get("/api/v1/audit", headers=ROOT).json()["data"]
    assert [one["action"] for one in entries[:2]] == ["session.refuse", "session.refuse"]
    assert "not the right one" not in str(entries)


def test_who_guesses_is_told_when_to_come_back(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")
    wrong = {"email": "ann@example.org", "password": "not the right one"}
    for _ in range(BY_ACCOUNT.free):
        assert client.post(SESSION, json=wrong).status_code == 401

    answer = client.post(SESSION, json={**wrong, "password": PASSWORD})

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "too_many_attempts", "2")
    installation.now_s += 2
    enter(client, "ann")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"secret": "x", "email": "a@example.org", "password": "y"},
        {"secret": "x", "email": "a@example.org"},
        {"email": "a@example.org"},
        {"password": "y"},
        {"secret": "x", "more": 1},
        {"secret": "x" * 1001},
        {"secret": None},
    ],
)
def test_what_is_neither_way_is_refused(client: TestClient, body: dict[str, object]) -> None:
    assert client.post(SESSION, json=body).status_code == 422


@pytest.mark.parametrize("secret", ["", " ", "\ud800", "\0", "ü" * 300])
def test_any_text_is_just_wrong(client: TestClient, secret: str) -> None:
    answer = client.post(
        SESSION, content=f'{{"secret": "{secret.encode("unicode-escape").decode()}"}}'.replace("\\x", "\\u00")
    )

    assert answer.status_code in (401, 422)


def test_another_site_cannot_sign_a_browser_in(client: TestClient) -> None:
    answer = client.post(SESSION, json={"secret": ROOT_KEY}, headers={"sec-fetch-site": "cross-site"})

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_form")


def test_a_member_sees_what_is_theirs_and_no_more(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")
    enter(client, "ann")

    assert client.get("/api/v1/audit").status_code == 403
    assert client.get("/api/v1/keys").json()["data"] == [
        one for one in client.get("/api/v1/keys", headers=ROOT).json()["data"] if one["user"] == "ann"
    ]
