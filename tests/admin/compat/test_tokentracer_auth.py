import pytest
from fastapi.testclient import TestClient

from tests.admin.compat.people import PASSWORD, person, token_of
from tests.admin.installation import ALICE, ROOT, Installation, bearer
from tokenrouter.config.settings import SignUpSettings
from tokenrouter.store.keys import list_keys
from tokenrouter.store.users import UserChanges, update_user

ACCOUNT = {"email": "ann@b.example", "password": PASSWORD}


@pytest.fixture
def open_sign_up(installation: Installation) -> None:
    installation.declare(sign_up=SignUpSettings(enabled=True, by_code=False))


@pytest.mark.usefixtures("open_sign_up")
def test_who_signs_up_signs_in_and_is_told_who_they_are(client: TestClient) -> None:
    made = client.post("/auth/signup", json=ACCOUNT)
    token = token_of(client)

    assert (made.status_code, made.json()) == (201, {"message": "User created"})
    assert client.get("/auth/me", headers=token).json() == {"email": "ann@b.example"}


@pytest.mark.usefixtures("open_sign_up")
@pytest.mark.parametrize(
    ("account", "status"),
    [(ACCOUNT, 409), ({"email": "x", "password": PASSWORD}, 400), ({"email": "b@b.example", "password": "short"}, 400)],
)
def test_an_account_that_cannot_be_is_refused_in_a_line(
    client: TestClient, installation: Installation, account: dict[str, str], status: int
) -> None:
    person(installation)

    refused = client.post("/auth/signup", json=account)

    assert refused.status_code == status
    assert refused.headers["content-type"].startswith("text/plain")


def test_nobody_signs_up_unless_the_operator_lets_them(client: TestClient) -> None:
    assert client.post("/auth/signup", json=ACCOUNT).status_code == 403


@pytest.mark.parametrize("account", [{**ACCOUNT, "password": "wrong"}, {**ACCOUNT, "email": "nobody@b.example"}])
def test_what_does_not_fit_is_not_told_apart(
    client: TestClient, installation: Installation, account: dict[str, str]
) -> None:
    person(installation)

    refused = client.post("/auth/login", json=account)

    assert (refused.status_code, refused.text) == (401, "Invalid credentials\n")


def test_a_body_that_cannot_be_is_400_in_a_line(client: TestClient) -> None:
    for sent in (b"no json", b"{}", b'{"email": 5}'):
        refused = client.post("/auth/login", content=sent, headers={"content-type": "application/json"})
        assert refused.status_code == 400
        assert refused.headers["content-type"].startswith("text/plain")


def test_a_key_is_made_that_is_listed_charged_to_its_owner_and_revocable(
    client: TestClient, installation: Installation
) -> None:
    person(installation, "zoe")
    token = token_of(client, "zoe")

    answer = client.post("/auth/key", headers=token)

    key = answer.json()["token"]
    (stored,) = list_keys(installation.store)
    assert answer.status_code == 200
    assert (stored.user, stored.role) == ("zoe", "inferrer")
    assert stored.expires_at_s == installation.now_s + 365 * 86_400
    headers = bearer(key)
    assert client.get("/api/v1/version", headers=headers).status_code == 403
    assert client.delete(f"/api/v1/keys/{stored.id}", headers=ROOT).status_code == 200
    assert client.get("/api/v1/version", headers=headers).status_code == 401


def test_a_key_opens_neither_auth_nor_manage(client: TestClient, installation: Installation) -> None:
    person(installation, "zoe")
    key = bearer(client.post("/auth/key", headers=token_of(client, "zoe")).json()["token"])

    for method, path in (("POST", "/auth/key"), ("GET", "/auth/me"), ("GET", "/manage/aliases")):
        for headers in (key, ALICE, ROOT):
            refused = client.request(method, path, headers=headers)
            assert (refused.status_code, refused.text) == (401, "Invalid token\n")


@pytest.mark.parametrize(
    ("headers", "words"),
    [({}, "Missing Authorization header"), ({"Authorization": "Basic eDp5"}, "Invalid Authorization header")],
)
def test_a_missing_token_is_told_in_its_words(client: TestClient, headers: dict[str, str], words: str) -> None:
    assert client.get("/auth/me", headers=headers).text == f"{words}\n"


def test_a_token_ends_after_a_day_with_the_account_and_with_the_password(
    client: TestClient, installation: Installation
) -> None:
    person(installation)
    old, other = token_of(client), token_of(client)

    update_user(installation.store, "ann", UserChanges(enabled=False))
    assert client.get("/auth/me", headers=old).status_code == 401
    update_user(installation.store, "ann", UserChanges(enabled=True))
    for _ in range(2):
        assert client.get("/auth/me", headers=other).status_code == 200
        installation.now_s += 11 * 3600
    installation.now_s += 3 * 3600
    assert client.get("/auth/me", headers=other).status_code == 401


def test_a_browser_s_cookie_is_no_token(client: TestClient, installation: Installation) -> None:
    person(installation)
    began = client.post("/api/v1/session", json=ACCOUNT)
    cookie = began.cookies["tokenrouter_session"]
    client.cookies.clear()

    assert client.get("/auth/me", headers=bearer(cookie)).status_code == 401
